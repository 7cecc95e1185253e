"""Where each tensor lies: in the arena, in a buffer of the caller, in read-only memory, or inside of another tensor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chipsmith.codegen.movement import source_view
from chipsmith.tosa.graph import Graph
from chipsmith.tosa.verify import operation_of


@dataclass(frozen=True, kw_only=True)
class Place:
    """Part of the storage of tensor `root`, from element `offset` on."""

    root: str
    offset: int = 0


def places_of(graph: Graph) -> Mapping[str, Place]:
    """The place of every tensor.

    What a RESHAPE or IDENTITY gives, and what a SLICE cuts off as neighbours in order, is part of its input.
    """
    places = {name: Place(root=name) for name in graph.tensors}
    for operator in graph.operators:
        if operator.inputs[:1] and operator.inputs[0] not in graph.constants:
            view = source_view(operation_of(graph, operator))
            if view is not None and view.is_contiguous:
                whole = places[operator.inputs[0]]
                places[operator.outputs[0]] = Place(root=whole.root, offset=whole.offset + view.offset)
    return places
