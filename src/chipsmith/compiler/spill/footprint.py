"""The bytes of buffers that steps touch, and steps cut until those bytes are few."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from chipsmith.chip.description import Chip
from chipsmith.compiler.lower.kernel import StreamOperand, UnplacedInstruction
from chipsmith.compiler.lower.slice import CutAxis, cut_axes, slice_step
from chipsmith.compiler.spill.dma_region import (
    DmaRegion,
    StreamUse,
    period_of,
    redirect_stream,
    smallest_region,
    streams_of,
)
from chipsmith.program.arithmetic import ceil_div
from chipsmith.program.instructions import Instruction
from chipsmith.program.stream_fields import StreamName, with_fields

ByteRange: TypeAlias = tuple[int, int]
"""First byte and the byte after the last one, relative to a base."""
BufferUse: TypeAlias = tuple[str, bool]
"""A buffer, and whether it is written (True) or read (False)."""
Footprint: TypeAlias = Mapping[BufferUse, DmaRegion]
"""The bytes that steps touch: a region of each buffer that they read and of each that they write."""
_WORTHWHILE = 0.75
"""Of the bytes of its footprint a step's halves should need at most this part."""


def footprint_of(steps: Sequence[UnplacedInstruction], buffers: Collection[str]) -> Footprint:
    """The bytes of each of some buffers that steps read and write."""
    uses: dict[BufferUse, list[StreamUse]] = {}
    for step in steps:
        for operand, use in _uses(step, buffers):
            uses.setdefault((operand.buffer, operand.written), []).append(use)
    return {key: smallest_region(together) for key, together in uses.items()}


def _uses(step: UnplacedInstruction, buffers: Collection[str]) -> Iterator[tuple[StreamOperand, StreamUse]]:
    """The operands in some buffers that touch any byte."""
    reached = streams_of(step.template)
    for operand in step.operands:
        if operand.buffer in buffers and operand.stream in reached:
            yield operand, StreamUse(step.template, operand.stream, operand.base)


def footprint_bytes(steps: Sequence[UnplacedInstruction], buffers: Collection[str]) -> int:
    """Bytes of some buffers that steps need at once."""
    return sum(region.size_bytes for region in footprint_of(steps, buffers).values())


def redirect_step(
    step: UnplacedInstruction, regions: Footprint, names: Mapping[BufferUse, str], buffers: Collection[str]
) -> UnplacedInstruction:
    """The step on windows instead of some buffers: on buffers called `names`, which hold `regions` of those.

    A stream that touches nothing, such as the input of a slice that is all padding, has no window and is left out.
    """
    fields: dict[str, int] = {}
    operands = [operand for operand in step.operands if operand.buffer not in buffers]
    for operand, use in _uses(step, buffers):
        key = (operand.buffer, operand.written)
        changed, base = redirect_stream(use, regions[key])
        fields |= changed
        window = StreamOperand(stream=operand.stream, buffer=names[key], base=base, written=operand.written)
        operands.append(window)
    template = _changed(step.template, tuple(fields.items())) if fields else step.template
    return UnplacedInstruction(template=template, operands=tuple(operands))


@lru_cache(maxsize=1 << 14)
def _changed(template: Instruction, fields: tuple[tuple[str, int], ...]) -> Instruction:
    """The template with other values in some fields: one value, so that what is known of it is found again."""
    return with_fields(template, dict(fields))


@lru_cache(maxsize=1 << 14)
def stream_ranges(template: Instruction) -> Mapping[StreamName, ByteRange]:
    """The bytes that each stream of an instruction reaches, relative to its base."""
    return {name: (stream.first, stream.last + 1) for name, stream in streams_of(template).items()}


@dataclass(frozen=True, kw_only=True)
class _Sizes:
    """What tiles depend on beside their step: what the engines take at once, and what external memory moves."""

    lanes: int
    columns: int
    atom_bytes: int


@dataclass(frozen=True, kw_only=True)
class _StepPart:
    """A part of a step: its instruction, and how far the bases of the step's operands move."""

    template: Instruction
    moves: tuple[int, ...]


def tile_step(
    step: UnplacedInstruction, buffers: Collection[str], *, room_bytes: int, chip: Chip
) -> Iterator[UnplacedInstruction]:
    """The step cut along any of its loops until each part's windows fit.

    Where no cut makes them fit, some part stays too large.
    """
    sizes = _Sizes(lanes=chip.vector.lanes, columns=chip.tensor.columns, atom_bytes=chip.external.atom_bytes)
    for tile in _tiles(_anywhere(step, buffers, sizes.atom_bytes), room_bytes, sizes):
        operands = (
            StreamOperand(stream=operand.stream, buffer=operand.buffer, base=operand.base + by, written=operand.written)
            for operand, by in zip(step.operands, tile.moves, strict=True)
        )
        yield UnplacedInstruction(template=tile.template, operands=tuple(operands))


_ON_CHIP = ""
"""The name of all buffers that come in no windows, in a step that stands anywhere."""


def _anywhere(step: UnplacedInstruction, buffers: Collection[str], atom_bytes: int) -> UnplacedInstruction:
    """The step with short names of its buffers, as near to their starts as its rows and atoms stay as they are."""
    numbers: dict[str, str] = {}
    for operand in step.operands:
        if operand.buffer in buffers:
            numbers.setdefault(operand.buffer, str(len(numbers)))
    reached = streams_of(step.template)
    skipped: dict[str, int] = {}
    for name in numbers:
        own = [operand for operand in step.operands if operand.buffer == name]
        periods = (period_of(step.template, operand.stream) for operand in own if operand.stream in reached)
        period = math.lcm(atom_bytes, *periods)
        skipped[name] = min(operand.base for operand in own) // period * period
    operands = (
        StreamOperand(
            stream=operand.stream,
            buffer=numbers.get(operand.buffer, _ON_CHIP),
            base=operand.base - skipped[operand.buffer] if operand.buffer in numbers else 0,
            written=operand.written,
        )
        for operand in step.operands
    )
    return UnplacedInstruction(template=step.template, operands=tuple(operands))


@lru_cache(maxsize=1 << 13)
def _tiles(step: UnplacedInstruction, room_bytes: int, sizes: _Sizes) -> tuple[_StepPart, ...]:
    """The tiles of a step that stands anywhere."""
    tiles = _cut_until_fit(step, _windowed(step), room_bytes, sizes)
    return tuple(
        _StepPart(
            template=tile.template,
            moves=tuple(cut.base - whole.base for cut, whole in zip(tile.operands, step.operands, strict=True)),
        )
        for tile in tiles
    )


def _windowed(step: UnplacedInstruction) -> frozenset[str]:
    return frozenset(operand.buffer for operand in step.operands) - {_ON_CHIP}


def _cut_until_fit(
    step: UnplacedInstruction, buffers: Collection[str], room_bytes: int, sizes: _Sizes
) -> Iterator[UnplacedInstruction]:
    size = footprint_bytes([step], buffers)
    axis = _best_axis(step, buffers, room_bytes, sizes) if size > room_bytes else None
    if axis is None or footprint_bytes([_least(step, sizes)], buffers) > room_bytes:
        yield step
        return
    for first, last in axis.parts(ceil_div(size, room_bytes)):
        yield from _cut_until_fit(slice_step(step, axis, first, last), buffers, room_bytes, sizes)


def _cut_axes(step: UnplacedInstruction, sizes: _Sizes) -> list[CutAxis]:
    return cut_axes(step.template, lanes=sizes.lanes, columns=sizes.columns)


def _least(step: UnplacedInstruction, sizes: _Sizes) -> UnplacedInstruction:
    """The smallest part of a step, at its middle."""
    for axis in _cut_axes(step, sizes):
        step = _thinnest(step, axis)
    return step


def _thinnest(step: UnplacedInstruction, axis: CutAxis) -> UnplacedInstruction:
    """The smallest part along one loop, at its middle."""
    first = axis.count // axis.granule // 2 * axis.granule
    return slice_step(step, axis, first, min(first + axis.granule, axis.count))


def _best_axis(step: UnplacedInstruction, buffers: Collection[str], room_bytes: int, sizes: _Sizes) -> CutAxis | None:
    """The loop to cut so that windows fit; None where no cut makes them smaller.

    Of the loops whose halves have much smaller windows it is the one whose parts move the fewest external bytes.
    Where halves help little, it is the loop that leaves the smallest windows when it is cut as far as it goes: a window
    over three far rows gets small by rows alone, but not by halves of them.
    """
    whole, axes = footprint_bytes([step], buffers), _cut_axes(step, sizes)
    if not axes:
        return None
    halved = {axis: max(footprint_bytes([half], buffers) for half in _halves(step, axis)) for axis in axes}
    count = ceil_div(whole, room_bytes)
    worthwhile = [axis for axis in axes if halved[axis] <= whole * _WORTHWHILE]
    if worthwhile:
        return min(worthwhile, key=lambda axis: (_moved_bytes(step, axis, count, buffers, sizes), halved[axis]))
    cut = {axis: footprint_bytes([_thinnest(step, axis)], buffers) for axis in axes}
    thinnest = min(axes, key=cut.__getitem__)
    return thinnest if cut[thinnest] < whole else None


def _moved_bytes(step: UnplacedInstruction, axis: CutAxis, count: int, buffers: Collection[str], sizes: _Sizes) -> int:
    """External bytes of all windows of a step that is cut in so many parts along a loop: those of its middle part."""
    parts = axis.parts(count)
    middle = footprint_of([slice_step(step, axis, *parts[len(parts) // 2])], buffers)
    return len(parts) * sum(region.moved_bytes(sizes.atom_bytes) for region in middle.values())


def _halves(step: UnplacedInstruction, axis: CutAxis) -> Iterator[UnplacedInstruction]:
    return (slice_step(step, axis, *part) for part in axis.parts(2))
