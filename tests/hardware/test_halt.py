"""An error from outside stops the machine in every state; after a reset it is as good as new."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from agreement import assert_same_outputs, assert_same_times
from random_programs import random_inputs

import chipsmith
from chipsmith.chip import load_chip
from chipsmith.hardware.build import build_machine
from chipsmith.hardware.package import Error
from chipsmith.hardware.simulate import Halt, Machine, external_memory
from chipsmith.program.program import Program
from chipsmith.sim.cycle import simulate
from chipsmith.sim.functional import execute

DIGITS = Path(__file__).parents[1] / "networks" / "digits_cnn.tosa"
CHIP = load_chip("nano-64")
AFTER = 2_000


@pytest.fixture(scope="module")
def machine(rtl_tools):
    with Machine(CHIP, build_machine(CHIP)) as machine:
        yield machine


@pytest.fixture(scope="module")
def program() -> Program:
    return chipsmith.compile(str(DIGITS), chip="nano-64").program


@pytest.fixture(autouse=True)
def _after_reset(machine):
    machine.reset()


def run(machine: Machine, program: Program, inputs, *, cycle: int, error: Error = Error.BUS):
    """One inference and AFTER cycles more, with the error in a cycle of it."""
    memory, most = external_memory(program, inputs), simulate(program).latency_cycles + AFTER
    return machine.infer(program, memory, most_cycles=most, halt=Halt(cycle=cycle, error=error))


def cycles_to_halt_in(program: Program) -> list[int]:
    """The doorbell's cycle, that of each start and the ones beside it, END's, and some of all."""
    timeline = simulate(program)
    starts = np.unique([timeline.start + beside for beside in (-1, 0, 1)])
    some = np.random.default_rng(1).integers(timeline.latency_cycles, size=40)
    return [0, 1, 2, *starts[starts <= timeline.latency_cycles].tolist(), *some.tolist()]


def test_nothing_starts_and_nothing_is_done_from_the_error_on_and_the_next_inference_is_right(machine, program):
    inputs = random_inputs(program, 0, 1)
    expected = execute(program, inputs)
    for cycle in cycles_to_halt_in(program):
        halted = run(machine, program, inputs, cycle=cycle)
        assert (halted.error, halted.finished) == (Error.BUS, False), cycle
        assert np.all(halted.start < cycle), cycle
        machine.reset()
        sound = machine.infer(program, external_memory(program, inputs))
        assert (sound.error, sound.finished) == (Error.NONE, True), cycle
        assert_same_times(program, sound)
        assert_same_outputs(sound, expected)


@pytest.mark.parametrize("error", [Error.BUS, Error.WATCHDOG])
def test_an_error_after_end_is_kept_too(machine, program, error):
    after = simulate(program).latency_cycles + 1
    halted = run(machine, program, random_inputs(program, 0, 1), cycle=after, error=error)
    assert (halted.error, halted.finished) == (error, True)


def test_the_first_error_stays(machine, program):
    inputs = random_inputs(program, 0, 1)
    assert run(machine, program, inputs, cycle=100).error is Error.BUS
    again = run(machine, program, inputs, cycle=5, error=Error.WATCHDOG)
    assert (again.error, again.finished, len(again.start)) == (Error.BUS, False, 0)
