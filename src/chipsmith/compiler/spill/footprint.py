"""The bytes of buffers that steps touch, and steps cut until those bytes are few."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TypeAlias

from chipsmith.chip.description import Chip
from chipsmith.compiler.lower.kernel import Operand, Step
from chipsmith.compiler.spill.dma_region import Box, Touch, box_of, moved, streams_of
from chipsmith.compiler.spill.slice import Axis, cut_axes, slice_step
from chipsmith.program.arithmetic import ceil_div
from chipsmith.program.instructions import Instruction
from chipsmith.program.streams import Stream

Window: TypeAlias = tuple[int, int]
"""First byte and the byte after the last one, relative to a base."""
_WORTHWHILE = 0.75
"""Of the bytes of its windows a step's halves should need at most this part."""
Windows: TypeAlias = Mapping[tuple[str, bool], Box]
"""Windows by buffer and whether they are written (True) or read (False)."""


def windows(part: Sequence[Step], buffers: Collection[str]) -> dict[tuple[str, bool], Box]:
    """The bytes of each of some buffers that steps read and write."""
    found: dict[tuple[str, bool], list[Touch]] = {}
    for step in part:
        for operand, touch in _touches(step, buffers):
            found.setdefault((operand.buffer, operand.written), []).append(touch)
    return {key: box_of(touches) for key, touches in found.items()}


def _touches(step: Step, buffers: Collection[str]) -> Iterator[tuple[Operand, Touch]]:
    """The operands in some buffers that touch any byte."""
    reached = streams_of(step.template)
    for one in step.operands:
        if one.buffer in buffers and one.stream in reached:
            yield one, Touch(step=step, prefix=one.stream, base=one.base, stream=reached[one.stream])


def size_of(part: Sequence[Step], buffers: Collection[str]) -> int:
    """Bytes of all windows of some buffers that steps need at once."""
    return sum(one.size_bytes for one in windows(part, buffers).values())


def in_windows(step: Step, boxes: Windows, names: Mapping[tuple[str, bool], str], buffers: Collection[str]) -> Step:
    """The step reading and writing windows, which are buffers called `names`, instead of some buffers.

    A stream that touches nothing, such as the input of a slice that is all padding, has no window and is left out.
    """
    fields: dict[str, int] = {}
    operands = [one for one in step.operands if one.buffer not in buffers]
    for one, touch in _touches(step, buffers):
        key = (one.buffer, one.written)
        changed, base = moved(touch, boxes[key])
        fields |= changed
        operands.append(replace(one, buffer=names[key], base=base))
    return replace(
        step, template=replace(step.template, **fields) if fields else step.template, operands=tuple(operands)
    )


@lru_cache(maxsize=1 << 14)
def reaches(template: Instruction) -> Mapping[str, Window]:
    """The window of each stream of an instruction relative to its base, by the prefix of its fields."""
    return {prefix: (one.first, one.last + 1) for prefix, one in streams_of(template).items()}


def placed_streams(step: Step) -> dict[str, Stream]:
    """The streams of a step by the prefix of their fields, as if every buffer stood at address 0."""
    bases = {one.stream: one.base for one in step.operands}
    return {prefix: replace(one, base=bases[prefix]) for prefix, one in streams_of(step.template).items()}


def tiles(step: Step, buffers: Collection[str], *, room_bytes: int, chip: Chip) -> Iterator[Step]:
    """The step cut along any of its loops until each part's windows fit.

    Where no cut makes them fit, some part stays too large.
    """
    size = size_of([step], buffers)
    axis = _best_axis(step, buffers, chip) if size > room_bytes else None
    if axis is None or size_of([_least(step, chip)], buffers) > room_bytes:
        yield step
        return
    for first, last in axis.parts(ceil_div(size, room_bytes)):
        yield from tiles(slice_step(step, axis, first, last), buffers, room_bytes=room_bytes, chip=chip)


def _cut_axes(step: Step, chip: Chip) -> list[Axis]:
    return cut_axes(step.template, lanes=chip.vector.lanes, columns=chip.tensor.columns)


def _least(step: Step, chip: Chip) -> Step:
    """The smallest part of a step, at its middle."""
    for axis in _cut_axes(step, chip):
        step = _thinnest(step, axis)
    return step


def _thinnest(step: Step, axis: Axis) -> Step:
    """The smallest part along one loop, at its middle."""
    first = axis.count // axis.granule // 2 * axis.granule
    return slice_step(step, axis, first, min(first + axis.granule, axis.count))


def _best_axis(step: Step, buffers: Collection[str], chip: Chip) -> Axis | None:
    """The loop that, cut in halves, leaves the smallest windows; None where no cut makes them smaller.

    Where halves help little, it is the loop that leaves the smallest windows when it is cut as far as it goes: a window
    over three far rows gets small by rows alone, but not by halves of them.
    """
    whole, axes = size_of([step], buffers), _cut_axes(step, chip)
    if not axes:
        return None
    halved = {axis: max(size_of([half], buffers) for half in _halves(step, axis)) for axis in axes}
    best = min(axes, key=halved.__getitem__)
    if halved[best] <= whole * _WORTHWHILE:
        return best
    cut = {axis: size_of([_thinnest(step, axis)], buffers) for axis in axes}
    thinnest = min(axes, key=cut.__getitem__)
    return thinnest if cut[thinnest] < whole else None


def _halves(step: Step, axis: Axis) -> Iterator[Step]:
    return (slice_step(step, axis, *part) for part in axis.parts(2))
