"""Loops of any number and length to the loops and lanes of VECTOR."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from chipsmith.chip.description import Chip
from chipsmith.errors import OperatorRefused
from chipsmith.program.instructions import INDIRECT_OPS, VectorInstruction
from chipsmith.program.vector_cycles import vector_cycles

_OUTER_LOOPS = 4
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
    whole = replace(nest, loops=coalesce(nest.loops))
    lanes = [one for one in whole.loops if not (one.b and template.op in INDIRECT_OPS)]
    candidates = [_pieces(template, whole, lane) for lane in lanes] or [_pieces(template, whole, None)]
    able = [one for one in candidates if one is not None]
    if not able:
        raise OperatorRefused("a reduction over more than three separate axes is not held; split it in two operators")
    for piece in min(able, key=lambda pieces: sum(_cost(one, chip) for one in pieces)):
        yield from _unrolled(piece)


def coalesce(loops: tuple[Loop, ...]) -> tuple[Loop, ...]:
    """The same loops with counts of one dropped and every pair joined that is one longer loop in all streams."""
    left = [one for one in loops if one.count != 1]
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
    same = all(getattr(outer, one) == getattr(inner, one) * inner.count for one in ("a", "b", "o"))
    return same and outer.reduced == inner.reduced and outer.count * inner.count <= _COUNT_LIMIT


@dataclass(frozen=True, kw_only=True)
class _Piece:
    """An instruction, where its streams start, and the loops that it has no counter for."""

    instruction: VectorInstruction
    nest: Nest
    unrolled: tuple[Loop, ...]


def _pieces(template: VectorInstruction, nest: Nest, lane: Loop | None) -> list[_Piece] | None:
    """The nest with one loop along the lanes; None where the hardware's reduction has no counters for it."""
    outer = replace(nest, loops=tuple(one for one in nest.loops if one is not lane))
    assigned = [_assign(template, part, lane) for part in _short_loops(outer)]
    able = [one for one in assigned if one is not None]
    return able if len(able) == len(assigned) else None


def _short_loops(nest: Nest) -> list[Nest]:
    """The nest in parts whose loops fit the counters; reductions stay whole."""
    long = next((one for one in nest.loops if one.count > _COUNT_LIMIT and not one.reduced), None)
    if long is None:
        return [nest]
    others = tuple(one for one in nest.loops if one is not long)
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
    outer = sorted((one for one in nest.loops if not one.reduced), key=lambda one: -one.count)
    inner = [one for one in nest.loops if one.reduced]
    if len(inner) > 2 or any(one.b or one.count > _COUNT_LIMIT for one in inner):
        return None
    fields: dict[str, Any] = _lanes(template, lane)
    for at, one in enumerate(reversed(outer[:_OUTER_LOOPS])):
        fields |= {f"o{at}": one.count, f"a_stride_{at}": one.a, f"b_stride_{at}": one.b, f"o_stride_{at}": one.o}
    for at, one in enumerate(inner):
        fields |= {f"r{at}": one.count, f"a_reduce_{at}": one.a}
    return _Piece(instruction=replace(template, **fields), nest=nest, unrolled=tuple(outer[_OUTER_LOOPS:]))


def _lanes(template: VectorInstruction, lane: Loop | None) -> dict[str, Any]:
    if lane is None:
        return {
            "a_lane_stride": template.a_type.size_bytes,
            "b_lane_stride": 0 if template.op in INDIRECT_OPS else template.b_type.size_bytes,
            "o_lane_stride": template.o_type.size_bytes,
        }
    return {
        "lanes": lane.count,
        "lane_reduce": int(lane.reduced),
        "a_lane_stride": lane.a,
        "b_lane_stride": lane.b,
        "o_lane_stride": lane.o,
    }


def _cost(piece: _Piece, chip: Chip) -> int:
    apart = replace(piece.instruction, b_first_group=1, b_last_group=1, o_first_group=2, o_last_group=2)
    return math.prod(one.count for one in piece.unrolled) * vector_cycles(apart, chip)


def _unrolled(piece: _Piece) -> Iterator[tuple[VectorInstruction, Nest]]:
    for index in itertools.product(*(range(one.count) for one in piece.unrolled)):
        nest = piece.nest
        for steps, loop in zip(index, piece.unrolled, strict=True):
            nest = nest.moved(loop, steps)
        yield piece.instruction, nest
