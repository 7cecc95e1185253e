"""A Program to its profile: in totals alone, or in full."""

from __future__ import annotations

import math

import pytest
from compiled import compiled_profile, compiled_program

from chipsmith.costs import estimate_area, estimate_energy, estimate_timing
from chipsmith.profile.measure import full_profile, quick_profile
from chipsmith.profile.profile import Totals
from chipsmith.program.actions import count_program
from chipsmith.sim.cycle import simulate


@pytest.mark.parametrize("network", ["digits_cnn", "encoder_layer"])
def test_the_totals_of_both_forms_are_equal(network):
    quick, full = quick_profile(compiled_program(network)), compiled_profile(network)
    assert {name: getattr(full, name) for name in vars(quick)} == vars(quick)
    assert type(quick) is Totals


def test_timelines_that_are_given_are_not_simulated_again():
    program = compiled_program()
    cold, warm = simulate(program), simulate(program, warm=True)
    exchanged = full_profile(program, cold=warm, warm=cold)
    assert exchanged.latency.cold_cycles == warm.latency_cycles < exchanged.latency.warm_cycles == cold.latency_cycles


def test_times_are_those_of_the_simulation():
    program, latency = compiled_program(), compiled_profile().latency
    cold, warm = simulate(program), simulate(program, warm=True)
    assert (latency.cold_cycles, latency.warm_cycles) == (cold.latency_cycles, warm.latency_cycles)
    assert latency.cold_us == cold.latency_cycles / program.chip.clock_mhz
    assert sum(latency.stall_cycles.values()) == cold.wait_cycles.sum()


def test_tables_sum_to_the_estimates():
    program, profile = compiled_program(), compiled_profile()
    counts, area = count_program(program), estimate_area(program.chip)
    energy = estimate_energy(program.chip, counts, cycles=profile.latency.cold_cycles)
    assert profile.energy.by_component() == pytest.approx(energy.by_component())
    assert math.fsum(profile.energy.by_component().values()) == pytest.approx(profile.energy.total)
    assert profile.external_bytes == counts.external_read_bytes + counts.external_write_bytes
    assert profile.area.total == pytest.approx(area.total_mm2)
    assert profile.area.by_component() == pytest.approx(area.by_component())


def test_a_chip_at_another_volume_costs_what_a_profile_of_that_volume_says():
    few, many = (quick_profile(compiled_program(), volume=volume).cost for volume in (1000, 5_000_000))
    usd = few.chip_usd
    assert many.chip_usd_by_volume(1000) == pytest.approx((usd.value, usd.low, usd.high))


def test_the_clock_of_a_profile_is_that_of_its_chip():
    program, timing = compiled_program(), compiled_profile().timing
    assert timing.max_clock_mhz.value == pytest.approx(estimate_timing(program.chip).max_clock_mhz.value)
    assert timing.path_fo4 * timing.fo4_ps.value == pytest.approx(1e6 / timing.max_clock_mhz.value)
    assert timing.doubt == ""


def test_a_die_costs_its_share_of_a_wafer():
    cost = compiled_profile().cost
    good_dies = cost.dies_per_wafer.value * cost.yields["negative binomial"].value
    assert cost.die_usd.value == pytest.approx(cost.wafer_price_usd.value / good_dies)
