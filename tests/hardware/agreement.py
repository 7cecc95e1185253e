"""The RTL beside the simulators: what each says of one inference, and where they differ."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from chipsmith.hardware.package import Error
from chipsmith.hardware.simulate import Machine, RtlRun, cosimulate, external_memory
from chipsmith.program.assembly import format_instruction
from chipsmith.program.program import Program
from chipsmith.sim.cycle import simulate
from chipsmith.sim.functional import execute, execute_warm


def assert_agrees(program: Program, inputs: Mapping[str, np.ndarray], *, warm: bool = False) -> RtlRun:
    """Every output byte, every start and every end of the RTL are those of the simulators."""
    run = cosimulate(program, inputs, warm=warm)
    assert (run.error, run.finished) == (Error.NONE, True), f"{run.error} at instruction {run.error_index}"
    assert (run.late, run.stalls, run.out_of_range) == (0, 0, 0)
    assert_same_times(program, run, warm=warm)
    assert_same_outputs(run, execute_warm(program, inputs, before=inputs) if warm else execute(program, inputs))
    return run


def assert_agrees_on(library: Path, program: Program, inputs: Mapping[str, np.ndarray]) -> None:
    """Every output byte, start and end of a build of the machine are those of the simulators."""
    with Machine(program.chip, library) as machine:
        run = machine.infer(program, external_memory(program, inputs))
    assert_same_times(program, run)
    assert_same_outputs(run, execute(program, inputs))


def assert_same_outputs(run: RtlRun, outputs: Mapping[str, np.ndarray]) -> None:
    """Every output byte of the RTL is that of `outputs`."""
    for name, expected in outputs.items():
        differing = np.flatnonzero(expected.ravel() != run.outputs[name].ravel())
        assert not differing.size, f"{name}: {differing.size} of {expected.size} differ, first at {differing[0]}"


def assert_same_times(program: Program, run: RtlRun, *, warm: bool = False) -> None:
    """Every start and end of the RTL are those of the cycle simulator."""
    timeline = simulate(program, warm=warm)
    start, end = run.start.astype(np.int64), run.end.astype(np.int64)
    assert len(start) == len(timeline.start)
    for index in np.flatnonzero((start != timeline.start) | (end != timeline.end)):
        told = format_instruction(program.instructions[index])
        expected = (int(timeline.start[index]), int(timeline.end[index]))
        raise AssertionError(f"{index}: {(int(start[index]), int(end[index]))}, expected {expected}: {told}")
    assert run.latency_cycles == timeline.latency_cycles
