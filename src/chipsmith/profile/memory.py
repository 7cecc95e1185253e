"""Bytes of on-chip memory over time: the one place where their peak is counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from chipsmith.program.program import BufferSpan, Program

if TYPE_CHECKING:
    from chipsmith.sim.cycle import Timeline


class Residence(NamedTuple):
    """Bytes that are in use from the start of `first_cycle` to the start of `last_cycle`."""

    first_cycle: int
    last_cycle: int
    size_bytes: int


def residence(span: BufferSpan, timeline: Timeline) -> Residence:
    """When a buffer is in use: from the start of its first instruction until the last one lets go of what it held.

    Not by the order of instructions: a LOAD that starts while an earlier instruction still reads needs its own bytes.
    """
    last = min(span.last_instruction, len(timeline.end) - 1)
    return Residence(
        first_cycle=int(timeline.start[span.first_instruction]),
        last_cycle=int(timeline.end[last]),
        size_bytes=span.size_bytes,
    )


def memory_use(residences: Iterable[Residence]) -> tuple[tuple[int, int], ...]:
    """(cycle, bytes in use from then on), rising; the last has 0 bytes. Empty where nothing is in use."""
    return tuple(_running_sums(residences))


def memory_peak_bytes(program: Program, timeline: Timeline) -> int:
    """Most bytes of on-chip memory that the buffers of a Program use in one cycle of an inference."""
    residences = (residence(span, timeline) for span in program.manifest.buffers)
    return max((used for _, used in memory_use(residences)), default=0)


def _running_sums(residences: Iterable[Residence]) -> Iterator[tuple[int, int]]:
    changes: defaultdict[int, int] = defaultdict(int)
    for first_cycle, last_cycle, size_bytes in residences:
        changes[first_cycle] += size_bytes
        changes[last_cycle] -= size_bytes
    used = 0
    for cycle in sorted(changes):
        used += changes[cycle]
        yield cycle, used
