"""Instructions of an inference have the times of its timeline."""

from __future__ import annotations

import pytest
from compiled import compiled_profile, compiled_program

from chipsmith.profile.instructions import profile_instructions
from chipsmith.profile.transfers import profile_transfers
from chipsmith.sim.cycle import DOORBELL, simulate


@pytest.mark.parametrize("network", ["digits_cnn", "encoder_layer"])
def test_instructions_have_the_times_of_the_timeline(network):
    timeline = simulate(compiled_program(network))
    doorbell, *rows = compiled_profile(network).instructions
    assert (doorbell.index, doorbell.start_cycle) == (DOORBELL, 0)
    assert [row.start_cycle for row in rows] == timeline.start.tolist()
    assert [row.end_cycle for row in rows] == timeline.end.tolist()
    assert [row.wait_cycles for row in rows] == timeline.wait_cycles.tolist()


@pytest.mark.parametrize("network", ["digits_cnn", "encoder_layer"])
def test_the_rows_of_an_engine_sum_to_its_busy_cycles(network):
    profile = compiled_profile(network)
    for engine in profile.latency.engines:
        rows = [row for row in profile.instructions if row.engine == engine.name]
        assert sum(row.engine_end_cycle - row.start_cycle for row in rows) == engine.busy_cycles


def test_a_warm_timeline_skips_what_stayed_on_the_chip():
    program = compiled_program()
    rows = profile_instructions(program, simulate(program, warm=True), profile_transfers(program))
    skipped = [row for row in rows if row.opcode == "LOAD" and getattr(program.instructions[row.index], "once", 0)]
    assert skipped
    assert all(row.engine_end_cycle == row.start_cycle for row in skipped)
