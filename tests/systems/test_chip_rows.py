"""Rows of Chipsmith's chips: exact cycles, energy with a band, and their place under the roof."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from chipsmith.chip import load_chip
from chipsmith.compiler.network import compile_network
from chipsmith.costs import SPREADS, action_energies, energy_band
from chipsmith.frontends.registry import load_model
from chipsmith.profile.measure import quick_profile
from chipsmith.profile.profile import Evidence
from chipsmith.sim.cycle import simulate
from chipsmith.systems.chip_rows import CHIPS, computer_points, network_size, simulate_chips
from chipsmith.systems.computer_rows import NamedNetwork
from chipsmith.systems.row import Generation, SystemRow

DIGITS = Path(__file__).parents[1] / "networks" / "digits_cnn.tosa"


@pytest.fixture(scope="module")
def digits() -> NamedNetwork:
    return NamedNetwork(name="digits", network=load_model(str(DIGITS)))


@pytest.fixture(scope="module")
def collected(digits):
    return simulate_chips([digits], [load_chip(name) for name in CHIPS])


def test_the_time_of_a_row_is_the_programs_cycles_over_the_clock(digits, collected):
    for name, row in zip(CHIPS, collected.rows, strict=True):
        chip = load_chip(name)
        cycles = simulate(compile_network(digits.network.graph, chip)).latency_cycles
        assert row.system == name
        assert row.latency_us == pytest.approx(cycles / chip.clock_mhz)
        assert f"{cycles:,} cycles" in row.source
        assert (row.how, row.energy_evidence) == (Evidence.SIMULATED, Evidence.ESTIMATED)
        assert row.generation is Generation.DEDICATED


def test_the_estimate_lies_within_its_band(collected):
    for row in collected.rows:
        low, high = row.energy_band_uj
        assert low < row.energy_uj < high


def test_every_component_of_an_energy_has_a_spread(digits):
    chip = load_chip("edge-256")
    components = quick_profile(compile_network(digits.network.graph, chip)).energy.by_component()
    assert set(components) <= set(SPREADS)
    assert action_energies(chip)
    assert energy_band({"external memory": 8.0}) == pytest.approx((8.0, 14.0))


def test_a_point_stands_under_its_roof(collected):
    """An array that is busy all the time, or a memory that is, is the bound; loads overlap, so only slightly above."""
    roofs = {roof.machine: roof for roof in collected.roofs}
    for point in collected.points:
        roof = roofs[point.machine]
        assert point.operations_per_s <= roof.operations_per_s
        assert point.operations_per_s <= 1.05 * roof.bytes_per_s * point.operations_per_byte


def test_operations_are_two_for_each_multiplication_of_the_graphs_layers(digits):
    graph = digits.network.graph
    shapes = {name: tensor.shape for name, tensor in graph.tensors.items()}
    macs = 0
    for operator in graph.operators:
        if operator.kind in ("CONV2D", "DEPTHWISE_CONV2D"):
            weights = shapes[operator.inputs[1]]
            taps = weights[1:] if operator.kind == "CONV2D" else weights[:2]
            macs += math.prod(shapes[operator.outputs[0]]) * math.prod(taps)
    assert network_size(digits, load_chip("edge-256")).operations == 2 * macs


def test_a_measured_row_moves_four_times_the_bytes_in_float(digits):
    size = network_size(digits, load_chip("edge-256"))
    shared = {
        "network": "digits",
        "system": "x",
        "generation": Generation.ONE_CORE,
        "how": Evidence.MEASURED,
        "boundary": "b",
        "source": "s",
        "latency_us": 100.0,
    }
    rows = [SystemRow(**shared, precision="int8"), SystemRow(**shared, precision="float32")]
    integer, floating = computer_points(rows, [size], "here")
    assert integer.operations_per_byte == pytest.approx(4 * floating.operations_per_byte)
    assert integer.operations_per_s == pytest.approx(size.operations * 1e4)
