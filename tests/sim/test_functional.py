"""The functional simulator against the machine in plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from naive_machine import NaiveMachine, naive_execute
from random_instructions import random_tensor, random_vector
from random_programs import random_inputs, random_program

from chipsmith.chip import load_chip
from chipsmith.sim.functional import execute, run_instruction
from chipsmith.sim.memory import blank_memories

CHIP = load_chip("nano-64")
INFERENCES = 2


def _same_as_naive(instruction, seed):
    """Both machines run the instruction on the same random memories of two inferences."""
    rng = np.random.default_rng(seed)
    memories = blank_memories(inferences=INFERENCES, local_bytes=CHIP.memory_bytes, constants=b"", external_bytes=0)
    memories.local[:] = rng.integers(-128, 128, memories.local.shape, np.int8)
    naive = [NaiveMachine(CHIP) for _ in range(INFERENCES)]
    for n, machine in enumerate(naive):
        machine.local[:] = memories.local[n].tobytes()
        machine.run(instruction)
    run_instruction(memories, instruction)
    for n, machine in enumerate(naive):
        np.testing.assert_array_equal(memories.local[n], np.frombuffer(machine.local, np.int8), str(instruction))


@pytest.mark.parametrize("seed", range(60))
def test_a_random_tensor_writes_what_plain_loops_write(seed):
    rng = np.random.default_rng([1, seed])
    for _ in range(4):
        _same_as_naive(random_tensor(CHIP, rng), seed)


@pytest.mark.parametrize("seed", range(60))
def test_a_random_vector_writes_what_plain_loops_write(seed):
    rng = np.random.default_rng([2, seed])
    for _ in range(8):
        _same_as_naive(random_vector(CHIP, rng), seed)


@pytest.mark.parametrize("seed", range(10))
def test_a_random_program_gives_what_plain_loops_give(seed):
    program = random_program(CHIP, seed, 25)
    inputs = random_inputs(program, seed, 3)
    outputs, expected = execute(program, inputs), naive_execute(program, inputs)
    assert outputs.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(outputs[name], array)
