"""Zeros over what depends on the inputs: VECTORs over on-chip memory, STOREs over external memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from chipsmith.chip.description import Chip
from chipsmith.compiler.wipe.places import ALIGNMENT
from chipsmith.program.instructions import Store, Type, VectorInstruction
from chipsmith.program.locks import EXTERNAL_REGIONS
from chipsmith.program.streams import Mask

ALL_REGIONS = (1 << EXTERNAL_REGIONS) - 1
_LONGEST_LOOP = (1 << 16) - 1
_WORTH = 32
"""Lines between two spans that are cleared rather than left out: an instruction more would take as long."""


class Span(NamedTuple):
    """Bytes from `first` up to, but not including, `end`."""

    first: int
    end: int


def spans_to_clear(dependent: Mask, untouchable: Mask, *, gap: int) -> tuple[Span, ...]:
    """Spans that hold each dependent byte and none that is untouchable, rising.

    They begin and end at multiples of ALIGNMENT where they may. Two of them that lie up to `gap` bytes apart are one
    where nothing between them is untouchable.
    """
    spans: list[Span] = []
    for first, end in _runs(dependent):
        span = Span(_lowered(first, untouchable), _raised(end, untouchable))
        if spans and span.first - spans[-1].end <= gap and not untouchable[spans[-1].end : span.first].any():
            span = Span(spans.pop().first, span.end)
        spans.append(span)
    return tuple(spans)


def local_gap(chip: Chip) -> int:
    """Bytes of on-chip memory that take no longer to clear than an instruction more."""
    return _WORTH * chip.tensor.rows


def _runs(mask: Mask) -> Iterator[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(mask.astype(np.int8), prepend=0, append=0)).tolist()
    yield from zip(edges[::2], edges[1::2], strict=True)


def _lowered(first: int, untouchable: Mask) -> int:
    aligned = first // ALIGNMENT * ALIGNMENT
    return first if untouchable[aligned:first].any() else aligned


def _raised(end: int, untouchable: Mask) -> int:
    aligned = min(-(-end // ALIGNMENT) * ALIGNMENT, len(untouchable))
    return end if untouchable[end:aligned].any() else aligned


def clear_local(span: Span, beside: int, chip: Chip) -> VectorInstruction:
    """Zeros over a span of on-chip memory; the element that it reads and ignores stands `beside` it."""
    whole = span.first % ALIGNMENT == 0 and (span.end - span.first) % ALIGNMENT == 0
    kind = Type.INT32 if whole else Type.INT8
    size, group_bytes = kind.size_bytes, chip.memory.group_bytes
    return VectorInstruction(
        lanes=(span.end - span.first) // size,
        a_type=kind,
        a_base=beside,
        clamp_min=0,
        clamp_max=0,
        o_type=kind,
        o_base=span.first,
        o_lane_stride=size,
        a_first_group=beside // group_bytes,
        a_last_group=beside // group_bytes,
        o_first_group=span.first // group_bytes,
        o_last_group=(span.end - 1) // group_bytes,
    )


def clear_external(span: Span, zeros: int, chip: Chip) -> Iterator[Store]:
    """Zeros over a span of external memory, from an atom of zeros on the chip."""
    atom, first = chip.external.atom_bytes, span.first
    while first < span.end:
        run = min(atom - first % atom, span.end - first)
        atoms = (span.end - first) // atom if run == atom else 1
        inner = min(atoms, _LONGEST_LOOP)
        outer = min(atoms // inner, _LONGEST_LOOP)
        yield _store(first, run, inner, outer, zeros, chip)
        first += run * inner * outer


def _store(first: int, run: int, inner: int, outer: int, zeros: int, chip: Chip) -> Store:
    group = zeros // chip.memory.group_bytes
    return Store(
        external_address=first,
        local_address=zeros,
        outer_count=outer,
        inner_count=inner,
        run_bytes=run,
        external_outer_stride=run * inner if outer > 1 else 0,
        external_inner_stride=run if inner > 1 else 0,
        first_group=group,
        last_group=group,
        external_locks=ALL_REGIONS,
    )
