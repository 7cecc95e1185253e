"""Every gain that a page names is simulated anew, by the command that stands beside it, and is there."""

from __future__ import annotations

import html
import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

import chipsmith
from chipsmith import cli
from chipsmith.chip import load_chip, override_chip, parse_overrides
from chipsmith.costs import estimate_energy
from chipsmith.flow.explain import all_remedies
from chipsmith.program.actions import count_program
from chipsmith.reports.advice_text import command
from chipsmith.studies.advice.record import InferenceFigures

NETWORKS = Path(__file__).parents[2] / "networks"
PAIRS = (
    ("digits_cnn", "edge-256"),
    ("encoder_layer", "edge-256"),
    ("families/mobilenet_v1", "nano-64"),
    ("families/resnet_cifar", "edge-256"),
)
WITHIN = 0.01
_NUMBER = r"([\d,]+(?:\.\d+)?)"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A change that a page names: the figures that it gives, by what they are, and what repeats it."""

    figures: Mapping[str, float]
    repeat: str


def rows_of(page: str) -> Iterator[Row]:
    """The changes of a page, read from its HTML as a person reads it."""
    for markup in re.findall(r"<tr>(.*?)</tr>", page):
        code = re.search(r"<code>(chipsmith .*?)</code>", markup)
        if code is not None:
            cells = re.findall(r'<td[^>]*data-label="([^"]*)"[^>]*>(.*?)</td>', markup)
            yield Row(
                figures={label: last_number(html.unescape(text)) for label, text in cells},
                repeat=html.unescape(code[1]),
            )


def last_number(text: str) -> float:
    """What a figure is after the change: '31.3 → 24.6 µs (−21 %)' is 24.6, 'still 4.92 USD' is 4.92."""
    after = re.search(rf"(?:→\s*)?{_NUMBER}(?= of|\s)", text.rpartition("→")[2].strip())
    assert after is not None, text
    return float(after[1].replace(",", ""))


@pytest.fixture
def answer(capsys: pytest.CaptureFixture[str]):
    """Runs a command line and gives the object that it prints."""

    def run(words: Sequence[str]) -> dict:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main([*words, "--json"])
        assert not ended.value.code
        return json.loads(capsys.readouterr().out)

    return run


def estimate_words(repeat: str, folder: Path, answer) -> list[str]:
    """The words of `chipsmith estimate` that repeat a change; a changed network is written first, as a user would."""
    words = shlex.split(repeat)[1:]
    if words[0] == "estimate":
        return words
    written = folder / "changed.tosa"
    answer([*words, "-o", str(written)])
    rest = [
        word for index, word in enumerate(words[2:]) if "--channels" not in words[2:][max(0, index - 1) : index + 1]
    ]
    return ["estimate", str(written), *rest]


def warm_uj(model: str, options: Sequence[str]) -> float:
    """The energy of a warm inference: the actions of the compiled program that it takes, priced."""
    named = dict(zip(options[::2], options[1::2], strict=True))
    settings = [value for flag, value in zip(options[::2], options[1::2], strict=True) if flag == "--set"]
    chip = override_chip(load_chip(named["--chip"]), parse_overrides(settings)) if settings else named["--chip"]
    program = chipsmith.compile(model, chip=chip, no_check=True).program
    cycles = chipsmith.simulate(program).warm.latency_cycles
    energy = estimate_energy(program.chip, count_program(program, warm=True), cycles=cycles)
    return (sum(line.energy_pj for line in energy.lines) + energy.leakage_pj) / 1e6


def simulated_anew(words: Sequence[str], answer) -> dict[str, float]:
    """The figures of a command line, by the words of the page."""
    (estimate,) = answer(words)["estimates"]
    return {
        "time, cold": estimate["latency_us"],
        "time, warm": estimate["latency_warm_cycles"] / (estimate["latency_cycles"] / estimate["latency_us"]),
        "energy, cold": estimate["energy_uj"],
        "energy, warm": warm_uj(words[1], words[2:]),
        "core area": estimate["area_mm2"],
        "price": estimate["chip_cost_usd"],
        "clock": round(estimate["latency_cycles"] / estimate["latency_us"]),
    }


@pytest.mark.parametrize(("network", "chip"), PAIRS)
def test_every_gain_of_a_page_is_there_when_its_command_is_repeated(
    network: str, chip: str, tmp_path: Path, answer
) -> None:
    page = tmp_path / "page.html"
    model = str(NETWORKS / f"{network}.tosa")
    answer(["explain", model, "--chip", chip, "--html", str(page)])
    rows = list(rows_of(page.read_text()))
    assert len(rows) >= 4
    for row in rows:
        anew = simulated_anew(estimate_words(row.repeat, tmp_path, answer), answer)
        assert row.figures == pytest.approx(anew, rel=WITHIN), row.repeat


@pytest.mark.parametrize(("network", "chip"), PAIRS)
def test_a_record_has_the_figures_of_the_verbs_to_the_last_digit(
    network: str, chip: str, tmp_path: Path, answer
) -> None:
    advice = chipsmith.explain(str(NETWORKS / f"{network}.tosa"), chip=chip).advice
    for remedy in all_remedies(advice):
        anew = simulated_anew(estimate_words(command(advice, remedy), tmp_path, answer), answer)
        assert by_words(remedy.after) == pytest.approx(anew, rel=1e-9)
    base = simulated_anew(["estimate", str(NETWORKS / f"{network}.tosa"), "--chip", chip], answer)
    assert by_words(advice.figures) == pytest.approx(base, rel=1e-9)


def by_words(figures: InferenceFigures) -> dict[str, float]:
    return {
        "time, cold": figures.cold_us,
        "time, warm": figures.warm_us,
        "energy, cold": figures.cold_uj,
        "energy, warm": figures.warm_uj,
        "core area": figures.area_mm2,
        "price": figures.chip_usd,
        "clock": figures.clock_mhz,
    }


def test_no_clock_is_faster_than_the_changed_chip_can_be() -> None:
    for network, chip in PAIRS:
        advice = chipsmith.explain(str(NETWORKS / f"{network}.tosa"), chip=chip).advice
        for remedy in all_remedies(advice):
            assert remedy.after.clock_mhz <= remedy.after.max_clock_mhz


def test_a_chip_that_can_only_be_slower_is_timed_at_the_slower_clock() -> None:
    """At the fastest clock of the base a larger memory, with its longer path, lowers the clock."""
    base = override_chip(load_chip("edge-256"), {"clock_mhz": "636"})
    advice = chipsmith.explain(str(NETWORKS / "encoder_layer.tosa"), chip=base).advice
    slowed = [remedy for remedy in all_remedies(advice) if remedy.slowed]
    assert slowed
    for remedy in slowed:
        assert remedy.after.clock_mhz < 636
        assert f"clock_mhz={remedy.after.clock_mhz}" in [change.setting for change in remedy.fields]


def test_settings_and_options_of_the_question_stand_in_its_answers() -> None:
    advice = chipsmith.explain(
        str(NETWORKS / "digits_cnn.tosa"), settings=["tensor.columns=8", "clock_mhz=400"], volume=10_000
    ).advice
    for remedy in advice.remedies:
        words = shlex.split(command(advice, remedy))
        fields = [change.path for change in remedy.fields]
        assert ("tensor.columns=8" in words) == ("tensor.columns" not in fields)
        assert ("clock_mhz=400" in words) == ("clock_mhz" not in fields)
        assert words[-2:] == ["--volume", "10000"]
