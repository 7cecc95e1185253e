"""Offsets for blocks of memory that live for a while: as small a whole as a few orders and some search find."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_MOST_TRIALS = 300
_MOST_COMPARISONS = 1_500_000


@dataclass(frozen=True, kw_only=True)
class MemoryBlock:
    """Bytes that are in use from step `first` to step `last`, both included, and begin at a multiple of `alignment`."""

    name: str
    size_bytes: int
    alignment: int
    first: int
    last: int

    def meets(self, other: MemoryBlock) -> bool:
        """Whether both are in use in some step."""
        return self.first <= other.last and other.first <= self.last


def largest_sum(blocks: Sequence[MemoryBlock]) -> int:
    """The most bytes that are in use together: no packing is smaller."""
    changes: dict[int, int] = {}
    for block in blocks:
        changes[block.first] = changes.get(block.first, 0) + block.size_bytes
        changes[block.last + 1] = changes.get(block.last + 1, 0) - block.size_bytes
    live = most = 0
    for step in sorted(changes):
        live += changes[step]
        most = max(most, live)
    return most


def end_of(blocks: Sequence[MemoryBlock], offsets: Mapping[str, int]) -> int:
    """Bytes from the beginning to the end of the last block."""
    return max((offsets[block.name] + block.size_bytes for block in blocks), default=0)


def pack(blocks: Sequence[MemoryBlock]) -> Mapping[str, int]:
    """An offset for each block by its name, so that none that meet overlap.

    Several orders are tried, then the best with two blocks exchanged, until none is better or nothing could be.
    """
    least = largest_sum(blocks)
    best: Sequence[MemoryBlock] = ()
    best_offsets: Mapping[str, int] = {}
    for order in _orders(blocks):
        offsets = _place_in_order(order)
        if not best or end_of(blocks, offsets) < end_of(blocks, best_offsets):
            best, best_offsets = order, offsets
        if end_of(blocks, best_offsets) <= least:
            return best_offsets
    return _improve(best, best_offsets, least)


def _orders(blocks: Sequence[MemoryBlock]) -> Iterator[Sequence[MemoryBlock]]:
    yield sorted(blocks, key=lambda block: (-block.size_bytes, block.first))
    yield sorted(blocks, key=lambda block: -block.size_bytes * (block.last - block.first + 1))
    yield sorted(blocks, key=lambda block: (block.first - block.last, -block.size_bytes))
    yield sorted(blocks, key=lambda block: (block.first, -block.size_bytes))
    yield sorted(blocks, key=lambda block: (-block.last, -block.size_bytes))


def _place_in_order(order: Sequence[MemoryBlock]) -> Mapping[str, int]:
    """Each block at the lowest offset that is free as long as it lives."""
    placed: list[tuple[int, MemoryBlock]] = []
    for block in order:
        offset = 0
        for start, other in sorted((pair for pair in placed if pair[1].meets(block)), key=lambda pair: pair[0]):
            if offset + block.size_bytes <= start:
                break
            offset = max(offset, _aligned(start + other.size_bytes, block.alignment))
        placed.append((offset, block))
    return {block.name: offset for offset, block in placed}


def _aligned(offset: int, alignment: int) -> int:
    return -(-offset // alignment) * alignment


def _improve(order: Sequence[MemoryBlock], offsets: Mapping[str, int], least: int) -> Mapping[str, int]:
    """Exchanges in the order, kept where the whole does not grow; the same for the same blocks."""
    generator = random.Random(0)
    current, size = list(order), end_of(order, offsets)
    for _ in range(min(_MOST_TRIALS, _MOST_COMPARISONS // len(order) ** 2)):
        if size <= least:
            break
        trial = list(current)
        first, second = generator.randrange(len(trial)), generator.randrange(len(trial))
        trial[first], trial[second] = trial[second], trial[first]
        placed = _place_in_order(trial)
        if end_of(trial, placed) <= size:
            current, offsets, size = trial, placed, end_of(trial, placed)
    return offsets
