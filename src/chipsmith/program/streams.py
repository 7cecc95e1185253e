"""The bytes of on-chip memory that an instruction touches, stream by stream (docs/machine.md, sections 4, 6 and 7)."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from chipsmith.program.arithmetic import ceil_div
from chipsmith.program.instructions import (
    ChannelRecord,
    End,
    Instruction,
    Load,
    Mode,
    Op,
    Source,
    Space,
    Store,
    Table,
    TensorInstruction,
    TransferInstruction,
    Type,
    VectorInstruction,
    WeightsBy,
    no_instruction,
)
from chipsmith.program.positions import Reach

Offsets: TypeAlias = range | npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]

_SPREAD_BYTES = 1 << 29
"""Bytes of all pieces of an irregular loop together, up to which its gaps are looked at."""
_ROW_BYTES = 1 << 24
"""Bytes of a row of activations whose gaps are looked at: as many as any on-chip memory has addresses."""


@dataclass(frozen=True, kw_only=True)
class Groups:
    """A range of bank groups, both ends included."""

    first: int
    last: int


@dataclass(frozen=True, kw_only=True)
class Stream:
    """Bytes of one stream: `base`, plus one offset of each loop, plus 0 to `dense_bytes` - 1.

    Each loop's offsets rise or fall and are distinct. `accesses_bytes` counts each access, repeated ones too.
    `alignment` divides every element's address where `steps` and `base` are multiples of it.
    """

    name: str
    written: bool
    base: int
    loops: tuple[Offsets, ...]
    dense_bytes: int
    accesses_bytes: int
    alignment: int
    steps: tuple[int, ...]
    groups: Groups

    @cached_property
    def first(self) -> int:
        """Lowest address."""
        return self.base + sum(min(int(loop[0]), int(loop[-1])) for loop in self.loops)

    @cached_property
    def last(self) -> int:
        """Highest address."""
        return self.base + sum(max(int(loop[0]), int(loop[-1])) for loop in self.loops) + self.dense_bytes - 1

    def mask(self) -> Mask:
        """Whether each byte from `first` to `last` is touched.

        Of an irregular loop of very many pieces, all steps between its first and its last count as taken.
        """
        mask: Mask = np.ones(self.dense_bytes, np.bool_)
        for loop in sorted(self.loops, key=_extent):
            mask = _spread(mask, loop)
        return mask

    def has_repeats(self) -> bool:
        """Whether some byte is accessed more than once."""
        extent = self.dense_bytes
        for loop in sorted(self.loops, key=_extent):
            if len(loop) > 1 and abs(int(loop[1]) - int(loop[0])) < extent:
                return int(np.count_nonzero(self.mask())) != self.accesses_bytes
            extent += _extent(loop)
        return self.accesses_bytes != self.dense_bytes * math.prod(len(loop) for loop in self.loops)

    def overlaps(self, other: Stream) -> bool:
        """Whether some byte belongs to both streams."""
        low, high = max(self.first, other.first), min(self.last, other.last) + 1
        if low >= high:
            return False
        mine = self.mask()[low - self.first : high - self.first]
        return bool(np.any(mine & other.mask()[low - other.first : high - other.first]))


def _extent(loop: Offsets) -> int:
    return abs(int(loop[-1]) - int(loop[0]))


def _spread(mask: Mask, loop: Offsets) -> Mask:
    if isinstance(loop, range):
        return _repeated(mask, len(loop), abs(loop.step))
    if mask.all():
        return _runs(loop, len(mask))
    spread = np.zeros(len(mask) + _extent(loop), np.bool_)
    for piece in _pieces(loop, limit=_SPREAD_BYTES // len(mask)):
        span = spread[piece.start : piece.stop - piece.step + len(mask)]
        span |= _repeated(mask, len(piece), piece.step)
    return spread


def _runs(offsets: npt.NDArray[np.int64], size: int) -> Mask:
    """Runs of `size` bytes from each of some distinct offsets on."""
    change = np.zeros(_extent(offsets) + size + 1, np.int32)
    starts = offsets - offsets.min()
    change[starts] += 1
    change[starts + size] -= 1
    return np.cumsum(change[:-1], dtype=np.int32) > 0


def _pieces(offsets: npt.NDArray[np.int64], *, limit: int) -> list[range]:
    """Rising ranges that hold the offsets less the least of them; a range of more than these alone beyond a limit."""
    places = np.sort(offsets - offsets.min())
    gaps = np.diff(places)
    least = int(gaps.min(initial=1 << 62))
    ends = np.flatnonzero(gaps != least)
    if len(ends) >= limit:
        step = int(np.gcd.reduce(gaps))
        return [range(0, int(places[-1]) + step, step)]
    edges = zip([0, *(ends + 1).tolist()], [*ends.tolist(), len(places) - 1], strict=True)
    return [range(int(places[first]), int(places[last]) + least, least) for first, last in edges]


def _repeated(mask: Mask, count: int, step: int) -> Mask:
    """The mask `count` times, each a step further: made by doubling, so that a long loop takes few passes."""
    if count == 1:
        return mask
    half = _repeated(mask, ceil_div(count, 2), step)
    spread = np.zeros(len(mask) + (count - 1) * step, np.bool_)
    spread[: len(half)] = half
    spread[-len(half) :] |= half  # of an odd count, the one in the middle twice
    return spread


def affine_stream(
    *,
    name: str,
    written: bool,
    base: int,
    loops: tuple[tuple[int, int], ...],
    element_bytes: int,
    alignment: int,
    groups: Groups,
) -> Stream:
    """The stream of elements at `base` plus the sum of index*stride over `loops`, each (count, stride)."""
    moving = tuple((count, stride) for count, stride in loops if count > 1 and stride)
    return Stream(
        name=name,
        written=written,
        base=base,
        loops=tuple(range(0, count * stride, stride) for count, stride in moving),
        dense_bytes=element_bytes,
        accesses_bytes=element_bytes * math.prod(count for count, _ in loops),
        alignment=alignment,
        steps=tuple(stride for _, stride in moving),
        groups=groups,
    )


def streams(instruction: Instruction) -> tuple[Stream, ...]:
    """The streams of an instruction in on-chip memory; all its counts are at least 1.

    A stream that the instruction does not use, or that is masked everywhere, is absent. TypeError for a class that is
    no instruction.
    """
    match instruction:
        case Load(space=Space.PAGE) | End():
            return ()
        case Load():
            return (_transfer(instruction, name="destination", written=True),)
        case Store():
            return (_transfer(instruction, name="source", written=False),)
        case TensorInstruction():
            return _tensor(instruction)
        case VectorInstruction():
            return _vector(instruction)
    raise no_instruction(instruction)


def _transfer(transfer: TransferInstruction, *, name: str, written: bool) -> Stream:
    return affine_stream(
        name=name,
        written=written,
        base=transfer.local_address,
        loops=(
            (transfer.outer_count, transfer.local_outer_stride),
            (transfer.inner_count, transfer.local_inner_stride),
        ),
        element_bytes=transfer.run_bytes,
        alignment=1,
        groups=Groups(first=transfer.first_group, last=transfer.last_group),
    )


def external_stream(transfer: TransferInstruction) -> Stream:
    """The bytes of external memory that a transfer touches; its groups mean nothing."""
    return affine_stream(
        name="external memory",
        written=isinstance(transfer, Store),
        base=transfer.external_address,
        loops=(
            (transfer.outer_count, transfer.external_outer_stride),
            (transfer.inner_count, transfer.external_inner_stride),
        ),
        element_bytes=transfer.run_bytes,
        alignment=1,
        groups=Groups(first=0, last=0),
    )


def _tensor(instruction: TensorInstruction) -> tuple[Stream, ...]:
    candidates = (_activations(instruction), _weights(instruction), _records(instruction), _tensor_output(instruction))
    return tuple(stream for stream in (*candidates, _residual(instruction)) if stream is not None)


def _activations(instruction: TensorInstruction) -> Stream | None:
    rows = _rows(instruction)
    columns, dense_bytes = _columns(instruction)
    if not len(rows) or not len(columns):
        return None
    affine = affine_stream(
        name="A",
        written=False,
        base=instruction.a_base,
        loops=((instruction.kernel_z, instruction.a_pitch_z),),
        element_bytes=dense_bytes,
        alignment=1,
        groups=Groups(first=instruction.a_first_group, last=instruction.a_last_group),
    )
    return dataclasses.replace(affine, loops=(*affine.loops, _scaled(rows, instruction.row_pitch), columns))


def _scaled(positions: npt.NDArray[np.int64], pitch: int) -> npt.NDArray[np.int64]:
    return positions * pitch if pitch else np.zeros(min(1, len(positions)), np.int64)


def _columns(instruction: TensorInstruction) -> tuple[npt.NDArray[np.int64], int]:
    """Offsets that the taps of a row reach, and how many bytes follow each."""
    if instruction.mode is Mode.DEPTHWISE:
        pixels = _pixels(instruction, instruction.run).within(instruction.input_width)
        return _scaled(pixels, instruction.pixel_pitch), instruction.output_channels
    low, high = _reached_runs(instruction)
    if not len(low):
        return low, 1
    if int(high[-1] - low[0]) > _ROW_BYTES or bool((low[1:] <= high[:-1]).all()):
        return low[:1], int(high[-1] - low[0])
    if bool((high - low == high[0] - low[0]).all()):
        return low, int(high[0] - low[0])
    return _bytes_of_runs(low, high), 1


def _rows(instruction: TensorInstruction) -> npt.NDArray[np.int64]:
    """Input rows that the taps reach."""
    reach = Reach(
        steps=instruction.output_height,
        stride=instruction.stride_y,
        taps=instruction.kernel_y,
        dilation=instruction.dilation_y,
        pad=instruction.pad_top,
    )
    return reach.within(instruction.input_height)


def _pixels(instruction: TensorInstruction, taps: int) -> Reach:
    """Pixels of a row that so many taps along x reach."""
    return Reach(
        steps=instruction.output_width,
        stride=instruction.stride_x,
        taps=taps,
        dilation=instruction.dilation_x,
        pad=instruction.pad_left,
    )


def _reached_runs(instruction: TensorInstruction) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """First column byte of each run of CONV and the byte after it, sorted, without what is masked."""
    reach, pitch = _pixels(instruction, instruction.kernel_x), instruction.pixel_pitch
    starts = reach.within(instruction.input_width) * pitch
    # A run may begin before pixel 0 and still reach into the row: of such runs the last holds the others.
    before = reach.last_before_zero()
    if before is not None and before * pitch + instruction.run > 0:
        starts = np.concatenate([np.array([before * pitch]), starts])
    limit = instruction.input_width * pitch
    low, high = np.maximum(starts, 0), np.minimum(starts + instruction.run, limit)
    return low[low < high], high[low < high]


def _bytes_of_runs(low: npt.NDArray[np.int64], high: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Sorted bytes of sorted runs."""
    origin = int(low[0])
    change = np.zeros(int(high[-1]) - origin + 1, np.int32)
    np.add.at(change, low - origin, 1)
    np.add.at(change, high - origin, -1)
    return np.flatnonzero(np.cumsum(change, dtype=np.int32)) + origin


def _weights(instruction: TensorInstruction) -> Stream:
    taps = (
        (instruction.kernel_z, instruction.w_stride_z),
        (instruction.kernel_y, instruction.w_stride_y),
        (instruction.kernel_x, instruction.w_stride_x),
    )
    by_column = instruction.mode is Mode.CONV and instruction.weights_by is WeightsBy.COLUMN
    strided, dense_bytes = (
        (instruction.output_channels, instruction.run) if by_column else (instruction.run, instruction.output_channels)
    )
    return affine_stream(
        name="W",
        written=False,
        base=instruction.w_base,
        loops=(*taps, (strided, instruction.w_stride)),
        element_bytes=dense_bytes,
        alignment=1,
        groups=Groups(first=instruction.w_first_group, last=instruction.w_last_group),
    )


def _records(instruction: TensorInstruction) -> Stream | None:
    if instruction.parameters is ChannelRecord.NONE:
        return None
    return affine_stream(
        name="P",
        written=False,
        base=instruction.param_base,
        loops=(),
        element_bytes=instruction.parameters.record_bytes * instruction.output_channels,
        alignment=4 if instruction.parameters is ChannelRecord.BIAS else 1,
        groups=Groups(first=instruction.param_first_group, last=instruction.param_last_group),
    )


def _tensor_output(instruction: TensorInstruction) -> Stream:
    return affine_stream(
        name="O",
        written=True,
        base=instruction.o_base,
        loops=((instruction.output_height, instruction.o_stride_y), (instruction.output_width, instruction.o_stride_x)),
        element_bytes=instruction.output_channels * instruction.o_type.size_bytes,
        alignment=instruction.o_type.size_bytes,
        groups=Groups(first=instruction.o_first_group, last=instruction.o_last_group),
    )


def _residual(instruction: TensorInstruction) -> Stream | None:
    if not instruction.residual:
        return None
    return affine_stream(
        name="RES",
        written=False,
        base=instruction.res_base,
        loops=(
            (instruction.output_height, instruction.res_stride_y),
            (instruction.output_width, instruction.res_stride_x),
        ),
        element_bytes=instruction.output_channels,
        alignment=1,
        groups=Groups(first=instruction.res_first_group, last=instruction.res_last_group),
    )


def _vector(instruction: VectorInstruction) -> tuple[Stream, ...]:
    candidates = (_operand_a(instruction), _operand_b(instruction), _vector_output(instruction), _table(instruction))
    return tuple(stream for stream in candidates if stream is not None)


def a_loops(instruction: VectorInstruction) -> tuple[tuple[int, int], ...]:
    """(count, stride) of A's loops o0 to o3, lanes, r0, r1."""
    return (
        (instruction.o0, instruction.a_stride_0),
        (instruction.o1, instruction.a_stride_1),
        (instruction.o2, instruction.a_stride_2),
        (instruction.o3, instruction.a_stride_3),
        (instruction.lanes, instruction.a_lane_stride),
        (instruction.r0, instruction.a_reduce_0),
        (instruction.r1, instruction.a_reduce_1),
    )


def b_loops(instruction: VectorInstruction) -> tuple[tuple[int, int], ...]:
    """(count, stride) of B's loops o0 to o3, lanes."""
    return (
        (instruction.o0, instruction.b_stride_0),
        (instruction.o1, instruction.b_stride_1),
        (instruction.o2, instruction.b_stride_2),
        (instruction.o3, instruction.b_stride_3),
        (instruction.lanes, instruction.b_lane_stride),
    )


def o_loops(instruction: VectorInstruction) -> tuple[tuple[int, int], ...]:
    """(count, stride) of the output's loops o0 to o3, lanes; one lane where the lanes are reduced."""
    return (
        (instruction.o0, instruction.o_stride_0),
        (instruction.o1, instruction.o_stride_1),
        (instruction.o2, instruction.o_stride_2),
        (instruction.o3, instruction.o_stride_3),
        (1 if instruction.lane_reduce else instruction.lanes, instruction.o_lane_stride),
    )


def _operand_a(instruction: VectorInstruction) -> Stream:
    groups = Groups(first=instruction.a_first_group, last=instruction.a_last_group)
    loops = (*a_loops(instruction), *_row_loops(instruction, Op.GATHER))
    return _elements("A", instruction.a_type, instruction.a_base, loops, groups, written=False)


def _operand_b(instruction: VectorInstruction) -> Stream | None:
    if instruction.b_source is not Source.STREAM:
        return None
    groups = Groups(first=instruction.b_first_group, last=instruction.b_last_group)
    return _elements("B", instruction.b_type, instruction.b_base, b_loops(instruction), groups, written=False)


def _vector_output(instruction: VectorInstruction) -> Stream:
    groups = Groups(first=instruction.o_first_group, last=instruction.o_last_group)
    loops = (*o_loops(instruction), *_row_loops(instruction, Op.SCATTER))
    return _elements("O", instruction.o_type, instruction.o_base, loops, groups, written=True)


def _row_loops(instruction: VectorInstruction, op: Op) -> tuple[tuple[int, int], ...]:
    """The loop over all rows where `op` moves the stream."""
    return ((instruction.rows, instruction.row_pitch),) if instruction.op is op else ()


def _elements(
    name: str, kind: Type, base: int, loops: tuple[tuple[int, int], ...], groups: Groups, *, written: bool
) -> Stream:
    size = kind.size_bytes
    return affine_stream(
        name=name, written=written, base=base, loops=loops, element_bytes=size, alignment=size, groups=groups
    )


def _table(instruction: VectorInstruction) -> Stream | None:
    if instruction.table is Table.NONE:
        return None
    return affine_stream(
        name="TABLE",
        written=False,
        base=instruction.t_base,
        loops=(),
        element_bytes=instruction.table.size_bytes,
        alignment=2 if instruction.table is Table.TABLE16 else 1,
        groups=Groups(first=instruction.t_first_group, last=instruction.t_last_group),
    )
