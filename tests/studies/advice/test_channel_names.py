"""Layers whose channels can be set: called by their author's names, tied ones together, and kept in what is written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from small_residual import SmallResidual

import chipsmith
from chipsmith.errors import BadInput
from chipsmith.studies.advice.record import LEAST_GAIN, Remedy

NETWORKS = Path(__file__).parents[2] / "networks"
CALIBRATION = np.random.default_rng(0).uniform(0, 1, (64, 1, 8, 8)).astype(np.float32)
SILICON = ("area_mm2", "chip_usd")


@pytest.fixture(scope="module")
def residual():
    torch.manual_seed(0)
    return SmallResidual().eval()


@pytest.fixture(scope="module")
def explained(residual):
    return chipsmith.explain(residual, calibration=CALIBRATION)


@pytest.fixture(scope="module")
def wide(residual, tmp_path_factory):
    """The network with other channels, written and read again."""
    path = tmp_path_factory.mktemp("wide") / "wide.tosa"
    looked = chipsmith.explain(residual, calibration=CALIBRATION, channels={"inner": 16}, output=path)
    return looked, path


def layers(remedies: tuple[Remedy, ...]) -> list[str]:
    return [change.label.partition(" ")[0] for remedy in remedies for change in remedy.channels]


def test_a_change_is_asked_for_by_the_authors_name(explained, residual):
    advice = explained.advice
    changes = [change for remedy in (*advice.networks, *advice.room) for change in remedy.channels]
    assert {change.name for change in changes} <= {"first", "inner", "back", "dense"}
    for remedy in advice.networks:
        (change,) = remedy.channels
        again = chipsmith.explain(residual, calibration=CALIBRATION, channels=[change.setting]).advice
        assert again.figures.cold_cycles == remedy.after.cold_cycles
        assert again.figures.cold_uj == pytest.approx(remedy.after.cold_uj)
        assert again.subject.channels == (change.setting,)


def test_layers_that_are_tied_are_one_change(explained):
    advice = explained.advice
    named = layers((*advice.networks, *advice.room))
    assert len({"first", "back"} & set(named)) <= 1
    for remedy in (*advice.networks, *advice.room):
        (change,) = remedy.channels
        tied = {label.partition(" ")[0] for label in change.tied}
        if change.name in ("first", "back"):
            assert tied == {"first", "back", "depthwise"} - {change.name}
        if change.name == "inner":
            assert tied == set()


def test_a_layer_that_is_tied_is_refused_with_its_owner(residual):
    with pytest.raises(BadInput, match=r"'depthwise' has the channels of '(first|back)', to which it is tied"):
        chipsmith.explain(residual, calibration=CALIBRATION, channels=["depthwise=8"])
    with pytest.raises(BadInput, match=r"'inneer' is no layer of .*its convolutions are .*did you mean inner\?"):
        chipsmith.explain(residual, calibration=CALIBRATION, channels=["inneer=8"])


def test_the_written_network_has_its_authors_names(wide):
    looked, path = wide
    names = {layer.label for layer in looked.advice.layers}
    assert any(name.startswith("inner ") for name in names)
    assert {layer.label for layer in chipsmith.explain(path).advice.layers} == names


def test_the_head_says_what_was_changed(wide, capsys):
    from chipsmith.console.advice import present_explanation

    looked, _ = wide
    present_explanation(looked).print_text()
    assert "on edge-256, with inner=16 channels\n" in capsys.readouterr().out


def test_no_remedy_is_as_good_as_another_of_the_same_that_costs_less(explained):
    for advice in (explained.advice, chipsmith.explain(NETWORKS / "families/mobilenet_v2.tosa").advice):
        for first in advice.remedies:
            for second in advice.remedies:
                shared = {change.path for change in first.fields} & {change.path for change in second.fields}
                if first is second or not shared - {"clock_mhz"}:
                    continue
                worse = [
                    name
                    for name in ("cold_us", "warm_us", "cold_uj", "warm_uj")
                    if getattr(second.after, name) > getattr(first.after, name) * (1 + LEAST_GAIN / 4)
                ]
                dearer = [n for n in SILICON if getattr(second.after, n) >= getattr(first.after, n)]
                assert worse or dearer, (first, second)
