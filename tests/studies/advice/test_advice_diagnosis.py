"""A chip that is out of balance gets the diagnosis of what it lacks, and that as the best help."""

from __future__ import annotations

from pathlib import Path

import pytest

from chipsmith.chip import load_chip, override_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.profile.critical_path import Bound
from chipsmith.profile.kernels import REST
from chipsmith.sim.cycle import simulate
from chipsmith.studies.advice.advise import advise, gains
from chipsmith.studies.advice.diagnose import diagnose
from chipsmith.studies.advice.record import LEAST_GAIN, AdviceRecord, Subject
from chipsmith.tosa.file import read_tosa

NETWORKS = Path(__file__).parents[2] / "networks"
NOBODY = Subject(model="", chip="")


def advice_on(network: str, **fields: int) -> AdviceRecord:
    """The advice on a network on edge-256 with some fields changed; a double underscore stands for a dot."""
    overrides = {name.replace("__", "."): str(value) for name, value in fields.items()}
    chip = override_chip(load_chip("edge-256"), overrides) if overrides else load_chip("edge-256")
    graph = read_tosa(NETWORKS / f"{network}.tosa")
    return advise(graph, compile_graph(graph, chip), subject=NOBODY, operator_names={})


def best_fields(advice: AdviceRecord) -> list[str]:
    return [change.path for change in advice.remedies[0].fields]


def main_bound(advice: AdviceRecord) -> Bound:
    return next(iter(advice.path_cycles()))


def test_a_bus_of_one_byte_is_found_and_a_wider_one_is_the_best_help() -> None:
    advice = advice_on("digits_cnn", external__bytes_per_cycle=1)
    path = advice.path_cycles()
    assert main_bound(advice) is Bound.EXTERNAL
    assert path[Bound.EXTERNAL] > 0.8 * advice.figures.cold_cycles
    assert best_fields(advice) == ["external.bytes_per_cycle"]
    assert advice.remedies[0].after.cold_us < advice.figures.cold_us / 3


def test_an_array_of_four_columns_is_found_and_more_columns_are_the_best_help() -> None:
    advice = advice_on("digits_cnn", tensor__columns=4)
    assert main_bound(advice) is Bound.ARRAY
    assert best_fields(advice) == ["tensor.columns"]
    assert "tensor.columns" not in {change.path for remedy in advice.savings for change in remedy.fields}


def test_two_vector_lanes_are_found_and_more_of_them_are_the_best_help() -> None:
    advice = advice_on("encoder_layer", vector__lanes=2, vector__multiplier_lanes=2, vector__table_lanes=2)
    assert main_bound(advice) is Bound.LANES
    assert "vector.lanes" in best_fields(advice)
    assert advice.remedies[0].after.cold_us < advice.figures.cold_us / 2


def test_few_multiplier_lanes_are_told_from_few_vector_lanes() -> None:
    advice = advice_on("encoder_layer", vector__multiplier_lanes=1)
    assert main_bound(advice) is Bound.MULTIPLIERS
    assert best_fields(advice) == ["vector.multiplier_lanes"]


def test_a_memory_that_is_too_small_spills_and_a_larger_one_spills_less() -> None:
    small = advice_on("families/mobilenet_v2", memory__groups=8, memory__group_bytes=1024)
    assert small.spilled_bytes > 50_000
    assert best_fields(small) == ["memory.group_bytes"]
    assert advice_on("families/mobilenet_v2").spilled_bytes == 0


def test_a_memory_that_is_too_large_may_go() -> None:
    advice = advice_on("encoder_layer")
    (saving,) = (each for each in advice.savings if each.fields[0].path == "memory.group_bytes")
    fallen = gains(advice.figures, saving.after)
    assert fallen["area_mm2"] > 0.1
    assert all(fallen[name] >= -LEAST_GAIN for name in ("cold_us", "warm_us", "cold_uj", "warm_uj"))


@pytest.mark.parametrize("network", ["digits_cnn", "encoder_layer", "families/mobilenet_v2"])
def test_the_parts_sum_to_the_whole(network: str) -> None:
    graph, chip = read_tosa(NETWORKS / f"{network}.tosa"), load_chip("nano-64")
    program = compile_graph(graph, chip)
    advice = diagnose(program, subject=NOBODY)
    cold, warm = simulate(program), simulate(program, warm=True)
    assert sum(advice.path_cycles().values()) == cold.latency_cycles == advice.figures.cold_cycles
    assert sum(advice.path_cycles(warm=True).values()) == warm.latency_cycles == advice.figures.warm_cycles
    assert sum(advice.energy_pj().values()) == pytest.approx(advice.figures.cold_uj * 1e6)
    assert sum(advice.energy_pj(warm=True).values()) == pytest.approx(advice.figures.warm_uj * 1e6)


def test_weights_that_stay_cost_their_layer_nothing_when_warm() -> None:
    advice = diagnose(compile_graph(read_tosa(NETWORKS / "digits_cnn.tosa"), load_chip("edge-256")), subject=NOBODY)
    dense = max(advice.layers, key=lambda layer: layer.external_bytes)
    assert dense.external_bytes > 20_000
    assert dense.warm_bytes == 0
    assert dense.warm_pj < 0.1 * dense.total_pj


def test_ten_channels_fill_ten_of_sixteen_columns_and_depthwise_few_rows() -> None:
    layers = {
        layer.name: layer
        for layer in diagnose(
            compile_graph(read_tosa(NETWORKS / "digits_cnn.tosa"), load_chip("edge-256")), subject=NOBODY
        ).layers
    }
    (last,) = (layer.array for layer in layers.values() if layer.array is not None and layer.array.channels == 10)
    assert last.columns == pytest.approx(10 / 16)
    mobile = diagnose(
        compile_graph(read_tosa(NETWORKS / "families/mobilenet_v1.tosa"), load_chip("edge-256")), subject=NOBODY
    )
    depthwise = [layer.array for layer in mobile.layers if layer.anchor == "DEPTHWISE_CONV2D" and layer.array]
    assert depthwise
    assert all(use.depthwise and use.rows == pytest.approx(use.reduced / 16) for use in depthwise)


def test_remedies_are_ranked_and_each_is_above_the_threshold() -> None:
    advice = advice_on("digits_cnn")
    scores = [remedy.score for remedy in advice.remedies]
    assert scores == sorted(scores, reverse=True)
    for remedy in (*advice.remedies, *advice.networks):
        fallen = gains(advice.figures, remedy.after)
        assert max(fallen[name] for name in ("cold_us", "warm_us", "cold_uj", "warm_uj")) > LEAST_GAIN
        assert remedy.gain > LEAST_GAIN
    assert advice.together is None or advice.together.score > scores[0]


def test_an_advice_is_the_same_each_time() -> None:
    assert advice_on("digits_cnn") == advice_on("digits_cnn")


def test_the_chip_itself_is_one_of_the_layers_and_no_chip_helps_itself() -> None:
    advice = advice_on("digits_cnn")
    assert advice.layers[-1].name == REST
    assert [remedy.chip for remedy in advice.chips] == ["nano-64", "edge-1024"]
