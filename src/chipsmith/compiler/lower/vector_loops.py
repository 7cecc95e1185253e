"""Loops of any number and length to the loops and lanes of VECTOR."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

from chipsmith.chip.description import Chip
from chipsmith.errors import OperatorRefused
from chipsmith.program.instructions import INDIRECT_OPS, VectorInstruction
from chipsmith.program.stream_fields import LANES, OUTER_LOOPS, REDUCED_LOOPS, LoopFields, StreamName, with_fields
from chipsmith.program.vector_cycles import vector_cycles

_COUNT_LIMIT = (1 << 16) - 1
_SPLIT_COUNT = 1 << 15


@dataclass(frozen=True, kw_only=True)
class Loop:
    """One loop of an operator: its count and the bytes that each stream moves a step."""

    count: int
    a: int
    b: int
    o: int
    reduced: bool = False


@dataclass(frozen=True, kw_only=True)
class Nest:
    """Loops of an operator and where its streams start."""

    loops: tuple[Loop, ...]
    a_base: int
    b_base: int
    o_base: int

    def moved(self, loop: Loop, steps: int) -> Nest:
        """The nest so many steps of a loop further."""
        return replace(
            self,
            a_base=self.a_base + steps * loop.a,
            b_base=self.b_base + steps * loop.b,
            o_base=self.o_base + steps * loop.o,
        )


def instructions(template: VectorInstruction, nest: Nest, chip: Chip) -> Iterator[tuple[VectorInstruction, Nest]]:
    """The instructions that cover a nest: the lanes that make it fastest, loops beyond the hardware's unrolled."""
    yield from unrolled(min(find_ways(template, nest), key=lambda way: way_cycles(way, chip)))


def find_ways(template: VectorInstruction, nest: Nest) -> tuple[Way, ...]:
    """The pieces that cover a nest, for each loop that may be along the lanes; OperatorRefused where there are none."""
    whole = replace(nest, loops=coalesce(nest.loops))
    lanes = [loop for loop in whole.loops if not (loop.b and template.op in INDIRECT_OPS)]
    candidates = [_pieces(template, whole, lane) for lane in lanes] or [_pieces(template, whole, None)]
    able = tuple(tuple(pieces) for pieces in candidates if pieces is not None)
    if not able:
        raise OperatorRefused("a reduction over more than three separate axes is not held; split it in two operators")
    return able


def coalesce(loops: tuple[Loop, ...]) -> tuple[Loop, ...]:
    """The same loops with counts of one dropped and every pair joined that is one longer loop in all streams."""
    left = [loop for loop in loops if loop.count != 1]
    joined = True
    while joined:
        joined = False
        for outer, inner in itertools.permutations(left, 2):
            if _joins(outer, inner):
                left[left.index(inner)] = replace(inner, count=inner.count * outer.count)
                left.remove(outer)
                joined = True
                break
    return tuple(left)


def _joins(outer: Loop, inner: Loop) -> bool:
    count = inner.count
    same = outer.a == inner.a * count and outer.b == inner.b * count and outer.o == inner.o * count
    return same and outer.reduced == inner.reduced and outer.count * count <= _COUNT_LIMIT


_APART = {"b_first_group": 1, "b_last_group": 1, "o_first_group": 2, "o_last_group": 2}


@dataclass(frozen=True, kw_only=True)
class _Piece:
    """An instruction, where its streams start, and the loops that it has no counter for."""

    instruction: VectorInstruction
    nest: Nest
    unrolled: tuple[Loop, ...]

    @cached_property
    def apart(self) -> VectorInstruction:
        """The instruction with each stream in a bank group of its own."""
        return with_fields(self.instruction, _APART)

    def cycles(self, chip: Chip) -> int:
        """Cycles of all that the piece is unrolled to, where no stream waits for another."""
        return math.prod(loop.count for loop in self.unrolled) * vector_cycles(self.apart, chip)


Way: TypeAlias = tuple[_Piece, ...]
"""Pieces that together cover a nest."""


def _pieces(template: VectorInstruction, nest: Nest, lane: Loop | None) -> list[_Piece] | None:
    """The nest with one loop along the lanes; None where the hardware's reduction has no counters for it."""
    outer = replace(nest, loops=tuple(loop for loop in nest.loops if loop is not lane))
    assigned = [_assign(template, part, lane) for part in _short_loops(outer)]
    able = [piece for piece in assigned if piece is not None]
    return able if len(able) == len(assigned) else None


def _short_loops(nest: Nest) -> list[Nest]:
    """The nest in parts whose loops fit the counters; reductions stay whole."""
    long = next((loop for loop in nest.loops if loop.count > _COUNT_LIMIT and not loop.reduced), None)
    if long is None:
        return [nest]
    others = tuple(loop for loop in nest.loops if loop is not long)
    whole, rest = divmod(long.count, _SPLIT_COUNT)
    short = replace(long, count=_SPLIT_COUNT)
    steps = Loop(count=whole, a=long.a * _SPLIT_COUNT, b=long.b * _SPLIT_COUNT, o=long.o * _SPLIT_COUNT)
    parts = _short_loops(replace(nest, loops=(*others, short, steps)))
    if rest:
        last = replace(nest, loops=(*others, replace(long, count=rest)))
        parts += _short_loops(last.moved(long, whole * _SPLIT_COUNT))
    return parts


def _assign(template: VectorInstruction, nest: Nest, lane: Loop | None) -> _Piece | None:
    """The instruction with the loop `lane` along the lanes, and the nest's longest loops on its counters."""
    outer = sorted((loop for loop in nest.loops if not loop.reduced), key=lambda loop: -loop.count)
    inner = [loop for loop in nest.loops if loop.reduced]
    if len(inner) > len(REDUCED_LOOPS) or any(loop.b or loop.count > _COUNT_LIMIT for loop in inner):
        return None
    values = _lane_values(template, lane)
    for fields, loop in zip(OUTER_LOOPS, reversed(outer[: len(OUTER_LOOPS)]), strict=False):
        values |= {fields.count: loop.count, **_stride_values(fields, loop)}
    for fields, loop in zip(REDUCED_LOOPS, inner, strict=False):
        values |= {fields.count: loop.count, **_stride_values(fields, loop)}
    unrolled = tuple(outer[len(OUTER_LOOPS) :])
    return _Piece(instruction=with_fields(template, values), nest=nest, unrolled=unrolled)


def _lane_values(template: VectorInstruction, lane: Loop | None) -> dict[str, int]:
    """The values of the fields of the lanes; without a loop along them, those of dense elements."""
    if lane is not None:
        return {"lane_reduce": int(lane.reduced), LANES.count: lane.count, **_stride_values(LANES, lane)}
    b_stride = 0 if template.op in INDIRECT_OPS else template.b_type.size_bytes
    dense = Loop(count=1, a=template.a_type.size_bytes, b=b_stride, o=template.o_type.size_bytes)
    return _stride_values(LANES, dense)


def _stride_values(fields: LoopFields, loop: Loop) -> dict[str, int]:
    strides = {StreamName.A: loop.a, StreamName.B: loop.b, StreamName.OUTPUT: loop.o}
    return {name: strides[stream] for stream, name in fields.strides.items()}


def way_cycles(way: Way, chip: Chip) -> int:
    """Cycles of the instructions of a way on a chip, where no stream waits for another."""
    return sum(piece.cycles(chip) for piece in way)


def unrolled(way: Way) -> Iterator[tuple[VectorInstruction, Nest]]:
    """The instructions of a way, each with the nest of which it covers the loops that have counters."""
    for piece in way:
        for index in itertools.product(*(range(loop.count) for loop in piece.unrolled)):
            nest = piece.nest
            for steps, loop in zip(index, piece.unrolled, strict=True):
                nest = nest.moved(loop, steps)
            yield piece.instruction, nest
