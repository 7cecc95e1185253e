"""Kernels in cycles under their layers' names: what they add sums to the latency."""

from __future__ import annotations

from compiled import named_program

from chipsmith.profile.kernel_times import time_kernels
from chipsmith.sim.cycle import simulate


def test_what_kernels_add_sums_to_the_latency():
    program = named_program()
    timeline = simulate(program)
    rows = time_kernels(program, timeline)
    before, after = min(row.start_cycle for row in rows), timeline.latency_cycles - rows[-1].end_cycle
    assert before + sum(row.added_cycles for row in rows) + after == timeline.latency_cycles
    assert {row.kernel for row in rows} == {span.name for span in program.manifest.kernels}


def test_each_has_the_label_that_the_page_has():
    program = named_program()
    row = time_kernels(program, simulate(program))[0]
    plain = row.to_json()
    assert (plain["label"], plain["layer"]) == ("part1 (k0)", "part1")
    assert plain["operation"] == "DEPTHWISE_CONV2D as CONV2D"
