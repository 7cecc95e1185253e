"""Transposes at the border of a graph, taken out of it: the host lays the values out as the chip reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from chipsmith.tosa.graph import Graph, Operator, Tensor
from chipsmith.tosa.passes.cleanup import drop_dead

Axes = tuple[int, ...]


class Border(StrEnum):
    """Who turns the axes of a network's inputs and outputs between the author's layout and that of the chip.

    The answers are the same to the bit.
    """

    HOST = "host"
    """The host, which writes the inputs laid out as the chip reads them: no operator of the chip is left for it."""
    CHIP = "chip"
    """The chip, by TRANSPOSE operators at the border of the graph: the host writes values as the author has them."""


@dataclass(frozen=True, kw_only=True)
class PlacedOutput:
    """Where an output of the network lies: the graph's tensor, and the order that brings its axes into the graph's."""

    tensor: str
    axes: Axes


@dataclass(frozen=True, kw_only=True)
class BorderLayout:
    """A graph without its border transposes, and what the host does in their place.

    `input_axes` holds, for each input, the order that brings the network's axes into the graph's, as numpy.transpose
    takes it. `outputs` holds one place for each output of the graph before, in its order; two may be in one tensor,
    which the new graph gives once. `names` says what each tensor that is left with its values in their layout is called
    now.
    """

    graph: Graph
    input_axes: tuple[Axes, ...]
    outputs: tuple[PlacedOutput, ...]
    names: Mapping[str, str]


def lay_out_border(graph: Graph, border: Border) -> BorderLayout:
    """The graph as the chip computes it, and what is left to the host."""
    if border is Border.HOST:
        return strip_border_transposes(graph)
    return BorderLayout(
        graph=graph,
        input_axes=tuple(_unmoved(graph.tensor(name)) for name in graph.inputs),
        outputs=tuple(PlacedOutput(tensor=name, axes=_unmoved(graph.tensor(name))) for name in graph.outputs),
        names={name: name for name in graph.tensors},
    )


def strip_border_transposes(graph: Graph) -> BorderLayout:
    """Take the TRANSPOSEs at the border out of the graph, those that keep axis 0 in place.

    An input that is read by TRANSPOSEs of one order alone comes in that order. An output that a TRANSPOSE makes is read
    where the TRANSPOSE reads it, unless that is an input or a constant; the TRANSPOSE stays where others read its
    result. Inputs keep their names; so does an output whose tensor has left: the tensor in its place has its name.
    """
    inner, input_axes, entered = _strip_inputs(graph)
    places = tuple(_place_output(inner, name) for name in graph.outputs)
    bare = drop_dead(replace(inner, outputs=tuple(dict.fromkeys(place.tensor for place in places))))
    called = _name_outputs(bare, graph.outputs, places)
    return BorderLayout(
        graph=_rename(bare, called),
        input_axes=tuple(input_axes.get(name, _unmoved(graph.tensor(name))) for name in graph.inputs),
        outputs=tuple(replace(place, tensor=called.get(place.tensor, place.tensor)) for place in places),
        names={name: called.get(now, now) for name, now in _names_after(graph, entered) if now in bare.tensors},
    )


def _names_after(graph: Graph, entered: Mapping[str, str]) -> list[tuple[str, str]]:
    """Each tensor and where its values lie now in their layout; an input that is laid out anew has lost its own."""
    moved = set(entered.values())
    return [(name, entered.get(name, name)) for name in graph.tensors if name not in moved]


def _strip_inputs(graph: Graph) -> tuple[Graph, dict[str, Axes], dict[str, str]]:
    """The graph without TRANSPOSEs of inputs, the inputs' new axes, and the input that stands for each result."""
    removed: dict[str, Operator] = {}
    axes: dict[str, Axes] = {}
    for name in graph.inputs:
        readers = [op for op in graph.operators if name in op.inputs]
        orders = {_read_perms(op) if _keeps_batch(op) else None for op in readers}
        shown = {name, *(op.outputs[0] for op in readers)} & set(graph.outputs)
        order = orders.pop() if len(orders) == 1 else None
        if order is not None and not shown:
            axes[name] = order
            removed |= {op.outputs[0]: op for op in readers}
    entered = {result: op.inputs[0] for result, op in removed.items()}
    return _enter(graph, entered), axes, entered


def _enter(graph: Graph, entered: Mapping[str, str]) -> Graph:
    """The graph whose inputs are what they were transposed to; `entered` has the input of each result."""
    laid_out = {name: replace(graph.tensor(result), name=name) for result, name in entered.items()}
    tensors = {name: tensor for name, tensor in graph.tensors.items() if name not in entered}
    operators = (op for op in graph.operators if op.outputs[0] not in entered)
    return replace(
        graph,
        tensors={**tensors, **laid_out},
        operators=tuple(replace(op, inputs=_map(op.inputs, entered)) for op in operators),
    )


def _place_output(graph: Graph, name: str) -> PlacedOutput:
    """The tensor before the TRANSPOSEs that make an output, and the order that leads back to it."""
    makers = {op.outputs[0]: op for op in graph.operators}
    axes = np.arange(len(graph.tensor(name).shape))
    tensor = name
    while tensor in makers and _keeps_batch(makers[tensor]) and makers[tensor].inputs[0] in makers:
        axes = axes[np.argsort(_read_perms(makers[tensor]))]
        tensor = makers[tensor].inputs[0]
    return PlacedOutput(tensor=tensor, axes=tuple(axes.tolist()))


def _name_outputs(graph: Graph, outputs: tuple[str, ...], places: tuple[PlacedOutput, ...]) -> dict[str, str]:
    """The new names of tensors that are read in the place of an output's own, which has left."""
    called: dict[str, str] = {}
    for name, place in zip(outputs, places, strict=True):
        if name not in graph.tensors and place.tensor not in outputs:
            called.setdefault(place.tensor, name)
    return called


def _rename(graph: Graph, called: Mapping[str, str]) -> Graph:
    """The graph with other names of tensors; operators keep theirs."""
    tensors = (replace(tensor, name=called.get(name, name)) for name, tensor in graph.tensors.items())
    return replace(
        graph,
        tensors={tensor.name: tensor for tensor in tensors},
        operators=tuple(
            replace(op, inputs=_map(op.inputs, called), outputs=_map(op.outputs, called)) for op in graph.operators
        ),
        outputs=_map(graph.outputs, called),
    )


def _map(names: tuple[str, ...], called: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(called.get(name, name) for name in names)


def _unmoved(tensor: Tensor) -> Axes:
    return tuple(range(len(tensor.shape)))


def _keeps_batch(op: Operator) -> bool:
    return op.kind == "TRANSPOSE" and _read_perms(op)[0] == 0


def _read_perms(op: Operator) -> Axes:
    perms = op.attributes["perms"]
    assert isinstance(perms, tuple)
    return perms
