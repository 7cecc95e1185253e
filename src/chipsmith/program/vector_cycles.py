"""Closed-form time of VECTOR (docs/machine.md, section 7)."""

from __future__ import annotations

from collections.abc import Iterator

from chipsmith.chip.description import Chip
from chipsmith.program.arithmetic import ceil_div, ranges_overlap
from chipsmith.program.instructions import INDIRECT_OPS, Op, Rounding, Source, Table, Type, VectorInstruction

VECTOR_PIPE = 10
IN_PIPE = 4
STAGE_PIPE = 3
DIVIDE = 34
INDEX_PIPE = 7


def lanes_at_once(instruction: VectorInstruction, chip: Chip) -> int:
    """Elements of a full beat."""
    return min(instruction.lanes, chip.vector.lanes)


def results_at_once(instruction: VectorInstruction, chip: Chip) -> int:
    """Results of a full beat that the stages after a reduction work on."""
    return 1 if instruction.lane_reduce else lanes_at_once(instruction, chip)


def beats(instruction: VectorInstruction, chip: Chip) -> int:
    """Beats of an instruction."""
    steps = instruction.outer_steps * instruction.r0 * instruction.r1
    return steps * ceil_div(instruction.lanes, chip.vector.lanes)


def stream_accesses(count: int, lane_stride: int, element: Type, chip: Chip) -> int:
    """Memory accesses that move `count` elements of a beat."""
    if lane_stride == element.size_bytes:
        return ceil_div(count * element.size_bytes, chip.tensor.rows)
    return 1 if lane_stride == 0 else count


def stages(instruction: VectorInstruction, chip: Chip) -> int:
    """Stages of the pipeline in use: READ and WRITE, and those that the operation and its chain ask for."""
    index = ceil_div(INDEX_PIPE, beat_cycles(instruction, chip)) if instruction.op in INDIRECT_OPS else 0
    return index + 2 + _scales_in(instruction) + _later_stages(instruction)


def _scales_in(instruction: VectorInstruction) -> bool:
    return instruction.a_rounding is not Rounding.OFF or instruction.b_rounding is not Rounding.OFF


def _later_stages(instruction: VectorInstruction) -> int:
    """How many of OP, OUT and TABLE are in use."""
    operates = instruction.op in (Op.MUL, Op.DIV)
    return operates + (instruction.o_rounding is not Rounding.OFF) + (instruction.table is not Table.NONE)


def pipe_cycles(instruction: VectorInstruction, chip: Chip) -> int:
    """Cycles beside those of the table's load, the beats and the windows of the stages."""
    pipe = VECTOR_PIPE + IN_PIPE * _scales_in(instruction) + STAGE_PIPE * _later_stages(instruction)
    return pipe + (chip.vector.lanes.bit_length() - 1) * instruction.lane_reduce


def ports(instruction: VectorInstruction, chip: Chip) -> int:
    """Accesses of the busiest bank group in a beat."""
    streams = tuple(_beat_accesses(instruction, chip))
    return max(
        sum(accesses for accesses, *groups in streams if ranges_overlap(first, last, *groups))
        for _, first, last in streams
    )


def _beat_accesses(instruction: VectorInstruction, chip: Chip) -> Iterator[tuple[int, int, int]]:
    """(accesses in a beat, first bank group, last bank group) of A, B where it is a stream, and the output."""
    count, results = lanes_at_once(instruction, chip), results_at_once(instruction, chip)
    accesses = stream_accesses(count, instruction.a_lane_stride, instruction.a_type, chip)
    yield accesses, instruction.a_first_group, instruction.a_last_group
    if instruction.b_source is Source.STREAM:
        accesses = stream_accesses(count, instruction.b_lane_stride, instruction.b_type, chip)
        yield accesses, instruction.b_first_group, instruction.b_last_group
    writes = stream_accesses(results, instruction.o_lane_stride, instruction.o_type, chip)
    yield 1 if instruction.lane_reduce else writes, instruction.o_first_group, instruction.o_last_group


def passes(instruction: VectorInstruction, chip: Chip) -> int:
    """Passes of the multipliers in a beat."""
    full = ceil_div(lanes_at_once(instruction, chip), chip.vector.multiplier_lanes)
    results = ceil_div(results_at_once(instruction, chip), chip.vector.multiplier_lanes)
    scaled = sum(rounding is not Rounding.OFF for rounding in (instruction.a_rounding, instruction.b_rounding))
    out = results if instruction.o_rounding is not Rounding.OFF else 0
    return full * (scaled + (instruction.op is Op.MUL)) + out


def beat_cycles(instruction: VectorInstruction, chip: Chip) -> int:
    """Cycles between beats (`ii`)."""
    lookups = 0
    if instruction.table is not Table.NONE:
        lookups = ceil_div(results_at_once(instruction, chip), chip.vector.table_lanes)
    division = DIVIDE * lanes_at_once(instruction, chip) if instruction.op is Op.DIV else 0
    return max(1, ports(instruction, chip), passes(instruction, chip), lookups, division)


def vector_cycles(instruction: VectorInstruction, chip: Chip) -> int:
    """Cycles of a VECTOR: the table's load, the beats with the pipeline's fill, the pipe."""
    table_load = ceil_div(instruction.table.size_bytes, chip.tensor.rows)
    fill = stages(instruction, chip) - 1
    return (
        table_load + (beats(instruction, chip) + fill) * beat_cycles(instruction, chip) + pipe_cycles(instruction, chip)
    )
