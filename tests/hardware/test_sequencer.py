"""Issue of all kinds of instructions: starts and ends, with engines that only count their cycles."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from agreement import assert_same_times
from counting_engines import counting_machine
from random_programs import random_inputs, random_program

from chipsmith.chip import load_chip
from chipsmith.hardware.package import Error
from chipsmith.hardware.simulate import Machine, external_memory
from chipsmith.program.cycles import occupancy
from chipsmith.program.encoding import INSTRUCTION_BYTES
from chipsmith.program.instructions import Instruction, TensorInstruction, VectorInstruction

CHIP = load_chip("nano-64")


@pytest.fixture(scope="module")
def machine(rtl_tools):
    with Machine(CHIP, counting_machine(CHIP)) as machine:
        yield machine


def with_cycles(instruction: Instruction) -> Instruction:
    """The instruction with its engine's cycles in a field that only the engine reads."""
    match instruction:
        case TensorInstruction():
            return dataclasses.replace(instruction, multiplier=occupancy(instruction, CHIP).engine)
        case VectorInstruction():
            return dataclasses.replace(instruction, o_multiplier=occupancy(instruction, CHIP).engine)
    return instruction


@pytest.mark.parametrize("seed", range(30))
def test_instructions_start_and_end_in_the_cycles_of_the_simulator(machine, seed):
    program = random_program(CHIP, seed, 60)
    memory = external_memory(program, random_inputs(program, seed, 1))
    for index, instruction in enumerate(program.instructions):
        place = slice(index * INSTRUCTION_BYTES, (index + 1) * INSTRUCTION_BYTES)
        memory[place] = np.frombuffer(with_cycles(instruction).encode(), np.uint8)
    warm = seed % 3 == 2
    run = machine.infer(program, memory, warm=warm)
    assert (run.error, run.finished) == (Error.NONE, True)
    assert_same_times(program, run, warm=warm)
