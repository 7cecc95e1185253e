"""Regions: an instruction that works on the rows of its regions alone writes what it writes in the whole buffers."""

from __future__ import annotations

import numpy as np
import pytest
from random_instructions import random_tensor, random_vector
from steps import placed, step_of

from chipsmith.chip import load_chip
from chipsmith.compiler.lower.kernel import StreamOperand, UnplacedInstruction
from chipsmith.compiler.lower.slice import cut_axes, slice_step
from chipsmith.compiler.spill.dma_region import DmaRegion
from chipsmith.compiler.spill.footprint import footprint_of, redirect_step
from chipsmith.program.arithmetic import round_up
from chipsmith.program.instructions import Mode, TensorInstruction, VectorInstruction
from chipsmith.program.stream_fields import StreamName
from chipsmith.sim.functional import run_instruction
from chipsmith.sim.memory import blank_memories

CHIP = load_chip("nano-64")
WHERE = dict.fromkeys(StreamName, 0)
"""Every stream's buffer is the whole memory."""


def run(instruction, memory):
    memories = blank_memories(inferences=1, local_bytes=len(memory), constants=b"", external_bytes=0)
    memories.local[:] = memory
    run_instruction(memories, instruction)
    return memories.local[0]


def run_in_regions(step, memory):
    """The memory after a step that runs on copies of its regions, and the regions."""
    buffers = {operand.buffer for operand in step.operands}
    regions = footprint_of([step], buffers)
    names = {key: key[0] for key in regions}
    moved = redirect_step(step, regions, names, buffers)
    addresses, end = {}, 0
    for (name, _), region in regions.items():
        addresses[name], end = end, round_up(end + region.size_bytes, 64)
    local = np.zeros(end, np.int8)
    for (name, _), region in regions.items():
        local[addresses[name] :][: region.size_bytes] = memory[bytes_of(region)]
    after = run(placed(moved, addresses), local)
    result = memory.copy()
    for (name, written), region in regions.items():
        if written:
            result[bytes_of(region)] = after[addresses[name] :][: region.size_bytes]
    return result, regions


def bytes_of(region):
    """The buffer's bytes that a region holds, in the order in which they stand on the chip."""
    return (region.low + np.arange(region.rows)[:, None] * region.pitch + np.arange(region.row_bytes)).ravel()


@pytest.mark.parametrize("draw", [random_tensor, random_vector])
def test_random_instructions_compute_the_same_in_their_regions(draw):
    rows = 0
    for seed in range(60):
        rng = np.random.default_rng([11, seed])
        whole = draw(CHIP, rng)
        memory = rng.integers(-128, 128, CHIP.memory_bytes, np.int8)
        steps = [step_of(whole)]
        for axis in cut_axes(whole, lanes=1, columns=1):
            first, last = axis.parts(3)[0]
            steps.append(slice_step(step_of(whole), axis, first, last))
        for step in steps:
            result, regions = run_in_regions(step, memory)
            np.testing.assert_array_equal(result, run(placed(step, WHERE), memory), err_msg=str(step))
            rows += sum(region.rows > 1 for region in regions.values())
    assert rows > 20


def footprint(template, bases):
    operands = tuple(
        StreamOperand(stream=stream, buffer=stream, base=base, written=stream is StreamName.OUTPUT)
        for stream, base in bases.items()
    )
    return footprint_of([UnplacedInstruction(template=template, operands=operands)], set(bases))


def test_a_part_of_a_transpose_is_rows_of_both_sides():
    # Columns 8 to 15 of 64 rows of 100 bytes become rows 8 to 15 of 100 rows of 64 bytes.
    part = VectorInstruction(o0=8, a_stride_0=1, o_stride_0=64, lanes=64, a_lane_stride=100, o_lane_stride=1)
    regions = footprint(part, {StreamName.A: 8, StreamName.OUTPUT: 8 * 64})
    assert regions == {
        (StreamName.A, False): DmaRegion(low=8, rows=64, row_bytes=8, pitch=100),
        (StreamName.OUTPUT, True): DmaRegion(low=512, rows=1, row_bytes=512, pitch=0),
    }


def test_a_head_of_attention_is_its_own_columns():
    # 128 tokens of 768 bytes, of which head 3 has 64; the matrix B is the same part of another tensor.
    head = TensorInstruction(
        output_height=1, output_width=128, output_channels=128, run=64, pixel_pitch=768, input_height=1,
        input_width=128, stride_x=1, w_stride=768, o_stride_x=128,
    )  # fmt: skip
    regions = footprint(head, {StreamName.A: 192, StreamName.WEIGHTS: 192, StreamName.OUTPUT: 0})
    assert (
        regions[StreamName.A, False]
        == regions[StreamName.WEIGHTS, False]
        == DmaRegion(low=192, rows=128, row_bytes=64, pitch=768)
    )
    assert regions[StreamName.OUTPUT, True] == DmaRegion(low=0, rows=1, row_bytes=128 * 128, pitch=0)


def test_some_channels_of_a_depthwise_convolution_are_rows_of_pixels():
    part = TensorInstruction(
        mode=Mode.DEPTHWISE, output_height=4, output_width=8, output_channels=16, kernel_y=3, run=3, row_pitch=8 * 96,
        pixel_pitch=96, input_height=6, input_width=8, stride_x=1, stride_y=1, dilation_y=1, dilation_x=1, pad_left=1,
        w_stride=96, w_stride_y=3 * 96, o_stride_y=8 * 96, o_stride_x=96,
    )  # fmt: skip
    regions = footprint(part, {StreamName.A: 32, StreamName.WEIGHTS: 32, StreamName.OUTPUT: 32})
    assert regions[StreamName.A, False] == DmaRegion(low=32, rows=48, row_bytes=16, pitch=96)
    assert regions[StreamName.OUTPUT, True] == DmaRegion(low=32, rows=32, row_bytes=16, pitch=96)
