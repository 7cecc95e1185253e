"""The arena: blocks that live together never overlap, and the whole is near the least that there can be."""

from __future__ import annotations

import numpy as np
import pytest

from chipsmith.codegen.packing import MemoryBlock, end_of, largest_sum, pack


def random_blocks(seed: int, *, count: int = 40) -> list[MemoryBlock]:
    """Blocks as a network's tensors are: they begin in order and live for a few steps."""
    rng = np.random.default_rng(seed)
    return [
        MemoryBlock(
            name=str(index),
            size_bytes=int(rng.integers(1, 50)) * 4,
            alignment=int(rng.choice([1, 2, 4])),
            first=index,
            last=index + int(rng.choice([1, 1, 1, 2, 5, 12])),
        )
        for index in range(count)
    ]


def overlap(a: MemoryBlock, b: MemoryBlock, offsets) -> bool:
    return offsets[a.name] < offsets[b.name] + b.size_bytes and offsets[b.name] < offsets[a.name] + a.size_bytes


@pytest.mark.parametrize("seed", range(12))
def test_blocks_that_meet_do_not_overlap(seed):
    blocks = random_blocks(seed)
    offsets = pack(blocks)
    assert not any(overlap(a, b, offsets) for a in blocks for b in blocks if a is not b and a.meets(b))
    assert all(offsets[block.name] % block.alignment == 0 for block in blocks)


@pytest.mark.parametrize("seed", range(12))
def test_packings_are_near_the_least(seed):
    blocks = random_blocks(seed)
    live = [sum(b.size_bytes for b in blocks if b.first <= step <= b.last) for step in range(60)]
    assert largest_sum(blocks) == max(live)
    assert max(live) <= end_of(blocks, pack(blocks)) <= 1.1 * max(live)


def test_nothing_takes_nothing():
    assert (largest_sum([]), end_of([], pack([]))) == (0, 0)
