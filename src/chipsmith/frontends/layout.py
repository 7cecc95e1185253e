"""Transposes at the border of a graph, taken out of it: the host lays the values out as the chip reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from chipsmith.tosa.graph import AttributeValue, Graph, Operator

Axes = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class BorderLayout:
    """A graph without its border transposes, and what the host does in their place.

    `input_axes` and `output_axes` hold, for each input and output, the order that brings the network's axes into
    the graph's, as numpy.transpose takes it.
    """

    graph: Graph
    input_axes: tuple[Axes, ...]
    output_axes: tuple[Axes, ...]


def strip_border_transposes(graph: Graph) -> BorderLayout:
    """Take each TRANSPOSE out that alone reads an input or makes an output, if it keeps axis 0 in place.

    The tensors at the border keep their names and get the inner shape.
    """
    input_axes: dict[str, Axes] = {}
    for name in graph.inputs:
        op = _find_only_reader(graph, name)
        if op is not None and _keeps_batch(op) and op.outputs[0] not in graph.outputs:
            input_axes[name] = _read_perms(op)
            graph = _remove(graph, op, keep=name, drop=op.outputs[0])
    output_axes: dict[str, Axes] = {}
    for op in graph.operators:
        if op.outputs[0] in graph.outputs and _keeps_batch(op) and _is_inner(graph, op.inputs[0]):
            output_axes[op.outputs[0]] = tuple(np.argsort(_read_perms(op)).tolist())
            graph = _remove(graph, op, keep=op.outputs[0], drop=op.inputs[0])
    return BorderLayout(
        graph=graph,
        input_axes=tuple(_find_axes(graph, name, input_axes) for name in graph.inputs),
        output_axes=tuple(_find_axes(graph, name, output_axes) for name in graph.outputs),
    )


def _find_axes(graph: Graph, name: str, moved: Mapping[str, Axes]) -> Axes:
    return moved.get(name, tuple(range(len(graph.tensor(name).shape))))


def _find_only_reader(graph: Graph, name: str) -> Operator | None:
    readers = [op for op in graph.operators if name in op.inputs]
    return readers[0] if len(readers) == 1 and name not in graph.outputs else None


def _keeps_batch(op: Operator) -> bool:
    return op.kind == "TRANSPOSE" and _read_perms(op)[0] == 0


def _read_perms(op: Operator) -> Axes:
    perms: AttributeValue = op.attributes["perms"]
    assert isinstance(perms, tuple)
    return perms


def _is_inner(graph: Graph, name: str) -> bool:
    return name not in (*graph.inputs, *graph.outputs, *graph.constants)


def _remove(graph: Graph, removed: Operator, *, keep: str, drop: str) -> Graph:
    """The graph without `removed`, which stood between `keep`, a tensor of the border, and the inner `drop`."""
    tensors = {name: tensor for name, tensor in graph.tensors.items() if name != drop}
    inner = graph.tensor(drop)
    tensors[keep] = replace(inner, name=keep)
    operators = tuple(_rename_io(op, drop, keep) for op in graph.operators if op is not removed)
    return replace(graph, tensors=tensors, operators=operators)


def _rename_io(op: Operator, old: str, new: str) -> Operator:
    return replace(op, inputs=_swap(op.inputs, old, new), outputs=_swap(op.outputs, old, new))


def _swap(names: tuple[str, ...], old: str, new: str) -> tuple[str, ...]:
    return tuple(new if name == old else name for name in names)
