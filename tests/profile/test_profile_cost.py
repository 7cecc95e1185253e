"""The few figures that a search compares are those of the profile."""

from __future__ import annotations

from compiled import NETWORKS, compiled_profile, compiled_program

from chipsmith.profile.cost import graph_cost, program_cost
from chipsmith.tosa.file import read_tosa


def test_the_cost_of_a_program_is_that_of_its_profile():
    cost, profile = program_cost(compiled_program()), compiled_profile()
    assert (cost.cycles, cost.warm_cycles) == (profile.latency.cold_cycles, profile.latency.warm_cycles)
    assert (cost.latency_us, cost.energy_uj) == (profile.latency.cold_us, profile.energy_uj)
    assert (cost.chip, cost.weight_bytes) == ("edge-256", profile.weight_bytes)


def test_the_cost_of_a_graph_is_that_of_its_program():
    program = compiled_program()
    assert graph_cost(read_tosa(NETWORKS / "digits_cnn.tosa"), program.chip) == program_cost(program)
