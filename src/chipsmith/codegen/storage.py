"""Where each tensor lies: on its own, or as a view of another tensor that nobody copies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chipsmith.codegen.expressions import EXPRESSIONS
from chipsmith.codegen.views import AffineView, block, contiguous, flipped, permuted
from chipsmith.tosa.graph import Array, Graph, Operator
from chipsmith.tosa.operators.row import Operation
from chipsmith.tosa.verify import operation_of

VIEWING = ("IDENTITY", "RESHAPE", "REVERSE", "SLICE", "TRANSPOSE")
"""Operators whose output is a view of their input."""
_READ_ANY_VIEW = frozenset({*EXPRESSIONS, "CONCAT", "PAD", "TILE"})
_READ_BLOCKS = frozenset({"CONV2D", "CONV3D", "DEPTHWISE_CONV2D", "AVG_POOL2D", "MAX_POOL2D"})
"""Operators that read images of pixels of neighbouring channels, at whatever distances from each other."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """The elements of tensor `root` that a tensor consists of."""

    root: str
    view: AffineView


@dataclass(frozen=True, kw_only=True)
class GraphLayout:
    """A graph and the place of each of its tensors."""

    graph: Graph
    places: Mapping[str, Place]

    def view(self, name: str) -> AffineView:
        """The elements of a tensor, as a view of its root."""
        return self.places[name].view

    def root(self, name: str) -> str:
        """The tensor that holds a tensor's elements."""
        return self.places[name].root

    def data(self, name: str) -> Array | None:
        """The elements of the root of a tensor, flat, where it is a constant."""
        data = self.graph.constant(self.root(name))
        return None if data is None else data.reshape(-1)

    def computed(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those whose root is no constant, each once."""
        return tuple(dict.fromkeys(name for name in names if self.data(name) is None))

    def virtual(self) -> tuple[str, ...]:
        """The tensors that are views of others."""
        return tuple(name for name, place in self.places.items() if place.root != name)


def lay_out(graph: Graph) -> GraphLayout:
    """The layout of a verified graph."""
    return GraphLayout(graph=graph, places=places_of(graph))


def places_of(graph: Graph) -> Mapping[str, Place]:
    """The place of every tensor: what a view gives is part of its input, where all that read it can read it there."""
    readers: dict[str, list[Operator]] = {name: [] for name in graph.tensors}
    for operator in graph.operators:
        for name in operator.inputs:
            readers[name].append(operator)
    places = {name: Place(root=name, view=contiguous(tensor.shape)) for name, tensor in graph.tensors.items()}
    for operator in graph.operators:
        output = operator.outputs[0]
        view = _output_view(operation_of(graph, operator), places)
        if view is not None and _suits(view, output, readers[output], graph):
            places[output] = Place(root=places[operator.inputs[0]].root, view=view)
    return places


def _output_view(operation: Operation, places: Mapping[str, Place]) -> AffineView | None:
    """The output of a view as a view of its input's root; None of other operators, and of none of one view."""
    if operation.operator.kind not in VIEWING:
        return None
    return viewed(operation, places[operation.operator.inputs[0]].view)


def viewed(operation: Operation, whole: AffineView) -> AffineView | None:
    """What an operator of VIEWING reads of a view of its input; None where a RESHAPE would have to copy it."""
    match operation.operator.kind:
        case "SLICE":
            return block(whole, operation.values("start"), operation.values("size"))
        case "TRANSPOSE":
            return permuted(whole, operation.integers("perms"))
        case "REVERSE":
            return flipped(whole, operation.integer("axis"))
        case "RESHAPE" if whole.is_contiguous:
            return AffineView(
                sizes=operation.output.shape,
                strides=contiguous(operation.output.shape).strides,
                offset=whole.offset,
            )
        case "IDENTITY":
            return whole
        case _:
            return None


def _suits(view: AffineView, name: str, readers: list[Operator], graph: Graph) -> bool:
    """Whether a tensor may stay a view: in order, or read only by operators that take it as it is."""
    if view.is_contiguous:
        return True
    return name not in graph.outputs and all(_reads_view(operator, name, view) for operator in readers)


def _reads_view(operator: Operator, name: str, view: AffineView) -> bool:
    if operator.kind in _READ_ANY_VIEW:
        return True
    if operator.kind in _READ_BLOCKS:
        neighbours = view.strides[-1] == 1 or view.sizes[-1] == 1
        return neighbours and min(view.strides) >= 0 and name not in operator.inputs[1:]
    return operator.kind in VIEWING and operator.kind != "RESHAPE"
