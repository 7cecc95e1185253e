"""Energy is actions counted times joules an action; leakage stands apart; all lines sum to the total."""

import dataclasses
import math

import pytest

from chipsmith.chip import catalogue, load_chip
from chipsmith.chip.macros import macros
from chipsmith.chip.sourced import Status, weakest
from chipsmith.costs import action_energies, estimate_energy, leakage_power, tops_per_watt
from chipsmith.costs.energy_terms import CYCLES, energy_terms
from chipsmith.program.actions import ACTIONS, ActionCounts

NONE = ActionCounts()
SOME = ActionCounts(
    mac_int8=10_000_000,
    array_active_cycles=42_000,
    multiply_32=120_000,
    alu_32=90_000,
    table_lookups=500,
    memory_read_lines=120_000,
    memory_write_lines=20_000,
    accumulator_reads=42_000,
    accumulator_writes=42_000,
    tensor_cycles=45_000,
    vector_cycles=5_000,
    instruction_fetches=60,
    weight_register_bytes=80_000,
    external_read_bytes=90_000,
    external_write_bytes=16,
)
SOME_CYCLES = 55_000


@pytest.fixture(params=catalogue())
def chip(request):
    return load_chip(request.param)


def test_components_sum_to_the_total(chip):
    energy = estimate_energy(chip, SOME, cycles=SOME_CYCLES)
    assert math.fsum(energy.by_component().values()) == pytest.approx(energy.total_pj, rel=1e-12)
    assert energy.total_pj == pytest.approx(energy.dynamic_pj + energy.leakage_pj, rel=1e-12)
    assert energy.total_uj == energy.total_pj / 1e6


def test_a_block_prices_an_action_once(chip):
    lines = [(line.component, line.action) for line in estimate_energy(chip, SOME, cycles=SOME_CYCLES).lines]
    assert len(lines) == len(set(lines))
    assert {action for _, action in lines} == set(action_energies(chip)) <= {*ACTIONS, CYCLES}


@pytest.mark.parametrize("action", sorted({*action_energies(load_chip("edge-256"))} - {CYCLES}))
def test_an_action_more_costs_its_own_energy_more(action):
    chip = load_chip("edge-256")
    more = dataclasses.replace(SOME, **{action: getattr(SOME, action) + 1000})
    difference_pj = (
        estimate_energy(chip, more, cycles=SOME_CYCLES).dynamic_pj
        - estimate_energy(chip, SOME, cycles=SOME_CYCLES).dynamic_pj
    )
    assert difference_pj == pytest.approx(1000 * action_energies(chip)[action].value, rel=1e-3)
    assert difference_pj > 0


def test_nothing_done_in_no_time_costs_nothing(chip):
    energy = estimate_energy(chip, NONE, cycles=0)
    assert (energy.total_pj, energy.average_power_mw) == (0, 0)


def test_leakage_is_power_times_time():
    chip = load_chip("edge-256")
    energy = estimate_energy(chip, NONE, cycles=500_000)
    assert energy.latency_s == 1e-3
    assert energy.dynamic_pj == pytest.approx(500_000 * action_energies(chip)[CYCLES].value)
    assert energy.leakage_pj == pytest.approx(leakage_power(chip).value * 1e-3 * 1e-3 * 1e12)
    assert energy.average_power_mw == pytest.approx(energy.total_pj * 1e-12 / 1e-3 * 1e3)


def test_memories_leak_what_their_macros_leak():
    chip = load_chip("edge-256")
    memories_mw = sum(macro.count * macro.sram.leakage_mw.value for macro in macros(chip))
    assert 0 < memories_mw < leakage_power(chip).value


def test_an_external_byte_costs_far_more_than_one_on_the_chip():
    energies = action_energies(load_chip("edge-256"))
    assert energies["external_read_bytes"].value == pytest.approx(64, rel=1e-3)  # 8 pJ a bit, and the chip's own pins
    assert energies["external_read_bytes"].value > 50 * energies["memory_read_lines"].value / 16


def test_a_finer_node_costs_less():
    fine, coarse = (load_chip("edge-256", {"technology.node_nm": node}) for node in ("22", "40"))
    assert (
        estimate_energy(fine, SOME, cycles=SOME_CYCLES).dynamic_pj
        < estimate_energy(coarse, SOME, cycles=SOME_CYCLES).dynamic_pj
    )


def test_a_chip_of_the_tables_node_is_as_good_as_the_table_and_others_are_scaled():
    table = weakest(*(term.each.status for term in energy_terms()))
    at_130_nm = {"technology.node_nm": "130", "technology.voltage_v": "1.2", "clock_mhz": "50"}
    for chip, status in ((load_chip("nano-64", at_130_nm), table), (load_chip("nano-64"), Status.ASSUMED)):
        energy = estimate_energy(chip, SOME, cycles=SOME_CYCLES)
        assert {line.each_pj.status for line in energy.lines if line.component == "array"} == {status}
        assert all(line.each_pj.references for line in energy.lines)
        assert energy.status is Status.ASSUMED


def test_tops_per_watt_counts_two_operations_a_mac():
    energy = estimate_energy(load_chip("edge-256"), SOME, cycles=SOME_CYCLES)
    assert tops_per_watt(SOME, energy) == pytest.approx(2 * 10e6 / 1e12 / (energy.total_pj * 1e-12))
