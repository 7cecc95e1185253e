"""Other names for the tensors of a graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from chipsmith.tosa.graph import Graph


def rename_tensors(graph: Graph, names: Mapping[str, str]) -> Graph:
    """The graph with each key named as its value; a value that another tensor has already gets a mark behind it."""
    chosen = _free(graph, names)
    operators = tuple(
        replace(
            op,
            name=chosen.get(op.name, op.name),
            inputs=_mapped(op.inputs, chosen),
            outputs=_mapped(op.outputs, chosen),
        )
        for op in graph.operators
    )
    tensors = (replace(tensor, name=chosen.get(name, name)) for name, tensor in graph.tensors.items())
    return replace(
        graph,
        operators=operators,
        tensors={tensor.name: tensor for tensor in tensors},
        constants={chosen.get(name, name): data for name, data in graph.constants.items()},
        inputs=_mapped(graph.inputs, chosen),
        outputs=_mapped(graph.outputs, chosen),
    )


def _free(graph: Graph, names: Mapping[str, str]) -> dict[str, str]:
    taken = set(graph.tensors) - set(names)
    chosen: dict[str, str] = {}
    for old, new in names.items():
        while new in taken:
            new += "'"
        taken.add(new)
        chosen[old] = new
    return chosen


def _mapped(tensors: tuple[str, ...], names: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(names.get(name, name) for name in tensors)
