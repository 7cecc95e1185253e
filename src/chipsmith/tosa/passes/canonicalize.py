"""Graph to graph: the same bits, in the operators that the machine does best."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chipsmith.tosa.graph import Graph
from chipsmith.tosa.passes.cleanup import drop_dead, drop_identities, merge_duplicates
from chipsmith.tosa.passes.constants import fold_constants
from chipsmith.tosa.passes.convolution import merge_padding, plain_convolutions
from chipsmith.tosa.passes.layout import (
    merge_reshapes,
    merge_transposes,
    transpose_weights,
    transposes_to_reshapes,
)
from chipsmith.tosa.passes.slices import slice_sources
from chipsmith.tosa.passes.tables import tabulate
from chipsmith.tosa.verify import verify

Pass = Callable[[Graph], Graph]

PASSES: tuple[Pass, ...] = (
    fold_constants,
    merge_duplicates,
    drop_identities,
    transposes_to_reshapes,
    merge_transposes,
    merge_reshapes,
    slice_sources,
    transpose_weights,
    plain_convolutions,
    merge_padding,
    tabulate,
    drop_dead,
)
"""Each keeps the meaning to the bit and the names, shapes and types of the graph's inputs and outputs."""

_MOST_ROUNDS = 16


def canonicalize(graph: Graph, *, passes: Sequence[Pass] = PASSES) -> Graph:
    """The graph after all `passes`, again and again until they change nothing; verified after each change.

    Raises BadInput or OperatorRefused as verify does where `graph` itself is illegal or not supported.
    """
    verify(graph)
    for _ in range(_MOST_ROUNDS):
        before = graph
        for rewrite in passes:
            graph = _verified(rewrite, graph)
        if graph.operators == before.operators:
            break
    return graph


def _verified(rewrite: Pass, graph: Graph) -> Graph:
    after = rewrite(graph)
    if after.operators != graph.operators:
        verify(after)
    return after
