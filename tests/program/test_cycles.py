"""Durations of TENSOR and VECTOR worked out by hand for nano-64: R = C = V = 8, T = 64, M = 4, TL = 2."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chipsmith.chip import load_chip
from chipsmith.program.instructions import (
    ChannelRecord,
    Mode,
    Op,
    Reduce,
    Rounding,
    Source,
    Table,
    TensorInstruction,
    Type,
    VectorInstruction,
    WeightsBy,
)
from chipsmith.program.tensor_cycles import tensor_cycles
from chipsmith.program.vector_cycles import vector_cycles

NANO = load_chip("nano-64")

APART = {"w_first_group": 1, "w_last_group": 1, "param_first_group": 1, "param_last_group": 1}
APART |= {"o_first_group": 2, "o_last_group": 2, "res_first_group": 3, "res_last_group": 3}

WINDOW = TensorInstruction(
    output_height=10,
    output_width=10,
    output_channels=8,
    kernel_y=3,
    run=24,
    parameters=ChannelRecord.BIAS,
    requantise=Rounding.SINGLE,
    **APART,
)
"""3 x 3 of 8 channels: 3 x ceil(24/8) = 9 phases; 100 pixels in tiles of 64 and 36; weights 8, records 4 accesses."""

POINT = TensorInstruction(
    output_height=4, output_width=4, output_channels=8, run=8, requantise=Rounding.SINGLE, **APART
)
"""1 x 1 of 8 channels on 16 pixels: one tile, one phase, 8 weight accesses, 2 passes a pixel."""


@pytest.mark.parametrize(
    ("instruction", "cycles"),
    [
        # The setup of 14 covers 8 + 4 loads; 9 x 64 = 576; the second tile's 9 x 36 = 324 cover the first's drain of
        # 128; 72 drain, 16 pipe.
        (WINDOW, 14 + 576 + 324 + 72 + 16),
        # The output's group is the input's: the second tile waits for the first's drain and pipe.
        (replace(WINDOW, o_first_group=0, o_last_group=0), 14 + 576 + (128 + 16 + 324) + 72 + 16),
        # The weights' group is the input's: each phase pays the 8 accesses of the next phase's weights, the last none.
        (replace(WINDOW, w_first_group=0, w_last_group=0), 14 + 9 * 72 + (8 * 44 + 36) + 72 + 16),
        # Records of 9 bytes: ceil(72/8) = 9 accesses instead of 4, and with the weights more than the setup.
        (replace(WINDOW, parameters=ChannelRecord.PER_CHANNEL), 17 + 576 + 324 + 72 + 16),
        (POINT, 14 + 16 + 32 + 16),
        # Two pixels and three phases: max(2, 8) twice, then PHASE_MIN.
        (replace(POINT, output_height=1, output_width=2, run=24), 14 + (8 + 8 + 4) + 4 + 16),
        # 12 channels are two blocks; int32 results of 32 bytes take 4 writes a pixel, longer than the 16 accesses.
        (replace(POINT, output_channels=12, requantise=Rounding.OFF, o_type=Type.INT32), 14 + 16 + 64 + 64 + 16),
        # By rows: 3 reduction indices of 5 channels are 3 accesses.
        (replace(POINT, output_channels=5, run=3, weights_by=WeightsBy.ROW), 14 + 16 + 32 + 16),
        # The residual: 4 turns of 2 passes, also where a side has no scale, and the pipe is 30.
        (replace(POINT, residual=1, acc_rounding=Rounding.SINGLE, sum_rounding=Rounding.DOUBLE), 14 + 16 + 128 + 30),
        # Depthwise 3 x 3 on 5 rows of 20 pixels: 3 phases of 22 columns a row, 40 to drain.
        (
            TensorInstruction(
                mode=Mode.DEPTHWISE,
                output_height=5,
                output_width=20,
                output_channels=8,
                kernel_y=3,
                run=3,
                requantise=Rounding.SINGLE,
                **APART,
            ),
            14 + 5 * 66 + 40 + 16,
        ),
    ],
)
def test_tensor(instruction, cycles):
    assert tensor_cycles(instruction, NANO) == cycles


COPY = VectorInstruction(lanes=16, a_lane_stride=1, o_lane_stride=1, o_first_group=1, o_last_group=1)
"""Two beats of 8 bytes through READ and WRITE; then the pipe of 10."""

SUM = replace(COPY, op=Op.ADD, b_source=Source.STREAM, b_lane_stride=1, b_first_group=2, b_last_group=2)


@pytest.mark.parametrize(
    ("instruction", "cycles"),
    [
        (COPY, (2 + 1) * 1 + 10),
        # A read and a write of one group in each beat.
        (replace(COPY, o_first_group=0, o_last_group=0), (2 + 1) * 2 + 10),
        # 8 int32 elements are 32 bytes: 4 accesses.
        (replace(COPY, a_type=Type.INT32, a_lane_stride=4), (2 + 1) * 4 + 10),
        # Elements two bytes apart take an access each.
        (replace(COPY, a_lane_stride=2), (2 + 1) * 8 + 10),
        # One element for all lanes is one access.
        (replace(COPY, a_lane_stride=0), (2 + 1) * 1 + 10),
        # 3 lanes: one beat of 12 bytes, 2 accesses.
        (replace(COPY, lanes=3, a_type=Type.INT32, a_lane_stride=4), (1 + 1) * 2 + 10),
        (SUM, (2 + 1) * 1 + 10),
        # Three scales of 8 values in 2 passes each; stages IN and OUT add 4 and 3 to the pipe.
        (
            replace(SUM, a_rounding=Rounding.SINGLE, b_rounding=Rounding.SINGLE, o_rounding=Rounding.SINGLE),
            (2 + 3) * 6 + 10 + 4 + 3,
        ),
        # MUL is the stage OP.
        (replace(SUM, op=Op.MUL), (2 + 2) * 2 + 10 + 3),
        # 256 bytes of the table in 32 accesses; 8 look-ups by 2 lanes.
        (replace(COPY, table=Table.TABLE8), 32 + (2 + 2) * 4 + 10 + 3),
        (replace(COPY, table=Table.TABLE16), 129 + (2 + 2) * 4 + 10 + 3),
        # 3 sums of 20 lanes: 9 beats; one result is scaled in one pass; 8 lanes join in 3 levels.
        (
            replace(COPY, o3=3, lanes=20, reduce=Reduce.SUM, lane_reduce=1, o_rounding=Rounding.SINGLE),
            (9 + 2) * 1 + 10 + 3 + 3,
        ),
        # One divider: 34 cycles for each of 8 lanes.
        (replace(SUM, op=Op.DIV, lanes=8), (1 + 2) * 34 * 8 + 10 + 3),
        # Indices in a group of their own: 7 stages INDEX of a cycle before READ and WRITE.
        (replace(SUM, op=Op.GATHER, b_lane_stride=0), (2 + 7 + 1) * 1 + 10),
        # Index, row and output in one group: 3 cycles a beat, so that 3 stages INDEX hold 7 cycles.
        (replace(SUM, op=Op.SCATTER, b_lane_stride=0, b_first_group=0, o_first_group=0), (2 + 3 + 1) * 3 + 10),
    ],
)
def test_vector(instruction, cycles):
    assert vector_cycles(instruction, NANO) == cycles
