"""A warm inference: LOADs with `once` do nothing, what they brought is still on the chip, the outputs are the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.program.instructions import Load
from chipsmith.sim.functional import execute, run_instruction
from chipsmith.sim.memory import UNDEFINED, blank_memories
from chipsmith.tosa.file import read_tosa

NETWORKS = Path(__file__).parents[1] / "networks"


@pytest.mark.parametrize("network", ["digits_cnn", "encoder_layer", "gru"])
def test_a_warm_inference_computes_what_a_cold_one_does(network):
    program = compile_graph(read_tosa(NETWORKS / f"{network}.tosa"), load_chip("edge-1024"))
    assert any(isinstance(instruction, Load) and instruction.once for instruction in program.instructions), (
        "nothing is kept: no test"
    )
    (taken,), (given,) = program.manifest.inputs, program.manifest.outputs
    first, second = np.random.default_rng(3).integers(-128, 128, (2, *taken.shape), np.int8)
    memories = blank_memories(
        inferences=1,
        local_bytes=program.chip.memory_bytes,
        constants=program.constants,
        external_bytes=program.manifest.external_bytes,
    )
    split = len(program.constants)
    for warm, inputs in ((False, first), (True, second)):
        memories.private[:] = UNDEFINED
        start = taken.address - split
        memories.private[0, start : start + taken.size_bytes] = inputs.view(np.int8).reshape(-1)
        for instruction in program.instructions:
            if not (warm and isinstance(instruction, Load) and instruction.once):
                run_instruction(memories, instruction)
    start = given.address - split
    outputs = memories.private[0, start : start + given.size_bytes].view(given.dtype).reshape(given.shape)
    np.testing.assert_array_equal(outputs, execute(program, {taken.name: second})[given.name])
