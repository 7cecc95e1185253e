"""Graphs one after another as one Graph: a deep network from its layers."""

from __future__ import annotations

from collections.abc import Sequence

from chipsmith.errors import BadInput
from chipsmith.tosa.graph import Graph, Tensor
from chipsmith.tosa.names import rename_tensors


def compose(graphs: Sequence[Graph], *, name: str) -> Graph:
    """The network in which the inputs of each graph but the first are, in order, the outputs of the one before.

    Inputs of the first graph and outputs of the last keep their names, with a mark where two have the same one; every
    other tensor and operator of graph i is called `<i>.<its name>`. Raises BadInput where there is no graph, or
    outputs do not have the shapes and types of the inputs that they become.
    """
    if not graphs:
        raise BadInput(f"network {name} is composed of no graphs; give one at least")
    parts = [_numbered(graphs[0], 0)]
    for index, graph in enumerate(graphs[1:], 1):
        _check_fit(parts[-1], graph, index)
        part = _numbered(graph, index)
        parts.append(rename_tensors(part, dict(zip(part.inputs, parts[-1].outputs, strict=True))))
    whole = Graph(
        name=name,
        tensors={key: tensor for part in parts for key, tensor in part.tensors.items()},
        operators=tuple(op for part in parts for op in part.operators),
        constants={key: data for part in parts for key, data in part.constants.items()},
        inputs=parts[0].inputs,
        outputs=parts[-1].outputs,
    )
    own = dict(zip(whole.outputs, graphs[-1].outputs, strict=True)) | dict(
        zip(whole.inputs, graphs[0].inputs, strict=True)
    )
    return rename_tensors(whole, own)


def _numbered(graph: Graph, index: int) -> Graph:
    """The graph with its number before the name of each tensor and operator."""
    names = (*graph.tensors, *(op.name for op in graph.operators))
    return rename_tensors(graph, {name: f"{index}.{name}" for name in names})


def _check_fit(before: Graph, graph: Graph, index: int) -> None:
    given = [before.tensor(name) for name in before.outputs]
    wanted = [graph.tensor(name) for name in graph.inputs]
    if list(map(_form, given)) != list(map(_form, wanted)):
        raise BadInput(
            f"graph {index}, {graph.name}, takes {_listed(wanted)}, but graph {index - 1} gives {_listed(given)}"
        )


def _form(tensor: Tensor) -> str:
    return f"{tensor.dtype.name.lower()}{list(tensor.shape)}"


def _listed(tensors: Sequence[Tensor]) -> str:
    return ", ".join(map(_form, tensors))
