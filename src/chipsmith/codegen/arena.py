"""Where tensors and scratch memory lie in the static arena, and how long each lives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chipsmith.codegen.step import Step
from chipsmith.codegen.storage import Place
from chipsmith.tosa.graph import Graph

SCRATCH_BYTES_ALIGNED = 4


@dataclass(frozen=True, kw_only=True)
class Block:
    """Bytes that are in use from step `first` to step `last`, both included."""

    name: str
    size_bytes: int
    alignment: int
    first: int
    last: int


@dataclass(frozen=True, kw_only=True)
class Arena:
    """The offset in bytes of each block of the arena; `live_bytes` as CModule has it."""

    offsets: Mapping[str, int]
    size_bytes: int
    live_bytes: int


def plan_arena(graph: Graph, places: Mapping[str, Place], steps: Sequence[Step]) -> Arena:
    """The arena for these steps in their order."""
    blocks = tensor_blocks(graph, places, steps)
    scratch = [
        Block(name=scratch_name(index), size_bytes=step.scratch_bytes, alignment=4, first=index, last=index)
        for index, step in enumerate(steps)
        if step.scratch_bytes
    ]
    offsets = pack([*blocks, *scratch])
    ends = [offsets[block.name] + block.size_bytes for block in (*blocks, *scratch)]
    return Arena(offsets=offsets, size_bytes=max(ends, default=0), live_bytes=largest_sum(blocks))


def scratch_name(index: int) -> str:
    """The name of the scratch memory of a step, which no tensor bears."""
    return f"\0scratch {index}"


def tensor_blocks(graph: Graph, places: Mapping[str, Place], steps: Sequence[Step]) -> list[Block]:
    """The block of each tensor that a step writes and no caller holds."""
    outside = {*graph.inputs, *graph.constants, *output_roots(graph, places)}
    first = {name: index for index, step in enumerate(steps) for name in step.writes}
    last = dict(first)
    for index, step in enumerate(steps):
        for name in step.reads:
            last[places[name].root] = index
    for name in graph.outputs:
        if places[name].root in first:
            last[places[name].root] = len(steps)
    return [
        Block(
            name=name,
            size_bytes=graph.tensor(name).size_bytes,
            alignment=graph.tensor(name).dtype.size_bytes,
            first=index,
            last=last[name],
        )
        for name, index in first.items()
        if name not in outside
    ]


def output_roots(graph: Graph, places: Mapping[str, Place]) -> Mapping[str, str]:
    """The tensors that are computed straight into a buffer of the caller, each with the output that it holds."""
    roots: dict[str, str] = {}
    for name in graph.outputs:
        place = places[name]
        whole = graph.tensor(place.root).elements == graph.tensor(name).elements
        if place.root not in graph.inputs and place.root not in graph.constants and whole:
            roots.setdefault(place.root, name)
    return roots


def largest_sum(blocks: Sequence[Block]) -> int:
    """The most bytes that are in use together."""
    steps = {block.first for block in blocks}
    return max((sum(b.size_bytes for b in blocks if b.first <= step <= b.last) for step in steps), default=0)


def pack(blocks: Sequence[Block]) -> dict[str, int]:
    """An offset for each block, so that none that live together overlap: large ones first, each where it fits best."""
    placed: list[tuple[int, Block]] = []
    for block in sorted(blocks, key=lambda b: -b.size_bytes):
        offset = 0
        for start, other in sorted(placed, key=lambda pair: pair[0]):
            if other.first <= block.last and block.first <= other.last:
                if offset + block.size_bytes <= start:
                    break
                offset = max(offset, -(-(start + other.size_bytes) // block.alignment) * block.alignment)
        placed.append((offset, block))
    return {block.name: offset for offset, block in placed}
