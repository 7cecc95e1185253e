"""Operators of a graph in an order in which each input is ready."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heappush

from chipsmith.tosa.graph import Operator


def sort_operators(operators: Sequence[Operator]) -> tuple[Operator, ...]:
    """The operators with each behind those that make its inputs, else in the order given; there must be no cycle."""
    makers = {name: place for place, op in enumerate(operators) for name in op.outputs}
    waits = [{makers[name] for name in op.inputs if name in makers} for op in operators]
    readers: list[list[int]] = [[] for _ in operators]
    for place, before in enumerate(waits):
        for maker in before:
            readers[maker].append(place)
    ready = [place for place, before in enumerate(waits) if not before]
    heapify(ready)
    order = []
    while ready:
        place = heappop(ready)
        order.append(operators[place])
        for reader in readers[place]:
            waits[reader].discard(place)
            if not waits[reader]:
                heappush(ready, reader)
    assert len(order) == len(operators)
    return tuple(order)
