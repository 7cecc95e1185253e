"""Slices of instructions: together they write what the whole writes, to the bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from random_instructions import random_tensor, random_vector
from steps import placed, step_of

from chipsmith.chip import load_chip
from chipsmith.compiler.lower.kernel import StreamOperand, UnplacedInstruction
from chipsmith.compiler.lower.slice import CutAxis, cut_axes, cut_axis, slice_step
from chipsmith.program.instructions import End, TensorInstruction, VectorInstruction
from chipsmith.program.stream_fields import StreamName
from chipsmith.sim.functional import run_instruction
from chipsmith.sim.memory import blank_memories

CHIP = load_chip("nano-64")
STREAMS = (StreamName.A, StreamName.OUTPUT, StreamName.WEIGHTS)
WHERE = dict.fromkeys(StreamName, 0)
"""Every stream's buffer is the whole memory."""


def written_by(instructions, memory):
    memories = blank_memories(inferences=1, local_bytes=CHIP.memory_bytes, constants=b"", external_bytes=0)
    memories.local[:] = memory
    for instruction in instructions:
        run_instruction(memories, instruction)
    return memories.local[0]


@pytest.mark.parametrize(
    ("axis", "wanted", "parts"),
    [
        (CutAxis(name="o0", count=10, granule=1), 2, [(0, 5), (5, 10)]),
        (CutAxis(name="o0", count=10, granule=1), 3, [(0, 4), (4, 8), (8, 10)]),
        (CutAxis(name="o0", count=3, granule=1), 9, [(0, 1), (1, 2), (2, 3)]),
        (CutAxis(name="lanes", count=20, granule=8), 2, [(0, 16), (16, 20)]),
        (CutAxis(name="lanes", count=20, granule=8), 9, [(0, 8), (8, 16), (16, 20)]),
    ],
)
def test_parts_are_even_and_in_whole_granules(axis, wanted, parts):
    assert axis.parts(wanted) == parts


def test_a_convolution_is_cut_along_its_rows():
    assert cut_axis(TensorInstruction(output_height=7, output_width=5), lanes=8).name == "output_height"
    assert cut_axis(TensorInstruction(output_height=1, output_width=5), lanes=8).name == "output_width"


def test_a_vector_instruction_is_cut_along_the_loop_that_moves_its_output_farthest():
    images = VectorInstruction(o0=4, o_stride_0=1, o1=3, o_stride_1=-100, lanes=64, o_lane_stride=4)
    assert cut_axis(images, lanes=8) == CutAxis(name="o1", count=3, granule=1)
    channels_first = replace(images, o_lane_stride=200)
    assert cut_axis(channels_first, lanes=8) == CutAxis(name="lanes", count=64, granule=8)


def test_what_has_no_loop_is_not_cut():
    assert cut_axis(VectorInstruction(lanes=8, o_lane_stride=1), lanes=8) is None
    assert cut_axis(VectorInstruction(lanes=64, a_lane_stride=1, lane_reduce=1), lanes=8) is None
    assert cut_axes(End(), lanes=8, columns=8) == []


def test_a_slice_of_a_convolution_leaves_out_the_rows_above_it():
    # 3 x 3, stride 2, padding 1: output rows 2 and 3 read input rows 3 to 7.
    whole = TensorInstruction(
        output_height=5, output_width=1, kernel_y=3, stride_y=2, pad_top=1, input_height=9, row_pitch=16, o_stride_y=8
    )
    operands = [
        StreamOperand(stream=stream, buffer=stream, base=100, written=stream is StreamName.OUTPUT) for stream in STREAMS
    ]
    part = slice_step(UnplacedInstruction(template=whole, operands=tuple(operands)), cut_axis(whole, lanes=8), 2, 4)
    assert part.template == replace(whole, output_height=2, pad_top=0, input_height=6)
    assert [operand.base for operand in part.operands] == [100 + 3 * 16, 100 + 2 * 8, 100]


@pytest.mark.parametrize("draw", [random_tensor, random_vector])
@pytest.mark.parametrize("seed", range(40))
def test_slices_together_are_the_whole(draw, seed):
    rng = np.random.default_rng([7, seed])
    whole = draw(CHIP, rng)
    memory = rng.integers(-128, 128, CHIP.memory_bytes, np.int8)
    wanted = written_by([whole], memory)
    for axis in cut_axes(whole, lanes=CHIP.vector.lanes, columns=CHIP.tensor.columns):
        parts = axis.parts(int(rng.integers(2, 6)))
        slices = [placed(slice_step(step_of(whole), axis, *part), WHERE) for part in parts]
        np.testing.assert_array_equal(written_by(slices, memory), wanted, err_msg=f"{axis} {whole}")
