"""Refuses faulty instructions and programs before they run (docs/machine.md, section 3)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from chipsmith.chip.description import Chip
from chipsmith.errors import BadInput
from chipsmith.program.cycles import ISSUE, occupancy
from chipsmith.program.encoding import check_fields
from chipsmith.program.external_runs import stores_twice, transfers_meet
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
    TensorInstruction,
    TransferInstruction,
    Type,
    VectorInstruction,
    no_instruction,
)
from chipsmith.program.limits import Limits, environment_limits
from chipsmith.program.program import Port, Program, encode_pages, page_bytes, page_count
from chipsmith.program.residue import check_wipe
from chipsmith.program.streams import Mask, Stream, a_loops, b_loops, external_stream, o_loops, streams

LEAST_SHIFT, GREATEST_SHIFT = 2, 62
COMPARED_PAIRS = 1 << 13
"""Pairs of a LOAD and a STORE near each other that are compared run by run; a further pair counts as one that meets."""
MOST_CYCLES = (1 << 62) - 1
"""Cycles of a program at most."""
_WIPE_COPIES = 5
"""Bytes that verifying a wipe takes for each byte of external memory."""
_LEAST_POSITION, _GREATEST_POSITION = -(1 << 31), (1 << 31) - 1
_PORT_TYPES = ("<b1", "<i1", "<i2", "<i4")
BINARY_OPS = frozenset(
    {Op.ADD, Op.SUB, Op.MUL, Op.MAX, Op.MIN, Op.AND, Op.OR, Op.XOR}
    | {Op.SHL, Op.LSR, Op.ASR, Op.EQ, Op.GT, Op.GE, Op.DIV}
)
_SHIFTS = frozenset({Op.SHL, Op.LSR, Op.ASR})


def check_instruction(chip: Chip, instruction: Instruction) -> None:
    """Raise BadInput, naming the field or stream, where a chip cannot run the instruction.

    Checks field values, counts, ranges, alignment, named bank groups, output bytes written twice, and output
    streams that overlap input streams.
    """
    check_fields(instruction)
    for fault in _field_faults(instruction, chip):
        raise BadInput(fault)
    touched = streams(instruction)
    for stream in touched:
        _check_stream(chip, stream)
        if stream.written and not _scatters(instruction) and stream.has_repeats():
            raise BadInput(f"stream {stream.name} writes a byte more than once")
    _check_overlaps(instruction, touched)


def _check_stream(chip: Chip, stream: Stream) -> None:
    first, last, named = stream.first, stream.last, stream.groups
    if first < 0 or last >= chip.memory_bytes:
        raise BadInput(f"stream {stream.name} touches bytes {first} to {last}; the memory has {chip.memory_bytes}")
    size = chip.memory.group_bytes
    if not (named.first <= first // size and last // size <= named.last < chip.memory.groups):
        raise BadInput(
            f"stream {stream.name} touches bank groups {first // size} to {last // size} but names groups "
            f"{named.first} to {named.last} of {chip.memory.groups}"
        )
    if any(place % stream.alignment for place in (stream.base, *stream.steps)):
        raise BadInput(f"stream {stream.name}: base and strides must be multiples of {stream.alignment} bytes")


def _scatters(instruction: Instruction) -> bool:
    """Whether data decides where the output stands."""
    return isinstance(instruction, VectorInstruction) and instruction.op is Op.SCATTER


def _check_overlaps(instruction: Instruction, touched: Sequence[Stream]) -> None:
    for output in (stream for stream in touched if stream.written):
        for source in (stream for stream in touched if not stream.written):
            if output.overlaps(source) and not _in_place(instruction, source):
                raise BadInput(f"output stream {output.name} overlaps input stream {source.name}")


def _in_place(instruction: Instruction, source: Stream) -> bool:
    """Whether each output element stands exactly on the element of `source` that it is computed from."""
    if not isinstance(instruction, VectorInstruction) or source.name == "TABLE":
        return False
    if instruction.reduce is not Reduce.NONE or instruction.op in INDIRECT_OPS:
        return False
    if source.name == "A":
        base, size, loops = instruction.a_base, instruction.a_type.size_bytes, a_loops(instruction)[:5]
    else:
        base, size, loops = instruction.b_base, instruction.b_type.size_bytes, b_loops(instruction)
    if (base, size) != (instruction.o_base, instruction.o_type.size_bytes):
        return False
    return all(read == written for read, written in zip(loops, o_loops(instruction), strict=True) if read[0] > 1)


def _field_faults(instruction: Instruction, chip: Chip) -> Iterator[str]:
    match instruction:
        case End():
            return iter(())
        case Load(space=Space.PAGE):
            return _page_load_faults(instruction, chip)
        case TransferInstruction():
            return _transfer_faults(instruction)
        case TensorInstruction():
            return _tensor_faults(instruction, chip)
        case VectorInstruction():
            return _vector_faults(instruction)
    raise no_instruction(instruction)


def _page_load_faults(instruction: Load, chip: Chip) -> Iterator[str]:
    if instruction.local_address > 1:
        yield f"LOAD of a page to slot {instruction.local_address}; the slots are 0 and 1"
    if (instruction.outer_count, instruction.inner_count, instruction.run_bytes) != (1, 1, page_bytes(chip)):
        yield f"LOAD of a page must be one run of {page_bytes(chip)} bytes"
    if instruction.once:
        yield "LOAD of a page cannot be `once`: its slot is used again"


def _transfer_faults(transfer: TransferInstruction) -> Iterator[str]:
    yield from _counts(transfer, "outer_count", "inner_count", "run_bytes")


def _tensor_faults(instruction: TensorInstruction, chip: Chip) -> Iterator[str]:
    yield from _counts(
        instruction, "output_height", "output_width", "output_channels", "kernel_z", "kernel_y", "kernel_x", "run"
    )
    yield from _operand_range_faults(instruction)
    yield from (
        _depthwise_faults(instruction, chip) if instruction.mode is Mode.DEPTHWISE else _position_faults(instruction)
    )
    if instruction.o_type not in (Type.INT8, Type.INT16, Type.INT32):
        yield f"o_type {instruction.o_type.name}: TENSOR writes INT8, INT16 or INT32"
    if instruction.parameters is not ChannelRecord.PER_CHANNEL:
        yield from _shift_fault("shift", instruction.requantise, instruction.shift)
    if instruction.requantise is not Rounding.OFF and instruction.clamp_min > instruction.clamp_max:
        yield f"clamp_min {instruction.clamp_min} is above clamp_max {instruction.clamp_max}"
    if instruction.residual:
        yield from _residual_faults(instruction)


def _operand_range_faults(instruction: TensorInstruction) -> Iterator[str]:
    """An int8 less its zero point is an operand of 9 bits only where the zero point is an int8 too."""
    for name, zero_point in (("a_zero_point", instruction.a_zero_point), ("w_zero_point", instruction.w_zero_point)):
        if not -128 <= zero_point <= 127:
            yield f"{name} is {zero_point}; an operand of 9 bits allows -128 to 127"


def _position_faults(instruction: TensorInstruction) -> Iterator[str]:
    """Every column byte, masked or not, is counted in 32 bits."""
    first = -instruction.pad_left * instruction.pixel_pitch
    columns = (instruction.output_width - 1) * instruction.stride_x
    columns += (instruction.kernel_x - 1) * instruction.dilation_x
    last = first + columns * instruction.pixel_pitch + instruction.run - 1
    if first < _LEAST_POSITION or last > _GREATEST_POSITION:
        yield f"column bytes {first} to {last} do not fit the 32 bits of the position counters"


def _depthwise_faults(instruction: TensorInstruction, chip: Chip) -> Iterator[str]:
    if instruction.kernel_x != 1:
        yield f"kernel_x {instruction.kernel_x}: DEPTHWISE needs 1, its taps along x are counted by `run`"
    if instruction.run > 1 and instruction.dilation_x == 0:
        yield f"dilation_x 0: {instruction.run} taps of DEPTHWISE cannot stand on one pixel"
    window = (instruction.run - 1) * instruction.dilation_x + 1
    if window > chip.tensor.rows:
        yield f"DEPTHWISE window of {window} pixels along x does not fit the array of {chip.tensor.rows} rows"
    if instruction.stride_x == 0 and instruction.output_width > 1:
        yield "stride_x 0: DEPTHWISE completes one output pixel with each input pixel, so it needs at least 1"


def _residual_faults(instruction: TensorInstruction) -> Iterator[str]:
    if instruction.requantise is Rounding.OFF or instruction.o_type is not Type.INT8:
        yield "residual needs requantise and an INT8 output"
    if instruction.sum_rounding is Rounding.OFF:
        yield "residual needs a scale of the sum: sum_rounding is OFF"
    if instruction.sum_clamp_min > instruction.sum_clamp_max:
        yield f"sum_clamp_min {instruction.sum_clamp_min} is above sum_clamp_max {instruction.sum_clamp_max}"
    yield from _shift_fault("acc_shift", instruction.acc_rounding, instruction.acc_shift)
    yield from _shift_fault("res_shift", instruction.res_rounding, instruction.res_shift)
    yield from _shift_fault("sum_shift", instruction.sum_rounding, instruction.sum_shift)


def _vector_faults(instruction: VectorInstruction) -> Iterator[str]:
    yield from _counts(instruction, "o0", "o1", "o2", "o3", "lanes", "r0", "r1")
    if instruction.reduce is Reduce.NONE and (instruction.r0 != 1 or instruction.r1 != 1 or instruction.lane_reduce):
        yield "r0, r1 or lane_reduce without a reduction"
    if not instruction.lane_reduce and instruction.lanes > 1 and instruction.o_lane_stride == 0:
        yield "o_lane_stride 0 with more than one lane"
    if instruction.clamp_min > instruction.clamp_max:
        yield f"clamp_min {instruction.clamp_min} is above clamp_max {instruction.clamp_max}"
    yield from _row_faults(instruction) if instruction.op in INDIRECT_OPS else _operand_faults(instruction)
    yield from _shift_fault("a_shift", instruction.a_rounding, instruction.a_shift)
    yield from _shift_fault("b_shift", instruction.b_rounding, instruction.b_shift)
    yield from _shift_fault("o_shift", instruction.o_rounding, instruction.o_shift)


def _operand_faults(instruction: VectorInstruction) -> Iterator[str]:
    if instruction.op in BINARY_OPS and instruction.b_source is Source.NONE:
        yield f"op {instruction.op.name} needs an operand B"
    if instruction.b_rounding is not Rounding.OFF and instruction.b_source is not Source.STREAM:
        yield "b_rounding without a stream B"
    if (
        instruction.op in _SHIFTS
        and instruction.b_source is Source.IMMEDIATE
        and not 0 <= instruction.b_immediate <= 31
    ):
        yield f"op {instruction.op.name} by {instruction.b_immediate}; shifts are 0 to 31"
    if instruction.op is Op.ASR and instruction.op_argument > 1:
        yield f"op_argument {instruction.op_argument} of ASR is reserved; it is 0 or 1"
    if instruction.op is Op.DIV and instruction.b_source is Source.IMMEDIATE and instruction.b_immediate == 0:
        yield "op DIV by 0"


def _row_faults(instruction: VectorInstruction) -> Iterator[str]:
    yield from _counts(instruction, "rows")
    if instruction.b_source is not Source.STREAM:
        yield f"op {instruction.op.name} needs a stream B of row numbers"
    for name in ("b_lane_stride", "b_zero_point", "b_left_shift", "b_rounding", "reduce"):
        if getattr(instruction, name):
            yield f"{name} is {getattr(instruction, name)}; op {instruction.op.name} needs 0"


def _counts(instruction: Instruction, *names: str) -> Iterator[str]:
    for name in names:
        if getattr(instruction, name) < 1:
            yield f"{name} is {getattr(instruction, name)}; counts are at least 1"


def _shift_fault(name: str, rounding: Rounding, shift: int) -> Iterator[str]:
    if rounding is not Rounding.OFF and not LEAST_SHIFT <= shift <= GREATEST_SHIFT:
        yield f"{name} is {shift}; a scale stage shifts by {LEAST_SHIFT} to {GREATEST_SHIFT}"


def verify_program(program: Program, *, limits: Limits | None = None) -> None:
    """Raise BadInput where a Program is faulty, naming the instruction.

    Checks each instruction, the pages and the LOADs that fetch them, END, external addresses, the cycles, the order of
    LOADs and STOREs that meet in external memory, the bytes of `once` LOADs, the ports, and what a wipe leaves.
    BadInput also where that takes more memory than `limits` allow, which are the environment's by default: a wipe is
    followed byte by byte.
    """
    if program.manifest.wipe_start is not None:
        followed = _WIPE_COPIES * program.manifest.external_bytes
        (limits or environment_limits()).check_memory(followed, "verifying its wipe")
    _check_end(program)
    _check_pages(program)
    _check_external_size(program)
    for index, instruction in enumerate(program.instructions):
        try:
            check_instruction(program.chip, instruction)
            _check_external(program, instruction)
        except BadInput as fault:
            raise BadInput(f"{_name(program, index)}: {fault}") from None
    _check_cycles(program)
    _check_external_order(program)
    _check_once(program)
    for port in (*program.manifest.inputs, *program.manifest.outputs):
        _check_port(program, port)
    check_wipe(program)


def _name(program: Program, index: int) -> str:
    return f"instruction {index} ({program.instructions[index].mnemonic})"


def _check_end(program: Program) -> None:
    ends = [index for index, instruction in enumerate(program.instructions) if isinstance(instruction, End)]
    if ends != [len(program.instructions) - 1]:
        raise BadInput(f"a program has one END, its last instruction; this one has END at {ends}")


def _check_pages(program: Program) -> None:
    size = program.chip.instructions.page_instructions
    last = page_count(program.chip, len(program.instructions)) - 1
    pages = encode_pages(program.chip, program.instructions)
    if program.constants[: len(pages)] != pages:
        raise BadInput("the image of external memory does not begin with the program's pages of instructions")
    for page in range(last + 1):
        loads = [
            (index, instruction)
            for index, instruction in enumerate(program.instructions[page * size : (page + 1) * size], page * size)
            if isinstance(instruction, Load) and instruction.space is Space.PAGE
        ]
        if page < last and not loads:
            raise BadInput(f"page {page + 1} is never loaded: page {page} holds no LOAD of it")
        for index, load in loads:
            _check_page_load(program, index, load, page + 1 if page < last else None)


def _check_page_load(program: Program, index: int, load: Load, page: int | None) -> None:
    if page is None:
        raise BadInput(f"{_name(program, index)} loads a page, but no page follows its own")
    address = page * page_bytes(program.chip)
    if load.local_address != page % 2 or load.external_address != address:
        raise BadInput(f"{_name(program, index)} must load page {page} from {address} to slot {page % 2}")


def _check_external_size(program: Program) -> None:
    limit = program.chip.external_bytes
    if not len(program.constants) <= program.manifest.external_bytes <= limit:
        raise BadInput(
            f"the program needs {program.manifest.external_bytes} bytes of external memory with "
            f"{len(program.constants)} of constants; the chip has {limit}"
        )


def _check_external(program: Program, instruction: Instruction) -> None:
    if not isinstance(instruction, TransferInstruction):
        return
    stream = external_stream(instruction)
    limit = program.manifest.external_bytes
    if stream.first < 0 or stream.last >= limit:
        raise BadInput(f"touches bytes {stream.first} to {stream.last} of external memory; the program has {limit}")
    if isinstance(instruction, Load) and instruction.once and stream.last >= len(program.constants):
        raise BadInput("is `once` but reads beyond the constants, bytes that another inference may change")
    if stream.written and stream.first < len(program.constants):
        raise BadInput(f"stores to byte {stream.first}, into the constants ({len(program.constants)} bytes)")
    if stream.written and stores_twice(instruction):
        raise BadInput("stores a byte of external memory more than once")


def _check_cycles(program: Program) -> None:
    """All instructions one after the other may take MOST_CYCLES at most, so that no counter of cycles overflows."""
    taken = 0
    for index, instruction in enumerate(program.instructions):
        times = occupancy(instruction, program.chip)
        taken += ISSUE + max(times.engine, times.locks, times.external)
        if taken > MOST_CYCLES:
            raise BadInput(
                f"{_name(program, index)} ends after {taken:,} cycles; the machine counts to {MOST_CYCLES:,}"
            )


def _check_external_order(program: Program) -> None:
    """A LOAD and a STORE that meet in external memory must name a common external region, or they race.

    Programs that the compiler makes have few, if any, that are only near each other without it. A program of more than
    COMPARED_PAIRS such pairs is refused, for to compare them all would take hours.
    """
    moves = [
        (index, instruction)
        for index, instruction in enumerate(program.instructions)
        if isinstance(instruction, TransferInstruction)
    ]
    loads = [(index, instruction) for index, instruction in moves if isinstance(instruction, Load)]
    reads = [external_stream(instruction) for _, instruction in loads]
    first = np.array([read.first for read in reads], np.int64)
    last = np.array([read.last for read in reads], np.int64)
    locks = np.array([instruction.external_locks for _, instruction in loads], np.int64)
    pairs = 0
    for index, store in moves:
        if not isinstance(store, Store):
            continue
        written = external_stream(store)
        near = (first <= written.last) & (last >= written.first) & (locks & store.external_locks == 0)
        for place in np.flatnonzero(near):
            pairs += 1
            if pairs > COMPARED_PAIRS or transfers_meet(store, loads[place][1]):
                raise BadInput(
                    f"{_name(program, index)} and {_name(program, loads[place][0])} meet in external memory and name "
                    "no common external region"
                )


def _check_once(program: Program) -> None:
    """No instruction may write the bytes of another's `once` LOAD."""
    kept: Mask = np.zeros(program.chip.memory_bytes, np.bool_)
    written = [
        (index, isinstance(instruction, Load) and bool(instruction.once), stream)
        for index, instruction in enumerate(program.instructions)
        for stream in streams(instruction)
        if stream.written
    ]
    if not any(once for _, once, _ in written):
        return
    for index, _, stream in sorted(written, key=lambda item: not item[1]):
        _keep(program, index, stream, kept)


def _keep(program: Program, index: int, stream: Stream, kept: Mask) -> None:
    span = kept[stream.first : stream.last + 1]
    if span.any() and (span & stream.mask()).any():
        raise BadInput(f"{_name(program, index)} writes bytes that a `once` LOAD keeps for the next inference")
    instruction = program.instructions[index]
    if isinstance(instruction, Load) and instruction.once:
        span |= stream.mask()


def _check_port(program: Program, port: Port) -> None:
    if port.dtype not in _PORT_TYPES or min(port.shape, default=1) < 1:
        raise BadInput(
            f"port {port.name} is {port.dtype}{list(port.shape)}; its type is one of {', '.join(_PORT_TYPES)} and its "
            "dimensions are at least 1"
        )
    size = math.prod(port.shape) * np.dtype(port.dtype).itemsize
    if port.size_bytes != size:
        raise BadInput(f"port {port.name} of {size} bytes says that it has {port.size_bytes}")
    if port.address < 0 or port.address + size > program.manifest.external_bytes:
        raise BadInput(f"port {port.name} ends beyond the program's {program.manifest.external_bytes} external bytes")
    if port.index_range is not None and not _is_index_range(port.index_range, port.dtype):
        raise BadInput(f"port {port.name} of {port.dtype} cannot hold indices from {port.index_range[0]} on")
    if port in program.manifest.inputs and port.address < len(program.constants):
        raise BadInput(f"input port {port.name} stands in the constants")


def _is_index_range(index_range: tuple[int, int], dtype: str) -> bool:
    least, greatest = index_range
    return dtype == "<i4" and _LEAST_POSITION <= least <= 0 <= greatest <= _GREATEST_POSITION
