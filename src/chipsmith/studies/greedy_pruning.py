"""Which channels to take out: those that save the most of the chip's cycles for the importance that they lose.

FLOPs are not asked. A chip works on whole columns of its array, so channels pay only where they empty one: the walk
goes down in steps of full columns, and the simulated cycles of each step decide.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chipsmith.chip import Chip
from chipsmith.errors import BadInput
from chipsmith.frontends.pytorch.shape_graph import shape_graph
from chipsmith.learn.compression.channels import ChannelGroup, keep_channels
from chipsmith.learn.compression.widths import Widths, scale_graph, shrink_widths
from chipsmith.profile.cost import ChipCost, graph_cost
from chipsmith.tosa.graph import Graph

if TYPE_CHECKING:
    import torch

Price = Callable[[Widths], ChipCost]
"""The cost of a network whose groups of channels have these widths."""


@dataclass(frozen=True, kw_only=True)
class PruneStep:
    """A step of the walk: the width of each group, and what the network then costs."""

    widths: dict[str, int]
    cost: ChipCost


def build_price(module: torch.nn.Module, example: torch.Tensor, groups: tuple[ChannelGroup, ...], chip: Chip) -> Price:
    """The Price of `module` on `chip`: from two lowerings, or a lowering each time where shapes do not scale."""
    full = {group.name: group.width for group in groups}

    def graph(widths: Widths) -> Graph:
        return shape_graph(keep_channels(module, example, groups, widths), example.numpy())

    reduced = shrink_widths(full)
    try:
        if reduced is None:
            raise BadInput("the groups have too few channels to tell them apart")
        scaled = scale_graph(graph(full), full, graph(reduced), reduced)
    except BadInput:
        return lambda widths: graph_cost(graph(widths), chip)
    return lambda widths: graph_cost(scaled.resolve(widths), chip)


def prune(groups: Sequence[ChannelGroup], price: Price, *, columns: int) -> Iterator[PruneStep]:
    """The whole network, then step by step a cheaper one, until no step saves a cycle.

    A step narrows one group to the next width below that fills `columns` (below that, to half). It is the one with the
    most cycles saved for each unit of importance lost. Savings of steps not taken are kept from when they were last
    priced, and priced again before they are chosen.
    """
    widths = {group.name: group.width for group in groups}
    now = PruneStep(widths=widths, cost=price(widths))
    yield now
    queue = [step for group in groups if (step := _priced(group, now, price, columns)) is not None]
    heapq.heapify(queue)
    while queue:
        best = _best(queue, now, price, columns)
        if best is None:
            return
        group, now = best
        yield now
        step = _priced(group, now, price, columns)
        if step is not None:
            heapq.heappush(queue, step)


@dataclass(frozen=True, kw_only=True)
class _PricedStep:
    """A group narrowed by one step from `before`; the gain is cycles saved for each unit of importance."""

    group: ChannelGroup
    before: PruneStep
    after: PruneStep
    gain: float

    def __lt__(self, other: _PricedStep) -> bool:
        return self.gain > other.gain


def _best(
    queue: list[_PricedStep], now: PruneStep, price: Price, columns: int
) -> tuple[ChannelGroup, PruneStep] | None:
    """Take the best step out of the queue, priced from where the walk stands; None where none saves a cycle."""
    while queue:
        step = heapq.heappop(queue)
        if step.before is now:
            return (step.group, step.after) if step.gain > 0 else None
        again = _priced(step.group, now, price, columns)
        if again is not None:
            heapq.heappush(queue, again)
    return None


def _priced(group: ChannelGroup, now: PruneStep, price: Price, columns: int) -> _PricedStep | None:
    width = now.widths[group.name]
    smaller = next_width(width, columns=columns)
    if smaller is None:
        return None
    widths = {**now.widths, group.name: smaller}
    after = PruneStep(widths=widths, cost=price(widths))
    lost = group.lost_importance(smaller) - group.lost_importance(width)
    gain = (now.cost.cycles - after.cost.cycles) / max(lost, 1e-9)
    return _PricedStep(group=group, before=now, after=after, gain=gain)


def next_width(width: int, *, columns: int) -> int | None:
    """The next smaller number of channels to try: whole columns above one, half of what is left below; None at 1."""
    if width > columns:
        return (width - 1) // columns * columns
    return width // 2 or None
