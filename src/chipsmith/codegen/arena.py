"""What lies in the static arena: which tensors and scratch memory, how long each lives, and where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from chipsmith.codegen.packing import MemoryBlock, end_of, largest_sum, pack
from chipsmith.codegen.step import CStep
from chipsmith.codegen.storage import GraphLayout

_SCRATCH_SHARES = (0.08, 0.04, 0.0)
"""How far beyond `live_bytes` scratch memory may take an arena, in shares of it: the first that packs is taken."""
_MOST_OVERHEAD = 1.1


@dataclass(frozen=True, kw_only=True)
class Arena:
    """The offset in bytes of each tensor in the arena, and of the scratch memory of a step by the step's number.

    `live_bytes` is as CModule has it.
    """

    offsets: Mapping[str, int]
    scratch: Mapping[int, int]
    size_bytes: int
    live_bytes: int


@dataclass(frozen=True, kw_only=True)
class _Lives:
    """Blocks of tensors; `owners` has the block in which each tensor lies."""

    blocks: tuple[MemoryBlock, ...]
    owners: Mapping[str, str]


def plan_arena(layout: GraphLayout, steps: Sequence[CStep]) -> Arena:
    """The arena for these steps in their order."""
    lives = _lives(layout, steps)
    live_bytes = largest_sum(lives.blocks)
    plans = (_plan(lives, _granted(lives, layout, steps, share), live_bytes) for share in _SCRATCH_SHARES)
    chosen = next((plan for plan in plans if plan.size_bytes <= _MOST_OVERHEAD * live_bytes), None)
    return chosen or _plan(lives, _granted(lives, layout, steps, _SCRATCH_SHARES[-1]), live_bytes)


def _plan(lives: _Lives, scratch: Mapping[int, MemoryBlock], live_bytes: int) -> Arena:
    blocks = (*lives.blocks, *scratch.values())
    offsets = pack(blocks)
    return Arena(
        offsets={name: offsets[owner] for name, owner in lives.owners.items()},
        scratch={index: offsets[block.name] for index, block in scratch.items()},
        size_bytes=end_of(blocks, offsets),
        live_bytes=live_bytes,
    )


def _granted(lives: _Lives, layout: GraphLayout, steps: Sequence[CStep], share: float) -> Mapping[int, MemoryBlock]:
    """The scratch memory of those steps where it fits beside the tensors that live then."""
    most = largest_sum(lives.blocks)
    granted: dict[int, MemoryBlock] = {}
    for index, step in enumerate(steps):
        if not step.scratch_bytes:
            continue
        live = sum(block.size_bytes for block in lives.blocks if block.first <= index <= block.last)
        budget = (1 + share) * most - live if most else share * _own_bytes(layout, step)
        if step.scratch_bytes <= budget:
            granted[index] = MemoryBlock(
                name=f"\0scratch {index}", size_bytes=step.scratch_bytes, alignment=4, first=index, last=index
            )
    return granted


def _own_bytes(layout: GraphLayout, step: CStep) -> int:
    return sum(layout.graph.tensor(name).size_bytes for name in (*step.reads, *step.writes))


def _lives(layout: GraphLayout, steps: Sequence[CStep]) -> _Lives:
    """The block of each tensor that a step writes and no caller holds; what is overwritten shares its block."""
    outside = {*layout.graph.inputs, *layout.graph.constants, *output_roots(layout)}
    last = last_uses(layout, steps)
    blocks: dict[str, MemoryBlock] = {}
    owners: dict[str, str] = {}
    for index, step in enumerate(steps):
        for name in (name for name in step.writes if name not in outside):
            owner = _overwritten(layout, step, index, last, owners) if name == step.writes[0] else None
            owners[name] = owner or name
            if owner is None:
                tensor = layout.graph.tensor(name)
                blocks[name] = MemoryBlock(
                    name=name,
                    size_bytes=tensor.size_bytes,
                    alignment=tensor.dtype.size_bytes,
                    first=index,
                    last=last[name],
                )
            else:
                blocks[owner] = replace(blocks[owner], last=last[name])
    return _Lives(blocks=tuple(blocks.values()), owners=owners)


def _overwritten(
    layout: GraphLayout, step: CStep, index: int, last: Mapping[str, int], owners: Mapping[str, str]
) -> str | None:
    """The block of an operand that nobody needs any more and that the step's first output may take; None for none."""
    roots = (layout.root(name) for name in step.in_place)
    return next((owners[root] for root in roots if root in owners and last[root] == index), None)


def last_uses(layout: GraphLayout, steps: Sequence[CStep]) -> Mapping[str, int]:
    """For each tensor that a step writes the number of the last step that needs it; that behind all for an output."""
    last = {name: index for index, step in enumerate(steps) for name in step.writes}
    for index, step in enumerate(steps):
        last |= {layout.root(name): index for name in step.reads}
    return last | {layout.root(name): len(steps) for name in layout.graph.outputs}


def output_roots(layout: GraphLayout) -> Mapping[str, str]:
    """The tensors that are computed straight into a buffer of the caller, each with the output that it holds."""
    graph = layout.graph
    roots: dict[str, str] = {}
    for name in graph.outputs:
        root = layout.root(name)
        whole = graph.tensor(root).elements == graph.tensor(name).elements
        if root not in graph.inputs and root not in graph.constants and whole:
            roots.setdefault(root, name)
    return roots
