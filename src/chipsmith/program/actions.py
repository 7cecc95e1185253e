"""What each instruction does on the chip, counted from its fields: what the energy estimate prices."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from chipsmith.chip.description import Chip
from chipsmith.program.arithmetic import ceil_div
from chipsmith.program.cycles import transfer_words
from chipsmith.program.instructions import (
    INDIRECT_OPS,
    ChannelRecord,
    End,
    Instruction,
    Load,
    Mode,
    Op,
    Reduce,
    Rounding,
    Source,
    Space,
    Store,
    Table,
    TensorInstruction,
    VectorInstruction,
    WeightsBy,
)
from chipsmith.program.program import Program, page_bytes
from chipsmith.program.tensor_cycles import drain_stages, phases, tiling
from chipsmith.program.vector_cycles import DIVIDE, stream_accesses


@dataclass(frozen=True, kw_only=True)
class ActionCounts:
    """Actions of an instruction or of a whole Program; they add with `+`, and `0 + counts` is counts.

    - `mac_int8`: terms of the tensor engine's sums, those of the padding (masked) included
    - `array_active_cycles`: cycles in which activations enter the array
    - `multiply_32`: 32 x 32-bit multiplications of scales and MUL
    - `alu_32`: 32-bit operations: op and reduction of VECTOR (a division is DIVIDE of them; PASS, GATHER and SCATTER
      none), the additions of bias and residual in the drain
    - `row_products`: products of a row's number and its pitch, of GATHER and SCATTER
    - `table_lookups`: results that pass through a table
    - `memory_read_lines`, `memory_write_lines`: accesses of up to R bytes of a bank group; a masked activation access
      counts, an empty slot of a weight load does not; every row of GATHER and SCATTER counts as there
    - `accumulator_reads`, `accumulator_writes`: int32 accumulators
    - `weight_register_bytes`: weights written into the array's registers
    - `instruction_fetches`: instructions of 128 bytes that the sequencer reads
    - `external_read_bytes`, `external_write_bytes`: whole words on the external channels
    """

    mac_int8: int = 0
    array_active_cycles: int = 0
    multiply_32: int = 0
    alu_32: int = 0
    row_products: int = 0
    table_lookups: int = 0
    memory_read_lines: int = 0
    memory_write_lines: int = 0
    accumulator_reads: int = 0
    accumulator_writes: int = 0
    weight_register_bytes: int = 0
    instruction_fetches: int = 0
    external_read_bytes: int = 0
    external_write_bytes: int = 0

    def __add__(self, other: ActionCounts) -> ActionCounts:
        return ActionCounts(**{name: getattr(self, name) + getattr(other, name) for name in ACTIONS})

    def __radd__(self, other: int) -> ActionCounts:
        if other != 0:
            return NotImplemented
        return self


ACTIONS: tuple[str, ...] = tuple(field.name for field in dataclasses.fields(ActionCounts))
"""Names of the actions, in order."""


def count_actions(chip: Chip, instruction: Instruction) -> ActionCounts:
    """The actions of one execution of an instruction, its fetch by the sequencer included."""
    fetch = ActionCounts(instruction_fetches=1)
    match instruction:
        case Load():
            return fetch + _load(chip, instruction)
        case Store():
            words = transfer_words(instruction, chip)
            return fetch + ActionCounts(
                memory_read_lines=words, external_write_bytes=words * chip.external.bytes_per_cycle
            )
        case TensorInstruction():
            return fetch + _tensor(chip, instruction)
        case VectorInstruction():
            return fetch + _vector(chip, instruction)
        case End():
            return fetch
    raise TypeError(f"{type(instruction).__name__} is no instruction of the machine")


def count_program(program: Program, *, warm: bool = False) -> ActionCounts:
    """The actions of one inference, the doorbell's fetch of page 0 included; `warm` skips the LOADs with `once`."""
    counts = ActionCounts(external_read_bytes=page_bytes(program.chip))
    for one in program.instructions:
        skipped = warm and isinstance(one, Load) and one.once
        counts += ActionCounts(instruction_fetches=1) if skipped else count_actions(program.chip, one)
    return counts


def _load(chip: Chip, load: Load) -> ActionCounts:
    words = transfer_words(load, chip)
    return ActionCounts(
        memory_write_lines=words if load.space is Space.MEMORY else 0,
        external_read_bytes=words * chip.external.bytes_per_cycle,
    )


def _cut(total: int, limit: int) -> Iterator[tuple[int, int]]:
    """(how many, size) of the pieces of at most `limit` that a total falls into."""
    count, rest = divmod(total, limit)
    if count:
        yield count, limit
    if rest:
        yield 1, rest


def _tensor(chip: Chip, one: TensorInstruction) -> ActionCounts:
    counts = ActionCounts()
    for count, channels in _cut(one.output_channels, chip.tensor.columns):
        block = _array(chip, one, channels) + _weights(chip, one, channels) + _drain(chip, one, channels)
        counts += _times(block, count)
    return counts


def _times(counts: ActionCounts, factor: int) -> ActionCounts:
    return ActionCounts(**{name: getattr(counts, name) * factor for name in ACTIONS})


def _pixels(one: TensorInstruction) -> int:
    return one.output_height * one.output_width


def _taps(one: TensorInstruction) -> int:
    columns = one.kernel_x if one.mode is Mode.CONV else 1
    return one.kernel_z * one.kernel_y * columns * one.run


def _array(chip: Chip, one: TensorInstruction, channels: int) -> ActionCounts:
    """Activations into the array and sums into the accumulators, of one channel block."""
    accesses = _pixels(one)
    if one.mode is Mode.DEPTHWISE:
        window = (one.run - 1) * one.dilation_x + 1
        segments = _cut(one.output_width, chip.tensor.tile_pixels)
        columns = sum(count * ((pixels - 1) * one.stride_x + window) for count, pixels in segments)
        accesses = one.output_height * columns * ceil_div(channels, chip.tensor.rows)
    passes = phases(one, chip)
    sums = passes * _pixels(one) * channels
    return ActionCounts(
        mac_int8=_taps(one) * _pixels(one) * channels,
        array_active_cycles=passes * accesses,
        memory_read_lines=passes * accesses,
        accumulator_reads=sums,
        accumulator_writes=sums,
    )


def _weights(chip: Chip, one: TensorInstruction, channels: int) -> ActionCounts:
    """Weights of every phase of every tile, and the records, of one channel block."""
    tiles = tiling(one, chip).tiles
    if one.mode is Mode.CONV and one.weights_by is WeightsBy.COLUMN:
        lines = phases(one, chip) * channels
    else:
        lines = _taps(one) * ceil_div(channels, chip.tensor.rows)
    records = ceil_div(one.parameters.record_bytes * channels, chip.tensor.rows)
    return ActionCounts(
        memory_read_lines=tiles * lines + records,
        weight_register_bytes=tiles * _taps(one) * channels,
    )


def _drain(chip: Chip, one: TensorInstruction, channels: int) -> ActionCounts:
    """Drain of all output pixels of one channel block."""
    values = _pixels(one) * channels
    additions = (one.parameters is not ChannelRecord.NONE) + one.residual
    return ActionCounts(
        multiply_32=values * drain_stages(one),
        alu_32=values * additions,
        memory_read_lines=_pixels(one) * ceil_div(channels, chip.tensor.rows) if one.residual else 0,
        memory_write_lines=_pixels(one) * ceil_div(channels * one.o_type.size_bytes, chip.tensor.rows),
    )


def _vector(chip: Chip, one: VectorInstruction) -> ActionCounts:
    outer = one.o0 * one.o1 * one.o2 * one.o3
    beats = outer * one.r0 * one.r1
    elements = beats * one.lanes
    results = outer if one.lane_reduce else outer * one.lanes
    scales = (one.a_rounding is not Rounding.OFF) + (one.b_rounding is not Rounding.OFF) + (one.op is Op.MUL)
    return ActionCounts(
        multiply_32=elements * scales + (results if one.o_rounding is not Rounding.OFF else 0),
        alu_32=elements * (_operations(one.op) + (one.reduce is not Reduce.NONE)),
        row_products=outer * ceil_div(one.lanes, chip.vector.lanes) if one.op in INDIRECT_OPS else 0,
        table_lookups=results if one.table is not Table.NONE else 0,
        memory_read_lines=beats * _operand_lines(chip, one) + ceil_div(one.table.size_bytes, chip.tensor.rows),
        memory_write_lines=outer * _result_lines(chip, one),
    )


def _operations(op: Op) -> int:
    return {Op.PASS: 0, Op.GATHER: 0, Op.SCATTER: 0, Op.DIV: DIVIDE}.get(op, 1)


def _operand_lines(chip: Chip, one: VectorInstruction) -> int:
    """Accesses that read both operands of all lanes once."""
    streams = [(one.a_lane_stride, one.a_type)]
    if one.b_source is Source.STREAM:
        streams.append((one.b_lane_stride, one.b_type))
    return sum(
        count * stream_accesses(lanes, stride, element, chip)
        for count, lanes in _cut(one.lanes, chip.vector.lanes)
        for stride, element in streams
    )


def _result_lines(chip: Chip, one: VectorInstruction) -> int:
    """Accesses that write the results of all lanes once."""
    if one.lane_reduce:
        return 1
    return sum(
        count * stream_accesses(lanes, one.o_lane_stride, one.o_type, chip)
        for count, lanes in _cut(one.lanes, chip.vector.lanes)
    )
