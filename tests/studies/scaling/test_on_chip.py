"""Points of a sweep are what `estimate` says of the same chip; a batch has the bits of its inferences."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

import chipsmith
from chipsmith.chip import load_chip
from chipsmith.errors import BadInput
from chipsmith.frontends.registry import load_model
from chipsmith.studies.scaling.axes import ScalingAxis, parse_axes
from chipsmith.studies.scaling.on_chip import ChipSweep
from chipsmith.studies.scaling.scale import parse_batches, scale_network

NETWORKS = Path(__file__).parents[2] / "networks"
DIGITS = str(NETWORKS / "digits_cnn.tosa")
NANO = load_chip("nano-64")
SETTINGS = {
    ScalingAxis.ARRAY: ("tensor.rows={}", "tensor.columns={}"),
    ScalingAxis.LANES: ("vector.lanes={}", "vector.multiplier_lanes={}", "vector.table_lanes={}"),
    ScalingAxis.MEMORY: ("memory.group_bytes={}",),
    ScalingAxis.BUS: ("external.bytes_per_cycle={}",),
}
LAST = {
    ScalingAxis.ARRAY: (16, 16),
    ScalingAxis.LANES: (32, 16, 8),
    ScalingAxis.MEMORY: (32768,),
    ScalingAxis.BUS: (8,),
}


@pytest.fixture(scope="module")
def sweep() -> ChipSweep:
    return ChipSweep(load_model(DIGITS).graph, NANO)


@pytest.mark.parametrize("axis", list(SETTINGS))
def test_the_last_point_is_the_chip_with_these_settings(axis, sweep):
    settings = [text.format(value) for text, value in zip(SETTINGS[axis], LAST[axis], strict=True)]
    (estimate,) = chipsmith.estimate(DIGITS, chips=["nano-64"], settings=settings)
    point = sweep.sweep_resource(axis).timed[-1]
    assert point.latency_us == estimate.inference.latency.cold_us
    assert point.area_mm2 == pytest.approx(estimate.inference.area.total)


def test_the_gain_at_a_point_is_the_step_to_the_next(sweep):
    for axis in (ScalingAxis.LANES, ScalingAxis.MEMORY):
        for before, after in pairwise(sweep.sweep_resource(axis).timed):
            assert before.gains[axis] == pytest.approx(before.latency_us / after.latency_us)


def test_an_illegal_chip_is_a_point_with_its_fault(sweep):
    (point,) = [point for point in sweep.sweep_resource(ScalingAxis.BUS).points if point.amount == 16]
    assert point.latency_us is None
    assert "external.bytes_per_cycle (16) may be at most tensor.rows (8)" in point.reason


def test_a_resource_that_slows_the_clock_is_a_point_with_the_path():
    """At 520 MHz nano-64 has little to spare: four times the memory answers too late."""
    points = (
        ChipSweep(load_model(DIGITS).graph, load_chip("nano-64", {"clock_mhz": "520"}))
        .sweep_resource(ScalingAxis.MEMORY)
        .points
    )
    assert points[-1].latency_us is None
    assert "clock_mhz = 520 may be too fast: its longest path, reads of the on-chip memory, has" in points[-1].reason
    assert points[0].latency_us is not None


def test_a_network_that_does_not_fit_is_a_point_with_the_reason():
    sweep = ChipSweep(load_model(DIGITS).graph, load_chip("nano-64", {"memory.group_bytes": "1024"}))
    points = sweep.sweep_resource(ScalingAxis.MEMORY).points
    assert points[0].latency_us is None
    assert points[0].reason
    assert points[-1].latency_us is not None


@pytest.mark.parametrize("name", ["digits_cnn", "encoder_layer", "gru"])
def test_a_batch_has_the_bits_of_its_inferences_and_shares_the_weights(name):
    graph = load_model(str(NETWORKS / f"{name}.tosa")).graph
    curve = ChipSweep(graph, NANO).sweep_batch((1, 3))
    single, batch = curve.points
    assert (batch.mismatches, single.compared) == (0, None)
    assert batch.compared == 3 * sum(graph.tensor(output).elements for output in graph.outputs)
    assert batch.latency_us < single.latency_us
    assert batch.efficiency is None


def test_a_batch_beyond_all_memory_is_a_point_with_the_reason(sweep):
    points = sweep.sweep_batch((1, 1 << 24)).points
    assert [point.latency_us is None for point in points] == [False, True]
    assert points[1].reason


def test_an_axis_that_the_network_does_not_have_is_left_out_with_the_reason():
    class Stateful:
        graph, states = load_model(DIGITS).graph, ("state",)

    result = scale_network(Stateful, NANO, (ScalingAxis.BATCH, ScalingAxis.BUS), batches=(1, 2), inferences=1)
    assert [curve.axis for curve in result.curves] == [ScalingAxis.BUS]
    assert "keeps a state" in result.skipped[ScalingAxis.BATCH]
    with pytest.raises(BadInput, match="keeps a state from inference to inference: it has no batch"):
        scale_network(Stateful, NANO, (ScalingAxis.BATCH,), batches=(1, 2), inferences=1)


@pytest.mark.parametrize("texts", [["0"], ["-1"], ["two"], ["1.5"], [], ["²"]])
def test_batches_are_numbers(texts):
    with pytest.raises(BadInput, match="batch"):
        parse_batches(texts)


def test_axes_come_in_one_order_and_unknown_ones_are_refused():
    assert parse_axes(["bus", "batch"]) == (ScalingAxis.BATCH, ScalingAxis.BUS)
    with pytest.raises(BadInput, match=r"cannot scale over 'arrays' \(did you mean array\?\)"):
        parse_axes(["arrays"])
