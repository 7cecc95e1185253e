"""Constants that are computed from constants."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from chipsmith.tosa.graph import Graph, Operator
from chipsmith.tosa.reference import evaluate


def fold_constants(graph: Graph) -> Graph:
    """Each operator whose inputs are all constants becomes a constant; one that makes a graph output stays."""
    folded = _folded(graph)
    if not folded:
        return graph
    values = evaluate(_alone(graph, folded), {})
    return replace(
        graph,
        operators=tuple(op for op in graph.operators if op not in folded),
        constants={**graph.constants, **{name: np.array(data) for name, data in values.items()}},
    )


def _folded(graph: Graph) -> list[Operator]:
    known = set(graph.constants)
    folded = []
    for op in graph.operators:
        if known.issuperset(op.inputs) and not set(op.outputs) & set(graph.outputs):
            folded.append(op)
            known.update(op.outputs)
    return folded


def _alone(graph: Graph, operators: list[Operator]) -> Graph:
    """The graph of these operators alone; each result is an output of it."""
    outputs = tuple(name for op in operators for name in op.outputs)
    return replace(graph, operators=tuple(operators), inputs=(), outputs=outputs)
