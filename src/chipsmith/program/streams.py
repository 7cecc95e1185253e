"""The bytes of on-chip memory that an instruction touches, stream by stream (docs/machine.md, sections 4, 6 and 7)."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from functools import singledispatch
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
)

Offsets: TypeAlias = range | npt.NDArray[np.int64]
Marks: TypeAlias = npt.NDArray[np.bool_]


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

    @property
    def first(self) -> int:
        """Lowest address."""
        return self.base + sum(min(int(loop[0]), int(loop[-1])) for loop in self.loops)

    @property
    def last(self) -> int:
        """Highest address."""
        return self.base + sum(max(int(loop[0]), int(loop[-1])) for loop in self.loops) + self.dense_bytes - 1

    def marks(self) -> Marks:
        """Whether each byte from `first` to `last` is touched."""
        marks: Marks = np.ones(self.dense_bytes, np.bool_)
        for loop in sorted(self.loops, key=_extent):
            marks = _spread(marks, loop)
        return marks

    def repeats(self) -> bool:
        """Whether some byte is accessed more than once."""
        extent = self.dense_bytes
        for loop in sorted(self.loops, key=_extent):
            if len(loop) > 1 and abs(int(loop[1]) - int(loop[0])) < extent:
                return int(np.count_nonzero(self.marks())) != self.accesses_bytes
            extent += _extent(loop)
        return self.accesses_bytes != self.dense_bytes * math.prod(len(loop) for loop in self.loops)

    def meets(self, other: Stream) -> bool:
        """Whether some byte belongs to both streams."""
        low, high = max(self.first, other.first), min(self.last, other.last) + 1
        if low >= high:
            return False
        mine = self.marks()[low - self.first : high - self.first]
        return bool(np.any(mine & other.marks()[low - other.first : high - other.first]))


def _extent(loop: Offsets) -> int:
    return abs(int(loop[-1]) - int(loop[0]))


def _spread(marks: Marks, loop: Offsets) -> Marks:
    if isinstance(loop, range):
        return _repeated(marks, len(loop), abs(loop.step))
    lowest = min(int(loop[0]), int(loop[-1]))
    spread = np.zeros(len(marks) + _extent(loop), np.bool_)
    for offset in loop:
        start = int(offset) - lowest
        spread[start : start + len(marks)] |= marks
    return spread


def _repeated(marks: Marks, count: int, step: int) -> Marks:
    """The marks `count` times, each a step further: made by doubling, so that a long loop takes few passes."""
    if count == 1:
        return marks
    half = _repeated(marks, ceil_div(count, 2), step)
    spread = np.zeros(len(marks) + (count - 1) * step, np.bool_)
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


@singledispatch
def streams(instruction: Instruction) -> tuple[Stream, ...]:
    """The streams of an instruction in on-chip memory; all its counts are at least 1.

    A stream that the instruction does not use, or that is masked everywhere, is absent.
    """
    raise TypeError(f"{type(instruction).__name__} is no instruction of the machine")


@streams.register
def _end(_instruction: End) -> tuple[Stream, ...]:
    return ()


@streams.register
def _load(instruction: Load) -> tuple[Stream, ...]:
    return () if instruction.space is Space.PAGE else (_transfer(instruction, name="destination", written=True),)


@streams.register
def _store(instruction: Store) -> tuple[Stream, ...]:
    return (_transfer(instruction, name="source", written=False),)


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


@streams.register
def _tensor(instruction: TensorInstruction) -> tuple[Stream, ...]:
    found = (_activations(instruction), _weights(instruction), _records(instruction), _tensor_output(instruction))
    return tuple(one for one in (*found, _residual(instruction)) if one is not None)


def _activations(one: TensorInstruction) -> Stream | None:
    rows = _reached(one.output_height, one.stride_y, one.kernel_y, one.dilation_y, one.pad_top, one.input_height)
    columns, dense_bytes = _columns(one)
    if not len(rows) or not len(columns):
        return None
    affine = affine_stream(
        name="A",
        written=False,
        base=one.a_base,
        loops=((one.kernel_z, one.a_pitch_z),),
        element_bytes=dense_bytes,
        alignment=1,
        groups=Groups(first=one.a_first_group, last=one.a_last_group),
    )
    return dataclasses.replace(affine, loops=(*affine.loops, _scaled(rows, one.row_pitch), columns))


def _scaled(positions: npt.NDArray[np.int64], pitch: int) -> npt.NDArray[np.int64]:
    return positions * pitch if pitch else np.zeros(min(1, len(positions)), np.int64)


def _columns(one: TensorInstruction) -> tuple[npt.NDArray[np.int64], int]:
    """Offsets that the taps of a row reach, and how many bytes follow each."""
    if one.mode is Mode.DEPTHWISE:
        pixels = _reached(one.output_width, one.stride_x, one.run, one.dilation_x, one.pad_left, one.input_width)
        return _scaled(pixels, one.pixel_pitch), one.output_channels
    low, high = _reached_runs(one)
    if len(low) and bool((low[1:] <= high[:-1]).all()):
        return low[:1], int(high[-1] - low[0])
    if len(low) and bool((high - low == high[0] - low[0]).all()):
        return low, int(high[0] - low[0])
    return _bytes_of_runs(low, high), 1


def _reached(count: int, stride: int, kernel: int, dilation: int, pad: int, limit: int) -> npt.NDArray[np.int64]:
    """Sorted positions o*stride - pad + k*dilation within 0 to limit - 1."""
    outer = np.arange(count if stride else 1, dtype=np.int64) * stride - pad
    marks = np.zeros(limit, np.bool_)
    for tap in range(kernel if dilation else 1):
        positions = outer + tap * dilation
        marks[positions[(positions >= 0) & (positions < limit)]] = True
    return np.flatnonzero(marks)


def _reached_runs(one: TensorInstruction) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """First column byte of each run of CONV and the byte after it, sorted, without what is masked."""
    if not one.pixel_pitch:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    # A run may begin on pixels before pixel 0 and still reach into the row.
    before = ceil_div(one.run, one.pixel_pitch)
    pad, reach = one.pad_left - before, one.input_width + before
    pixels = _reached(one.output_width, one.stride_x, one.kernel_x, one.dilation_x, pad, reach) - before
    limit = one.input_width * one.pixel_pitch
    starts = pixels * one.pixel_pitch
    starts = starts[starts + one.run > 0]
    return np.maximum(starts, 0), np.minimum(starts + one.run, limit)


def _bytes_of_runs(low: npt.NDArray[np.int64], high: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Sorted bytes of sorted runs."""
    if not len(low):
        return low
    origin = int(low[0])
    change = np.zeros(int(high[-1]) - origin + 1, np.int64)
    np.add.at(change, low - origin, 1)
    np.add.at(change, high - origin, -1)
    return np.flatnonzero(np.cumsum(change)) + origin


def _weights(one: TensorInstruction) -> Stream:
    taps = ((one.kernel_z, one.w_stride_z), (one.kernel_y, one.w_stride_y), (one.kernel_x, one.w_stride_x))
    by_column = one.mode is Mode.CONV and one.weights_by is WeightsBy.COLUMN
    strided, dense_bytes = (one.output_channels, one.run) if by_column else (one.run, one.output_channels)
    return affine_stream(
        name="W",
        written=False,
        base=one.w_base,
        loops=(*taps, (strided, one.w_stride)),
        element_bytes=dense_bytes,
        alignment=1,
        groups=Groups(first=one.w_first_group, last=one.w_last_group),
    )


def _records(one: TensorInstruction) -> Stream | None:
    if one.parameters is ChannelRecord.NONE:
        return None
    return affine_stream(
        name="P",
        written=False,
        base=one.param_base,
        loops=(),
        element_bytes=one.parameters.record_bytes * one.output_channels,
        alignment=4 if one.parameters is ChannelRecord.BIAS else 1,
        groups=Groups(first=one.param_first_group, last=one.param_last_group),
    )


def _tensor_output(one: TensorInstruction) -> Stream:
    return affine_stream(
        name="O",
        written=True,
        base=one.o_base,
        loops=((one.output_height, one.o_stride_y), (one.output_width, one.o_stride_x)),
        element_bytes=one.output_channels * one.o_type.size_bytes,
        alignment=one.o_type.size_bytes,
        groups=Groups(first=one.o_first_group, last=one.o_last_group),
    )


def _residual(one: TensorInstruction) -> Stream | None:
    if not one.residual:
        return None
    return affine_stream(
        name="RES",
        written=False,
        base=one.res_base,
        loops=((one.output_height, one.res_stride_y), (one.output_width, one.res_stride_x)),
        element_bytes=one.output_channels,
        alignment=1,
        groups=Groups(first=one.res_first_group, last=one.res_last_group),
    )


@streams.register
def _vector(instruction: VectorInstruction) -> tuple[Stream, ...]:
    found = (_operand_a(instruction), _operand_b(instruction), _vector_output(instruction), _table(instruction))
    return tuple(one for one in found if one is not None)


def a_loops(one: VectorInstruction) -> tuple[tuple[int, int], ...]:
    """(count, stride) of A's loops o0 to o3, lanes, r0, r1."""
    return (
        (one.o0, one.a_stride_0),
        (one.o1, one.a_stride_1),
        (one.o2, one.a_stride_2),
        (one.o3, one.a_stride_3),
        (one.lanes, one.a_lane_stride),
        (one.r0, one.a_reduce_0),
        (one.r1, one.a_reduce_1),
    )


def b_loops(one: VectorInstruction) -> tuple[tuple[int, int], ...]:
    """(count, stride) of B's loops o0 to o3, lanes."""
    return (
        (one.o0, one.b_stride_0),
        (one.o1, one.b_stride_1),
        (one.o2, one.b_stride_2),
        (one.o3, one.b_stride_3),
        (one.lanes, one.b_lane_stride),
    )


def o_loops(one: VectorInstruction) -> tuple[tuple[int, int], ...]:
    """(count, stride) of the output's loops o0 to o3, lanes; one lane where the lanes are reduced."""
    return (
        (one.o0, one.o_stride_0),
        (one.o1, one.o_stride_1),
        (one.o2, one.o_stride_2),
        (one.o3, one.o_stride_3),
        (1 if one.lane_reduce else one.lanes, one.o_lane_stride),
    )


def _operand_a(one: VectorInstruction) -> Stream:
    groups = Groups(first=one.a_first_group, last=one.a_last_group)
    loops = (*a_loops(one), *_row_loops(one, Op.GATHER))
    return _elements("A", one.a_type, one.a_base, loops, groups, written=False)


def _operand_b(one: VectorInstruction) -> Stream | None:
    if one.b_source is not Source.STREAM:
        return None
    groups = Groups(first=one.b_first_group, last=one.b_last_group)
    return _elements("B", one.b_type, one.b_base, b_loops(one), groups, written=False)


def _vector_output(one: VectorInstruction) -> Stream:
    groups = Groups(first=one.o_first_group, last=one.o_last_group)
    loops = (*o_loops(one), *_row_loops(one, Op.SCATTER))
    return _elements("O", one.o_type, one.o_base, loops, groups, written=True)


def _row_loops(one: VectorInstruction, op: Op) -> tuple[tuple[int, int], ...]:
    """The loop over all rows where `op` moves the stream."""
    return ((one.rows, one.row_pitch),) if one.op is op else ()


def _elements(
    name: str, kind: Type, base: int, loops: tuple[tuple[int, int], ...], groups: Groups, *, written: bool
) -> Stream:
    size = kind.size_bytes
    return affine_stream(
        name=name, written=written, base=base, loops=loops, element_bytes=size, alignment=size, groups=groups
    )


def _table(one: VectorInstruction) -> Stream | None:
    if one.table is Table.NONE:
        return None
    return affine_stream(
        name="TABLE",
        written=False,
        base=one.t_base,
        loops=(),
        element_bytes=one.table.size_bytes,
        alignment=2 if one.table is Table.TABLE16 else 1,
        groups=Groups(first=one.t_first_group, last=one.t_last_group),
    )
