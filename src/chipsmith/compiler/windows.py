"""The bytes of buffers that steps touch, and steps cut until those bytes are few."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TypeAlias

from chipsmith.compiler.kernels import STREAM_NAMES, Step
from chipsmith.compiler.slices import Axis, cut_axes, slice_step
from chipsmith.program.arithmetic import ceil_div
from chipsmith.program.instructions import Instruction
from chipsmith.program.streams import Stream, streams

Window: TypeAlias = tuple[int, int]
"""First byte and the byte after the last one, within a buffer."""
Windows: TypeAlias = Mapping[tuple[str, bool], Window]
"""Windows by buffer and whether they are written (True) or read (False)."""


def windows(part: Sequence[Step], buffers: Collection[str]) -> dict[tuple[str, bool], Window]:
    """The bytes of each of some buffers that steps read and write."""
    found: dict[tuple[str, bool], Window] = {}
    for step in part:
        touched = extents(step)
        for operand in step.operands:
            if operand.buffer not in buffers or operand.stream not in touched:
                continue
            key = (operand.buffer, operand.written)
            low, high = touched[operand.stream]
            known = found.get(key, (low, high))
            # The base is in the window too, or its address could be negative.
            found[key] = (min(low, operand.base, known[0]), max(high, known[1]))
    return found


def size_of(part: Sequence[Step], buffers: Collection[str]) -> int:
    """Bytes of all windows of some buffers that steps need at once."""
    return sum(high - low for low, high in windows(part, buffers).values())


def extents(step: Step) -> dict[str, Window]:
    """The window of each stream of a step by the prefix of its fields."""
    reached = reaches(step.template)
    return {
        one.stream: (one.base + reached[one.stream][0], one.base + reached[one.stream][1])
        for one in step.operands
        if one.stream in reached
    }


@lru_cache(maxsize=1 << 14)
def reaches(template: Instruction) -> Mapping[str, Window]:
    """The window of each stream of an instruction relative to its base, by the prefix of its fields."""
    by_name = {stream.name: stream for stream in streams(template)}
    found = ((prefix, by_name[name]) for prefix, name in STREAM_NAMES.items() if name in by_name)
    return {prefix: (one.first - one.base, one.last + 1 - one.base) for prefix, one in found}


def placed_streams(step: Step) -> dict[str, Stream]:
    """The streams of a step by the prefix of their fields, as if every buffer stood at address 0."""
    placed = replace(step.template, **{f"{one.stream}_base": one.base for one in step.operands})
    by_name = {stream.name: stream for stream in streams(placed)}
    return {prefix: by_name[name] for prefix, name in STREAM_NAMES.items() if name in by_name}


def tiles(step: Step, buffers: Collection[str], *, room_bytes: int, lanes: int) -> Iterator[Step]:
    """The step cut along any of its loops until each part's windows fit.

    `lanes` is what the vector engine takes in a beat. Where no cut makes them fit, some part stays too large.
    """
    size = size_of([step], buffers)
    axis = _best_axis(step, buffers, lanes) if size > room_bytes else None
    if axis is None or size_of([_least(step, lanes)], buffers) > room_bytes:
        yield step
        return
    for first, last in axis.parts(ceil_div(size, room_bytes)):
        yield from tiles(slice_step(step, axis, first, last), buffers, room_bytes=room_bytes, lanes=lanes)


def _least(step: Step, lanes: int) -> Step:
    """The smallest part of a step, at its middle."""
    for axis in cut_axes(step.template, lanes=lanes):
        first = axis.count // axis.granule // 2 * axis.granule
        step = slice_step(step, axis, first, min(first + axis.granule, axis.count))
    return step


def _best_axis(step: Step, buffers: Collection[str], lanes: int) -> Axis | None:
    """The loop that, cut in halves, leaves the smallest windows; None where no cut makes them smaller."""
    best: tuple[int, Axis | None] = (size_of([step], buffers), None)
    for axis in cut_axes(step.template, lanes=lanes):
        halves = (slice_step(step, axis, *part) for part in axis.parts(2))
        size = max(size_of([half], buffers) for half in halves)
        if size < best[0]:
            best = (size, axis)
    return best[1]
