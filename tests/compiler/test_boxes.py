"""Boxes: an instruction that works on the rows of its boxes alone writes what it writes in the whole buffers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from random_instructions import random_tensor, random_vector

from chipsmith.chip import load_chip
from chipsmith.compiler.lower.kernel import STREAM_NAMES, Operand, Step
from chipsmith.compiler.spill.dma_region import Box
from chipsmith.compiler.spill.footprint import in_windows, windows
from chipsmith.compiler.spill.slice import cut_axes, slice_step
from chipsmith.program.instructions import Mode, TensorInstruction, VectorInstruction
from chipsmith.program.streams import streams
from chipsmith.sim.functional import run_instruction
from chipsmith.sim.memory import blank_memories

CHIP = load_chip("nano-64")
PREFIXES = {name: prefix for prefix, name in STREAM_NAMES.items()}


def step_of(instruction):
    """The instruction as a step with a buffer for each stream, each the whole memory."""
    operands = [
        Operand(stream=PREFIXES[one.name], buffer=one.name, base=one.base, written=one.written)
        for one in streams(instruction)
    ]
    return Step(template=instruction, operands=tuple(operands))


def run(instruction, memory):
    memories = blank_memories(inferences=1, local_bytes=len(memory), constants=b"", external_bytes=0)
    memories.local[:] = memory
    run_instruction(memories, instruction)
    return memories.local[0]


def run_in_boxes(step, memory):
    """The memory after a step that runs on copies of its boxes, and the boxes."""
    buffers = {one.buffer for one in step.operands}
    boxes = windows([step], buffers)
    names = {key: key[0] for key in boxes}
    moved = in_windows(step, boxes, names, buffers)
    addresses, end = {}, 0
    for (name, _), box in boxes.items():
        addresses[name], end = end, -(-(end + box.size_bytes) // 64) * 64
    local = np.zeros(end, np.int8)
    for (name, _), box in boxes.items():
        local[addresses[name] :][: box.size_bytes] = memory[bytes_of(box)]
    bases = {f"{one.stream}_base": addresses[one.buffer] + one.base for one in moved.operands}
    after = run(replace(moved.template, **bases), local)
    result = memory.copy()
    for (name, written), box in boxes.items():
        if written:
            result[bytes_of(box)] = after[addresses[name] :][: box.size_bytes]
    return result, boxes


def bytes_of(box):
    """The buffer's bytes that a box holds, in the order in which they stand on the chip."""
    return (box.low + np.arange(box.rows)[:, None] * box.pitch + np.arange(box.row_bytes)).ravel()


@pytest.mark.parametrize("draw", [random_tensor, random_vector])
def test_random_instructions_compute_the_same_in_their_boxes(draw):
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
            placed = replace(step.template, **{f"{one.stream}_base": one.base for one in step.operands})
            found, boxes = run_in_boxes(step, memory)
            np.testing.assert_array_equal(found, run(placed, memory), err_msg=str(step))
            rows += sum(box.rows > 1 for box in boxes.values())
    assert rows > 20


def windows_of(template, **bases):
    operands = tuple(
        Operand(stream=stream, buffer=stream, base=base, written=stream == "o") for stream, base in bases.items()
    )
    return windows([Step(template=template, operands=operands)], set(bases))


def test_a_part_of_a_transpose_is_rows_of_both_sides():
    # Columns 8 to 15 of 64 rows of 100 bytes become rows 8 to 15 of 100 rows of 64 bytes.
    part = VectorInstruction(o0=8, a_stride_0=1, o_stride_0=64, lanes=64, a_lane_stride=100, o_lane_stride=1)
    boxes = windows_of(part, a=8, o=8 * 64)
    assert boxes == {
        ("a", False): Box(low=8, rows=64, row_bytes=8, pitch=100),
        ("o", True): Box(low=512, rows=1, row_bytes=512, pitch=0),
    }


def test_a_head_of_attention_is_its_own_columns():
    # 128 tokens of 768 bytes, of which head 3 has 64; the matrix B is the same part of another tensor.
    head = TensorInstruction(
        output_height=1, output_width=128, output_channels=128, run=64, pixel_pitch=768, input_height=1,
        input_width=128, stride_x=1, w_stride=768, o_stride_x=128,
    )  # fmt: skip
    boxes = windows_of(head, a=192, w=192, o=0)
    assert boxes["a", False] == boxes["w", False] == Box(low=192, rows=128, row_bytes=64, pitch=768)
    assert boxes["o", True] == Box(low=0, rows=1, row_bytes=128 * 128, pitch=0)


def test_some_channels_of_a_depthwise_convolution_are_rows_of_pixels():
    part = TensorInstruction(
        mode=Mode.DEPTHWISE, output_height=4, output_width=8, output_channels=16, kernel_y=3, run=3, row_pitch=8 * 96,
        pixel_pitch=96, input_height=6, input_width=8, stride_x=1, stride_y=1, dilation_y=1, dilation_x=1, pad_left=1,
        w_stride=96, w_stride_y=3 * 96, o_stride_y=8 * 96, o_stride_x=96,
    )  # fmt: skip
    boxes = windows_of(part, a=32, w=32, o=32)
    assert boxes["a", False] == Box(low=32, rows=48, row_bytes=16, pitch=96)
    assert boxes["o", True] == Box(low=32, rows=32, row_bytes=16, pitch=96)
