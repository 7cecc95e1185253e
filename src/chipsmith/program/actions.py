"""What each instruction does on the chip, counted from its fields: what the energy estimate prices."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from chipsmith.chip.description import Chip
from chipsmith.program.arithmetic import ceil_div
from chipsmith.program.cycles import Occupancy, occupancy
from chipsmith.program.external_runs import transfer_lines, transfer_words
from chipsmith.program.instructions import (
    INDIRECT_OPS,
    ChannelRecord,
    End,
    Engine,
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
    TransferInstruction,
    VectorInstruction,
    WeightsBy,
    no_instruction,
)
from chipsmith.program.program import Program, page_bytes
from chipsmith.program.stream_fields import without_places
from chipsmith.program.tensor_cycles import drain_per_pixel, drain_stages, phases, tiling
from chipsmith.program.vector_cycles import DIVIDE, beats, stream_accesses


@dataclass(frozen=True, kw_only=True)
class ActionCounts:
    """Actions of an instruction or of a whole Program; they add with `+`, and `0 + counts` is counts.

    - `mac_int8`: terms of the tensor engine's sums, those of the padding (masked) included
    - `array_active_cycles`: cycles in which activations enter the array
    - `multiply_32`: 32 x 32-bit multiplications of scales and MUL
    - `alu_32`: 32-bit operations: op and reduction of VECTOR (a division is DIVIDE of them; PASS, GATHER and SCATTER
      none), the additions of bias and residual in the drain
    - `row_products`: products of a row's number and its pitch, of GATHER and SCATTER
    - `table_lookups`: results that pass through a table; `table_load_cycles`: lines of tables that are loaded
    - `memory_read_lines`, `memory_write_lines`: accesses of up to R bytes of a bank group; a masked activation access
      counts, an empty slot of a weight load does not; every row of GATHER and SCATTER counts as there
    - `memory_write_words`: words of the external memory that LOAD writes into a line, of which the other bytes stay;
      they are not among the lines
    - `accumulator_reads`, `accumulator_writes`: words of C int32 accumulators
    - `weight_register_bytes`: weights written into the array's registers
    - `array_phases`: sets of weights that pass through the array
    - `drain_cycles`: cycles in which a tile drains
    - `vector_beats`, `vector_elements`: beats of VECTOR, and elements in them
    - `load_cycles`, `store_cycles`, `tensor_cycles`, `vector_cycles`: cycles in which an engine is held
    - `page_words`: words of the external memory that are written into a page of instructions
    - `instruction_fetches`: instructions of 128 bytes that the sequencer reads
    - `external_read_bytes`, `external_write_bytes`: whole atoms of the external memory
    """

    mac_int8: int = 0
    array_active_cycles: int = 0
    multiply_32: int = 0
    alu_32: int = 0
    row_products: int = 0
    table_lookups: int = 0
    table_load_cycles: int = 0
    memory_read_lines: int = 0
    memory_write_lines: int = 0
    memory_write_words: int = 0
    accumulator_reads: int = 0
    accumulator_writes: int = 0
    weight_register_bytes: int = 0
    array_phases: int = 0
    drain_cycles: int = 0
    vector_beats: int = 0
    vector_elements: int = 0
    load_cycles: int = 0
    store_cycles: int = 0
    tensor_cycles: int = 0
    vector_cycles: int = 0
    page_words: int = 0
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
Work: TypeAlias = Mapping[str, int]
"""Actions by name; those that are not named are none."""
_HELD: Mapping[Engine, str] = {
    Engine.LOAD: "load_cycles",
    Engine.STORE: "store_cycles",
    Engine.TENSOR: "tensor_cycles",
    Engine.VECTOR: "vector_cycles",
}
"""The action of a cycle in which an engine is held."""


def count_actions(chip: Chip, instruction: Instruction) -> ActionCounts:
    """The actions of one execution of an instruction, its fetch by the sequencer included."""
    return _sum(chip, [(instruction, occupancy(instruction, chip))])


def count_macs(instructions: Iterable[Instruction]) -> int:
    """The multiply-accumulates of the tensor engine in one execution of some instructions."""
    return sum(
        _taps(row) * row.output_pixels * row.output_channels
        for row in instructions
        if isinstance(row, TensorInstruction)
    )


def count_program(program: Program, *, warm: bool = False) -> ActionCounts:
    """The actions of one inference, the doorbell's fetch of page 0 included; `warm` skips the LOADs with `once`."""
    times = [occupancy(instruction, program.chip) for instruction in program.instructions]
    return count_timed(program.chip, program.instructions, times, warm=warm)


def count_timed(
    chip: Chip, instructions: Sequence[Instruction], times: Sequence[Occupancy], *, warm: bool = False
) -> ActionCounts:
    """As `count_program`, of a program's instructions whose occupancies are known."""
    doorbell = Load(space=Space.PAGE, run_bytes=page_bytes(chip))
    executed = [
        (instruction, time)
        for instruction, time in zip(instructions, times, strict=True)
        if not (warm and isinstance(instruction, Load) and instruction.once)
    ]
    counts = _sum(chip, [*executed, (doorbell, occupancy(doorbell, chip))])
    return replace(counts, instruction_fetches=len(instructions))


def _sum(chip: Chip, executed: Iterable[tuple[Instruction, Occupancy]]) -> ActionCounts:
    """The actions of some instructions, a fetch for each; equal work at other places is counted once."""
    total, known = dict.fromkeys(ACTIONS, 0), dict[Instruction, Work]()
    for instruction, time in executed:
        total["instruction_fetches"] += 1
        if isinstance(instruction, End):
            continue
        total[_HELD[instruction.engine]] += time.engine
        if isinstance(instruction, TransferInstruction):
            _add(total, _transfer(chip, instruction))
            continue
        anywhere = without_places(instruction)
        if anywhere not in known:
            known[anywhere] = _computing(chip, anywhere)
        _add(total, known[anywhere])
    return ActionCounts(**total)


def _computing(chip: Chip, instruction: Instruction) -> Work:
    match instruction:
        case TensorInstruction():
            return _tensor(chip, instruction)
        case VectorInstruction():
            return _vector(chip, instruction)
    raise no_instruction(instruction)


def _add(total: dict[str, int], work: Work, factor: int = 1) -> None:
    for name, count in work.items():
        total[name] = total.get(name, 0) + factor * count


def _transfer(chip: Chip, transfer: TransferInstruction) -> Work:
    external_bytes = transfer_words(transfer, chip) * chip.external.bytes_per_cycle
    if isinstance(transfer, Store):
        return {"memory_read_lines": transfer_lines(transfer, chip), "external_write_bytes": external_bytes}
    if isinstance(transfer, Load) and transfer.space is Space.PAGE:
        words = external_bytes // chip.external.bytes_per_cycle
        return {"page_words": words, "external_read_bytes": external_bytes}
    return {"memory_write_words": transfer_lines(transfer, chip), "external_read_bytes": external_bytes}


def _cut(total: int, limit: int) -> Iterator[tuple[int, int]]:
    """(how many, size) of the pieces of at most `limit` that a total falls into."""
    count, rest = divmod(total, limit)
    if count:
        yield count, limit
    if rest:
        yield 1, rest


def _tensor(chip: Chip, instruction: TensorInstruction) -> Work:
    work: dict[str, int] = {}
    for count, channels in _cut(instruction.output_channels, chip.tensor.columns):
        _add(work, _array(chip, instruction, channels), count)
        _add(work, _weights(chip, instruction, channels), count)
        _add(work, _drain(chip, instruction, channels), count)
    return work


def _taps(instruction: TensorInstruction) -> int:
    columns = instruction.kernel_x if instruction.mode is Mode.CONV else 1
    return instruction.kernel_z * instruction.kernel_y * columns * instruction.run


def _array(chip: Chip, instruction: TensorInstruction, channels: int) -> Work:
    """Activations into the array and sums into the accumulators, of one channel block."""
    sums = accesses = instruction.output_pixels
    if instruction.mode is Mode.DEPTHWISE:
        window = (instruction.run - 1) * instruction.dilation_x + 1
        segments = _cut(instruction.output_width, chip.tensor.tile_pixels)
        columns = sum(count * ((pixels - 1) * instruction.stride_x + window) for count, pixels in segments)
        accesses = instruction.output_height * columns * ceil_div(channels, chip.tensor.rows)
    passes = phases(instruction, chip)
    return {
        "mac_int8": _taps(instruction) * instruction.output_pixels * channels,
        "array_active_cycles": passes * accesses,
        "memory_read_lines": passes * accesses,
        "accumulator_reads": passes * sums,
        "accumulator_writes": passes * sums,
    }


def _weights(chip: Chip, instruction: TensorInstruction, channels: int) -> Work:
    """Weights of every phase of every tile, and the records, of one channel block."""
    tiles = tiling(instruction, chip).tiles
    if instruction.mode is Mode.CONV and instruction.weights_by is WeightsBy.COLUMN:
        lines = phases(instruction, chip) * channels
    else:
        lines = _taps(instruction) * ceil_div(channels, chip.tensor.rows)
    records = ceil_div(instruction.parameters.record_bytes * channels, chip.tensor.rows)
    return {
        "memory_read_lines": tiles * lines + records,
        "weight_register_bytes": tiles * _taps(instruction) * channels,
        "array_phases": tiles * phases(instruction, chip),
    }


def _drain(chip: Chip, instruction: TensorInstruction, channels: int) -> Work:
    """Drain of all output pixels of one channel block."""
    pixels, rows = instruction.output_pixels, chip.tensor.rows
    additions = (instruction.parameters is not ChannelRecord.NONE) + instruction.residual
    return {
        "drain_cycles": pixels * drain_per_pixel(instruction, chip),
        "multiply_32": pixels * channels * drain_stages(instruction),
        "alu_32": pixels * channels * additions,
        "memory_read_lines": pixels * ceil_div(channels, rows) if instruction.residual else 0,
        "memory_write_lines": pixels * ceil_div(channels * instruction.o_type.size_bytes, rows),
    }


def _vector(chip: Chip, instruction: VectorInstruction) -> Work:
    outer = instruction.outer_steps
    steps = outer * instruction.r0 * instruction.r1
    elements = steps * instruction.lanes
    results = outer if instruction.lane_reduce else outer * instruction.lanes
    scales = (
        (instruction.a_rounding is not Rounding.OFF)
        + (instruction.b_rounding is not Rounding.OFF)
        + (instruction.op is Op.MUL)
    )
    table_lines = ceil_div(instruction.table.size_bytes, chip.tensor.rows)
    return {
        "multiply_32": elements * scales + (results if instruction.o_rounding is not Rounding.OFF else 0),
        "alu_32": elements * (_operations(instruction.op) + (instruction.reduce is not Reduce.NONE)),
        "row_products": outer * ceil_div(instruction.lanes, chip.vector.lanes) if instruction.op in INDIRECT_OPS else 0,
        "table_lookups": results if instruction.table is not Table.NONE else 0,
        "vector_beats": beats(instruction, chip),
        "vector_elements": elements,
        "table_load_cycles": table_lines,
        "memory_read_lines": steps * _operand_lines(chip, instruction) + table_lines,
        "memory_write_lines": outer * _result_lines(chip, instruction),
    }


def _operations(op: Op) -> int:
    return {Op.PASS: 0, Op.GATHER: 0, Op.SCATTER: 0, Op.DIV: DIVIDE}.get(op, 1)


def _operand_lines(chip: Chip, instruction: VectorInstruction) -> int:
    """Accesses that read both operands of all lanes once."""
    streams = [(instruction.a_lane_stride, instruction.a_type)]
    if instruction.b_source is Source.STREAM:
        streams.append((instruction.b_lane_stride, instruction.b_type))
    return sum(
        count * stream_accesses(lanes, stride, element, chip)
        for count, lanes in _cut(instruction.lanes, chip.vector.lanes)
        for stride, element in streams
    )


def _result_lines(chip: Chip, instruction: VectorInstruction) -> int:
    """Accesses that write the results of all lanes once."""
    if instruction.lane_reduce:
        return 1
    return sum(
        count * stream_accesses(lanes, instruction.o_lane_stride, instruction.o_type, chip)
        for count, lanes in _cut(instruction.lanes, chip.vector.lanes)
    )
