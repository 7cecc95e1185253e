"""Actions counted from an instruction's fields, worked out by hand for nano-64: R = C = V = 8, W = 4."""

from __future__ import annotations

import pytest

from chipsmith.chip import load_chip
from chipsmith.program.actions import ActionCounts, count_actions
from chipsmith.program.instructions import (
    ChannelRecord,
    End,
    Load,
    Op,
    Reduce,
    Rounding,
    Source,
    Store,
    TensorInstruction,
    Type,
    VectorInstruction,
)

NANO = load_chip("nano-64")


def test_end_is_fetched_and_does_nothing_else():
    assert count_actions(NANO, End()) == ActionCounts(instruction_fetches=1)


def test_a_load_reads_whole_atoms_and_writes_each_word_of_its_run():
    # Bytes 6 to 15 touch the words at 4, 8 and 12 of the atom of 32 bytes at 0.
    load = Load(external_address=6, run_bytes=10)
    expected = ActionCounts(instruction_fetches=1, load_cycles=8, external_read_bytes=32, memory_write_words=3)
    assert count_actions(NANO, load) == expected


def test_a_store_writes_whole_atoms_and_reads_a_line_for_each_word_of_its_runs():
    # Two runs of 4 bytes, each in two words of two atoms.
    store = Store(external_address=30, run_bytes=4, inner_count=2, external_inner_stride=64, local_inner_stride=4)
    expected = ActionCounts(
        instruction_fetches=1, store_cycles=32, external_write_bytes=2 * 64, memory_read_lines=2 * 2
    )
    assert count_actions(NANO, store) == expected


def test_a_pointwise_convolution():
    # 16 pixels, 8 channels to 8 in one tile and one phase: 16 activation reads, 8 weight reads, 4 of 8 biases.
    # Load 14, phase 16, drain 16 x 2, pipe 16.
    convolution = TensorInstruction(
        output_height=4,
        output_width=4,
        output_channels=8,
        run=8,
        parameters=ChannelRecord.BIAS,
        requantise=Rounding.SINGLE,
    )
    assert count_actions(NANO, convolution) == ActionCounts(
        mac_int8=16 * 8 * 8,
        array_active_cycles=16,
        multiply_32=16 * 8,
        alu_32=16 * 8,
        memory_read_lines=16 + 8 + 4,
        memory_write_lines=16,
        accumulator_reads=16,
        accumulator_writes=16,
        weight_register_bytes=8 * 8,
        array_phases=1,
        drain_cycles=16 * 2,
        tensor_cycles=14 + 16 + 16 * 2 + 16,
        instruction_fetches=1,
    )


def test_a_sum_over_the_lanes_writes_and_scales_one_result():
    # 3 sums of 20 lanes, read 8, 8 and 4 at a time; 9 beats in 3 stages of 2 cycles, as A and O share a group; the pipe
    # of 10, OUT 3, a tree of 3 levels.
    total = VectorInstruction(
        o3=3, lanes=20, a_lane_stride=1, reduce=Reduce.SUM, lane_reduce=1, o_rounding=Rounding.DOUBLE, o_stride_3=1
    )
    assert count_actions(NANO, total) == ActionCounts(
        alu_32=3 * 20, multiply_32=3, memory_read_lines=3 * 3, memory_write_lines=3, instruction_fetches=1,
        vector_beats=9, vector_elements=3 * 20, vector_cycles=(9 + 2) * 2 + 10 + 3 + 3,
    )  # fmt: skip


def test_a_gather_multiplies_once_a_beat():
    # 5 rows of 20 bytes: 3 beats a row, each reads its index again; 3 cycles a beat, as all streams share a group,
    # in 3 stages of indices and 2 more.
    gather = VectorInstruction(
        o3=5, lanes=20, op=Op.GATHER, a_lane_stride=1, b_source=Source.STREAM, b_type=Type.INT32, b_stride_3=4,
        o_stride_3=20, o_lane_stride=1, rows=50, row_pitch=20,
    )  # fmt: skip
    assert count_actions(NANO, gather) == ActionCounts(
        row_products=5 * 3, memory_read_lines=5 * 3 + 5 * 3, memory_write_lines=5 * 3, instruction_fetches=1,
        vector_beats=5 * 3, vector_elements=5 * 20, vector_cycles=(15 + 4) * 3 + 10,
    )  # fmt: skip


def test_counts_add():
    two = sum([ActionCounts(mac_int8=2, alu_32=1), ActionCounts(mac_int8=3)], ActionCounts())
    assert two == ActionCounts(mac_int8=5, alu_32=1)
    assert sum([two]) == two  # type: ignore[comparison-overlap]
    with pytest.raises(TypeError):
        1 + two
