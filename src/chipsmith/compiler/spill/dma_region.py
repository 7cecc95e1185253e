"""The bytes of a buffer that steps touch, as rows of equal length: what a transfer moves, and steps that read them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from chipsmith.program.arithmetic import round_up
from chipsmith.program.external_runs import touched_pieces
from chipsmith.program.instructions import INDIRECT_OPS, Instruction, Load, VectorInstruction
from chipsmith.program.stream_fields import STREAM_FIELDS, StreamName, read_fields, with_fields
from chipsmith.program.streams import Offsets, Stream, streams

_WORTHWHILE = 0.75
"""Rows are taken apart where they leave less than this part of the bytes between the first and the last one."""
_MOST_ROWS = (1 << 16) - 1
_LEAST_PITCH = 4


@dataclass(frozen=True, kw_only=True)
class DmaRegion:
    """`rows` rows of `row_bytes` bytes each, `pitch` bytes apart, from byte `low` of a buffer on."""

    low: int
    rows: int
    row_bytes: int
    pitch: int

    @property
    def size_bytes(self) -> int:
        """Bytes of the region, whose rows stand on the chip one behind the other."""
        return self.rows * self.row_bytes

    def moved_bytes(self, atom_bytes: int) -> int:
        """External bytes that a transfer of the region moves: whole atoms, where its tensor begins with an atom."""
        rows = Load(
            external_address=self.low, run_bytes=self.row_bytes, inner_count=self.rows, external_inner_stride=self.pitch
        )
        return touched_pieces(rows, atom_bytes) * atom_bytes

    def moved(self, by: int) -> DmaRegion:
        """The region so many bytes further on."""
        return DmaRegion(low=self.low + by, rows=self.rows, row_bytes=self.row_bytes, pitch=self.pitch)

    def __str__(self) -> str:
        rows = f" in {self.rows} rows of {self.row_bytes}, {self.pitch} apart" if self.rows > 1 else ""
        return f"[{self.low}: {self.size_bytes} bytes{rows}]"


@lru_cache(maxsize=1 << 15)
def streams_of(template: Instruction) -> Mapping[StreamName, Stream]:
    """The streams of an instruction as if they began at byte 0."""
    return {StreamName(stream.name): replace(stream, base=0) for stream in streams(template)}


class StreamUse(NamedTuple):
    """What a step does with a buffer: its template's stream of that name, from byte `base` of the buffer on."""

    template: Instruction
    name: StreamName
    base: int

    @property
    def stream(self) -> Stream:
        """The stream as if it began at byte 0."""
        return streams_of(self.template)[self.name]


def smallest_region(uses: Sequence[StreamUse]) -> DmaRegion:
    """The smallest region that holds all bytes of streams of one buffer, and out of which their steps can run."""
    # Further rows of a tensor have the same region, so many rows on: it is found once.
    period = math.lcm(*(period_of(use.template, use.name) for use in uses))
    skipped = min(use.base for use in uses) // period * period
    region = _smallest_region(tuple(StreamUse(use.template, use.name, use.base - skipped) for use in uses))
    return region.moved(skipped) if skipped else region


@lru_cache(maxsize=1 << 15)
def _smallest_region(uses: tuple[StreamUse, ...]) -> DmaRegion:
    low = min(min(use.base, use.base + use.stream.first) for use in uses)
    hull = DmaRegion(low=low, rows=1, row_bytes=max(use.base + use.stream.last + 1 for use in uses) - low, pitch=0)
    regions = [region for pitch in _pitches(uses) if (region := _region_of_pitch(uses, pitch, hull)) is not None]
    return min([hull, *regions], key=lambda region: region.size_bytes)


def _pitches(uses: Iterable[StreamUse]) -> set[int]:
    return {pitch for use in uses for pitch in _pitches_of(use.template, use.name)}


@lru_cache(maxsize=1 << 14)
def _pitches_of(template: Instruction, name: StreamName) -> tuple[int, ...]:
    """The distances of a stream's steps that may be those of rows."""
    loops = streams_of(template)[name].loops
    pitches = [abs(int(loop[1]) - int(loop[0])) for loop in loops if len(loop) > 1]
    return tuple(pitch for pitch in pitches if pitch >= _LEAST_PITCH)


@lru_cache(maxsize=1 << 14)
def period_of(template: Instruction, name: StreamName) -> int:
    """Bytes after which every row of a stream begins where another did."""
    return math.lcm(*_pitches_of(template, name))


def _region_of_pitch(uses: Sequence[StreamUse], pitch: int, hull: DmaRegion) -> DmaRegion | None:
    """The region of rows `pitch` bytes apart; None where it is hardly smaller than the hull, or none will do."""
    if any(_is_indirect(use.template) for use in uses):
        return None
    spans = [_along_row(use, pitch) for use in uses]
    columns = [(low % pitch, low % pitch + width) for low, width in spans]
    aligned = max(use.stream.alignment for use in uses)
    first = min(column for column, _ in columns) // aligned * aligned
    end = first + round_up(max(column for _, column in columns) - first, aligned)
    if end - first > pitch * _WORTHWHILE:
        return None
    rows = [(use.base + edge - first) // pitch for use in uses for edge in (use.stream.first, use.stream.last)]
    low = min(rows) * pitch + first
    region = DmaRegion(low=low, rows=max(rows) - min(rows) + 1, row_bytes=end - first, pitch=pitch)
    fits = region.size_bytes < hull.row_bytes * _WORTHWHILE and region.rows <= _MOST_ROWS
    return region if fits and all(_redirect_stream(use, region) is not None for use in uses) else None


def _is_indirect(template: Instruction) -> bool:
    return isinstance(template, VectorInstruction) and template.op in INDIRECT_OPS


def _is_down(loop: Offsets, pitch: int) -> bool:
    """Whether a loop steps from row to row alone."""
    if isinstance(loop, range):
        return loop.start % pitch == 0 and (len(loop) < 2 or loop.step % pitch == 0)
    return not (loop % pitch).any()


def _along_row(use: StreamUse, pitch: int) -> tuple[int, int]:
    """Where in its buffer a stream's lowest row begins, and how many bytes of a row it spans."""
    down = [loop for loop in use.stream.loops if _is_down(loop, pitch)]
    along = [loop for loop in use.stream.loops if not _is_down(loop, pitch)]
    low = use.base + sum(_least(loop) for loop in (*down, *along))
    return low, sum(_greatest(loop) - _least(loop) for loop in along) + use.stream.dense_bytes


def _least(loop: Offsets) -> int:
    return min(int(loop[0]), int(loop[-1]))


def _greatest(loop: Offsets) -> int:
    return max(int(loop[0]), int(loop[-1]))


def redirect_stream(use: StreamUse, region: DmaRegion) -> tuple[dict[str, int], int]:
    """The fields of a stream's step that change, and its base, where the region stands for the buffer."""
    if region.rows == 1:
        return {}, use.base - region.low
    result = _redirect_stream(use, region)
    if result is None:
        raise ValueError(f"stream {use.name} of {use.template} does not fit its region")
    return result


def _redirect_stream(use: StreamUse, region: DmaRegion) -> tuple[dict[str, int], int] | None:
    """The fields and the base; None where the base would be negative or the instruction would mean something else."""
    return _redirect(StreamUse(use.template, use.name, use.base - region.low), region.moved(-region.low))


@lru_cache(maxsize=1 << 15)
def _redirect(use: StreamUse, region: DmaRegion) -> tuple[dict[str, int], int] | None:
    """As _redirect_stream, of a region that begins at byte 0."""
    template = use.template
    strides = read_fields(template, STREAM_FIELDS[type(template)][use.name].strides)
    fields = {name: _stride(stride, region) for name, stride in strides.items()}
    down = sum(_least(loop) for loop in use.stream.loops if _is_down(loop, region.pitch))
    along = sum(_least(loop) for loop in use.stream.loops if not _is_down(loop, region.pitch))
    row, column = divmod(use.base + down + along, region.pitch)
    base = row * region.row_bytes + column - _stride(down, region) - along
    after = streams_of(with_fields(template, fields)).get(use.name)
    if base < 0 or after is None:
        return None
    same = _steps_packed(use.stream, after, region) or _bytes_packed(use, after, base, region)
    return (fields, base) if same else None


def _stride(stride: int, region: DmaRegion) -> int:
    return stride // region.pitch * region.row_bytes if stride % region.pitch == 0 else stride


def _steps_packed(before: Stream, after: Stream, region: DmaRegion) -> bool:
    """Whether each loop steps as before, but from row to row of the region."""
    if len(before.loops) != len(after.loops) or before.dense_bytes != after.dense_bytes:
        return False
    return all(
        len(loop) == len(other)
        and all(
            int(new) == (_stride(int(old), region) if down else int(old)) for old, new in zip(loop, other, strict=True)
        )
        for loop, other in zip(before.loops, after.loops, strict=True)
        for down in [_is_down(loop, region.pitch)]
    )


def _bytes_packed(use: StreamUse, after: Stream, base: int, region: DmaRegion) -> bool:
    """Whether the bytes are those of the rows: packed rows may have become one run."""
    rows, columns = np.divmod(np.flatnonzero(use.stream.mask()) + use.base + use.stream.first, region.pitch)
    packed = np.flatnonzero(after.mask()) + base + after.first
    return np.array_equal(rows * region.row_bytes + columns, packed)
