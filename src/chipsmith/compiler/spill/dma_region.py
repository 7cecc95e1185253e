"""The bytes of a buffer that steps touch, as rows of equal length: what a transfer moves, and steps that read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from chipsmith.compiler.lower.kernel import STREAM_NAMES, Step
from chipsmith.program.arithmetic import round_up
from chipsmith.program.instructions import INDIRECT_OPS, Instruction, TensorInstruction, VectorInstruction
from chipsmith.program.streams import Offsets, Stream, streams

_STRIDES = {
    TensorInstruction: {
        "a": ("a_pitch_z", "row_pitch", "pixel_pitch"),
        "w": ("w_stride_z", "w_stride_y", "w_stride_x", "w_stride"),
        "o": ("o_stride_y", "o_stride_x"),
        "res": ("res_stride_y", "res_stride_x"),
    },
    VectorInstruction: {
        "a": (*(f"a_stride_{at}" for at in range(4)), "a_lane_stride", "a_reduce_0", "a_reduce_1"),
        "b": (*(f"b_stride_{at}" for at in range(4)), "b_lane_stride"),
        "o": (*(f"o_stride_{at}" for at in range(4)), "o_lane_stride"),
    },
}
"""The fields with the strides of each stream."""
_WORTHWHILE = 0.75
"""Rows are taken apart where they leave less than this part of the bytes between the first and the last one."""
_MOST_ROWS = (1 << 16) - 1
_LEAST_PITCH = 4


@dataclass(frozen=True, kw_only=True)
class Box:
    """`rows` rows of `row_bytes` bytes each, `pitch` bytes apart, from byte `low` of a buffer on."""

    low: int
    rows: int
    row_bytes: int
    pitch: int

    @property
    def size_bytes(self) -> int:
        """Bytes of the box, whose rows stand on the chip one behind the other."""
        return self.rows * self.row_bytes


@lru_cache(maxsize=1 << 12)
def streams_of(template: Instruction) -> Mapping[str, Stream]:
    """The streams of an instruction as if they began at byte 0, by the prefix of their fields."""
    by_name = {stream.name: replace(stream, base=0) for stream in streams(template)}
    return {prefix: by_name[name] for prefix, name in STREAM_NAMES.items() if name in by_name}


@dataclass(frozen=True, kw_only=True)
class Touch:
    """A stream of a step: `base` in its buffer, and the stream as if it began at byte 0."""

    step: Step
    prefix: str
    base: int
    stream: Stream


def box_of(touches: Sequence[Touch]) -> Box:
    """The smallest box that holds all bytes of streams of one buffer, and out of which their steps can run."""
    low = min(min(one.base, one.base + one.stream.first) for one in touches)
    hull = Box(low=low, rows=1, row_bytes=max(one.base + one.stream.last + 1 for one in touches) - low, pitch=0)
    boxes = [one for pitch in _pitches(touches) if (one := _box(touches, pitch, hull)) is not None]
    return min([hull, *boxes], key=lambda one: one.size_bytes)


def _pitches(touches: Iterable[Touch]) -> set[int]:
    found = {abs(int(loop[1]) - int(loop[0])) for one in touches for loop in one.stream.loops if len(loop) > 1}
    return {one for one in found if one >= _LEAST_PITCH}


def _box(touches: Sequence[Touch], pitch: int, hull: Box) -> Box | None:
    """The box of rows that are `pitch` bytes apart; None where it is hardly smaller than the hull, or none will do."""
    if any(_is_indirect(one.step.template) for one in touches):
        return None
    spans = [_along_row(one, pitch) for one in touches]
    columns = [(low % pitch, low % pitch + width) for low, width in spans]
    aligned = max(one.stream.alignment for one in touches)
    first = min(one for one, _ in columns) // aligned * aligned
    end = first + round_up(max(one for _, one in columns) - first, aligned)
    if end - first > pitch * _WORTHWHILE:
        return None
    rows = [(one.base + edge - first) // pitch for one in touches for edge in (one.stream.first, one.stream.last)]
    low = min(rows) * pitch + first
    box = Box(low=low, rows=max(rows) - min(rows) + 1, row_bytes=end - first, pitch=pitch)
    fits = box.size_bytes < hull.row_bytes * _WORTHWHILE and box.rows <= _MOST_ROWS
    return box if fits and all(_moved(one, box) is not None for one in touches) else None


def _is_indirect(template: Instruction) -> bool:
    return isinstance(template, VectorInstruction) and template.op in INDIRECT_OPS


def _is_down(loop: Offsets, pitch: int) -> bool:
    """Whether a loop steps from row to row alone."""
    if isinstance(loop, range):
        return loop.start % pitch == 0 and (len(loop) < 2 or loop.step % pitch == 0)
    return not (loop % pitch).any()


def _along_row(one: Touch, pitch: int) -> tuple[int, int]:
    """Where in its buffer a stream's lowest row begins, and how many bytes of a row it spans."""
    down = [loop for loop in one.stream.loops if _is_down(loop, pitch)]
    along = [loop for loop in one.stream.loops if not _is_down(loop, pitch)]
    low = one.base + sum(_least(loop) for loop in (*down, *along))
    return low, sum(_greatest(loop) - _least(loop) for loop in along) + one.stream.dense_bytes


def _least(loop: Offsets) -> int:
    return min(int(loop[0]), int(loop[-1]))


def _greatest(loop: Offsets) -> int:
    return max(int(loop[0]), int(loop[-1]))


def moved(touch: Touch, box: Box) -> tuple[dict[str, int], int]:
    """The fields of a stream's step that change, and its base, where the box stands for the buffer."""
    if box.rows == 1:
        return {}, touch.base - box.low
    found = _moved(touch, box)
    if found is None:
        raise ValueError(f"stream {touch.prefix} of {touch.step.template} does not fit its box")
    return found


def _moved(one: Touch, box: Box) -> tuple[dict[str, int], int] | None:
    """The fields and the base; None where the base would be negative or the instruction would mean something else."""
    template = one.step.template
    fields = {name: _stride(getattr(template, name), box) for name in _STRIDES[type(template)].get(one.prefix, ())}
    down = sum(_least(loop) for loop in one.stream.loops if _is_down(loop, box.pitch))
    along = sum(_least(loop) for loop in one.stream.loops if not _is_down(loop, box.pitch))
    row, column = divmod(one.base + down + along - box.low, box.pitch)
    base = row * box.row_bytes + column - _stride(down, box) - along
    after = streams_of(replace(template, **fields)).get(one.prefix)
    if base < 0 or after is None or not (_steps_packed(one.stream, after, box) or _bytes_packed(one, after, base, box)):
        return None
    return fields, base


def _stride(stride: int, box: Box) -> int:
    return stride // box.pitch * box.row_bytes if stride % box.pitch == 0 else stride


def _steps_packed(before: Stream, after: Stream, box: Box) -> bool:
    """Whether each loop steps as before, but from row to row of the box."""
    if len(before.loops) != len(after.loops) or before.dense_bytes != after.dense_bytes:
        return False
    return all(
        len(one) == len(other)
        and all(int(new) == (_stride(int(old), box) if down else int(old)) for old, new in zip(one, other, strict=True))
        for one, other in zip(before.loops, after.loops, strict=True)
        for down in [_is_down(one, box.pitch)]
    )


def _bytes_packed(one: Touch, after: Stream, base: int, box: Box) -> bool:
    """Whether the bytes are those of the rows: packed rows may have become one run."""
    rows, columns = np.divmod(np.flatnonzero(one.stream.mask()) + one.base + one.stream.first - box.low, box.pitch)
    found = np.flatnonzero(after.mask()) + base + after.first
    return np.array_equal(rows * box.row_bytes + columns, found)
