"""Masks of attention: a score far below all others counts for nothing, however far below it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from chipsmith.quantisation.network import FloatNetwork
from chipsmith.quantisation.regions import RegionKind, find_regions
from chipsmith.tosa.graph import Array, Graph, Operator

MASKED_SCORE = -1e4
"""What a constant further below counts as: exp of it is 0 in any number that a chip has."""
_MASKING = ("ADD", "SUB", "MUL", "SELECT", "RESHAPE", "TRANSPOSE", "TILE", "SLICE", "CONCAT", "IDENTITY")
"""Operators by which a mask is made and comes to its scores."""


def bound_masks(network: FloatNetwork) -> FloatNetwork:
    """The network with constants below MASKED_SCORE raised to it, where they come to nothing but softmax.

    Integers that share a scale with the lowest float32 would leave the scores no resolution.
    """
    graph = network.graph
    readers = _list_readers(graph)
    softmax = [region.operators for region in find_regions(graph) if region.kind is RegionKind.SOFTMAX]
    inner = frozenset[str]().union(*softmax)
    bounded = {
        name: np.maximum(data, np.float32(MASKED_SCORE))
        for name, data in graph.constants.items()
        if data.dtype == np.float32 and _is_far_below(data) and _ends_in(inner, name, graph, readers)
    }
    return replace(network, graph=replace(graph, constants={**graph.constants, **bounded})) if bounded else network


def _is_far_below(data: Array) -> bool:
    return bool(data.size) and bool(data.min() < MASKED_SCORE) and bool(data.max() <= 0)


def _list_readers(graph: Graph) -> Mapping[str, list[Operator]]:
    readers: dict[str, list[Operator]] = {}
    for operator in graph.operators:
        for name in operator.inputs:
            readers.setdefault(name, []).append(operator)
    return readers


def _ends_in(softmax: frozenset[str], tensor: str, graph: Graph, readers: Mapping[str, list[Operator]]) -> bool:
    """Whether all that is made of a tensor by masking is read by these operators alone."""
    if tensor in graph.outputs or not readers.get(tensor):
        return False
    return all(
        operator.name in softmax
        or (operator.kind in _MASKING and _ends_in(softmax, operator.outputs[0], graph, readers))
        for operator in readers[tensor]
    )
