"""Energy is actions counted times joules an action; leakage stands apart; all lines sum to the total."""

import dataclasses
import math

import pytest

from chipsmith.chip import catalogue, load_chip
from chipsmith.chip.macros import macros
from chipsmith.chip.sourced import Status
from chipsmith.costs import action_energies, cycle_energy, estimate_energy, leakage_power, tops_per_watt
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
    accumulator_reads=672_000,
    accumulator_writes=672_000,
    instruction_fetches=60,
    weight_register_bytes=80_000,
    external_read_bytes=90_000,
    external_write_bytes=16,
)
CYCLES = 55_000


@pytest.fixture(params=catalogue())
def chip(request):
    return load_chip(request.param)


def test_components_sum_to_the_total(chip):
    energy = estimate_energy(chip, SOME, cycles=CYCLES)
    assert math.fsum(energy.by_component().values()) == pytest.approx(energy.total_pj, rel=1e-12)
    assert energy.total_pj == pytest.approx(energy.dynamic_pj + energy.leakage_pj, rel=1e-12)
    assert energy.total_uj == energy.total_pj / 1e6


def test_every_count_is_priced_once(chip):
    lines = [line.action for line in estimate_energy(chip, SOME, cycles=CYCLES).lines]
    assert sorted(lines) == sorted([*ACTIONS, "cycles"])
    assert sorted(action_energies(chip)) == sorted(ACTIONS)


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_more_costs_its_own_energy_more(action):
    chip = load_chip("edge-256")
    more = dataclasses.replace(SOME, **{action: getattr(SOME, action) + 1000})
    difference_pj = (
        estimate_energy(chip, more, cycles=CYCLES).dynamic_pj - estimate_energy(chip, SOME, cycles=CYCLES).dynamic_pj
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
    assert energy.dynamic_pj == 500_000 * cycle_energy(chip).value
    assert energy.leakage_pj == pytest.approx(leakage_power(chip).value * 1e-3 * 1e-3 * 1e12)
    assert energy.average_power_mw == pytest.approx(energy.total_pj * 1e-12 / 1e-3 * 1e3)


def test_memories_leak_what_their_macros_leak():
    chip = load_chip("edge-256")
    memories_mw = sum(macro.count * macro.sram.leakage_mw.value for macro in macros(chip))
    assert 0 < memories_mw < leakage_power(chip).value


def test_an_external_byte_costs_far_more_than_one_on_the_chip():
    energies = action_energies(load_chip("edge-256"))
    assert energies["external_read_bytes"].value == 64
    assert energies["external_read_bytes"].value > 50 * energies["memory_read_lines"].value / 16


def test_a_finer_node_costs_less():
    fine, coarse = (load_chip("edge-256", {"technology.node_nm": node}) for node in ("22", "40"))
    assert (
        estimate_energy(fine, SOME, cycles=CYCLES).dynamic_pj < estimate_energy(coarse, SOME, cycles=CYCLES).dynamic_pj
    )


def test_each_line_and_the_total_say_how_far_they_can_be_trusted():
    energy = estimate_energy(load_chip("edge-256"), SOME, cycles=CYCLES)
    status = {line.action: line.each_pj.status for line in energy.lines}
    assert status["mac_int8"] is status["multiply_32"] is status["external_read_bytes"] is Status.COMPUTED
    assert status["memory_read_lines"] is Status.ASSUMED
    assert energy.status is Status.ASSUMED
    assert all(line.each_pj.references for line in energy.lines)
    assert any(text.startswith("Horowitz") for text in energy.references)


def test_tops_per_watt_counts_two_operations_a_mac():
    energy = estimate_energy(load_chip("edge-256"), SOME, cycles=CYCLES)
    assert tops_per_watt(SOME, energy) == pytest.approx(2 * 10e6 / 1e12 / (energy.total_pj * 1e-12))
