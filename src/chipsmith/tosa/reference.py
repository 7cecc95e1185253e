"""The reference meaning of a Graph: what its outputs are, to the bit, for one inference or for many at once.

An inference axis is not a dimension of the graph: evaluate_batch takes inputs of shape (n, *shape) and runs the
whole graph n times, every operator over all inferences at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.tosa.graph import Array, Graph, Operator, Tensor
from chipsmith.tosa.operators.row import resolve
from chipsmith.tosa.verify import row_of, verify


def evaluate(graph: Graph, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """The outputs by name for one inference; inputs by name have their tensors' shapes and numpy types.

    Raises BadInput or OperatorRefused as verify does, and BadInput where an input is missing, foreign or misshaped.
    """
    outputs = evaluate_batch(graph, {name: np.asarray(array)[None] for name, array in inputs.items()})
    return {name: array[0] for name, array in outputs.items()}


def evaluate_batch(graph: Graph, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """The outputs (n, *shape) by name for n inferences; inputs are (n, *shape) with one n. Raises as evaluate."""
    return _run(graph, inputs, keep=graph.outputs)


def evaluate_all(graph: Graph, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """As evaluate_batch, but every tensor of the graph that is not a constant, inputs too: for layer-wise diffs."""
    computed = [name for operator in graph.operators for name in operator.outputs]
    return _run(graph, inputs, keep=(*graph.inputs, *computed))


def _run(graph: Graph, inputs: Mapping[str, Array], *, keep: tuple[str, ...]) -> dict[str, Array]:
    verify(graph)
    inferences = check_inputs(graph, inputs)
    values = {name: array[None] for name, array in graph.constants.items()}
    values |= {name: np.asarray(inputs[name]) for name in graph.inputs}
    for operator, finished in zip(graph.operators, last_uses(graph, keep), strict=True):
        values[operator.outputs[0]] = _apply(graph, operator, values)
        for name in finished:
            del values[name]
    return {name: _spread(values[name], inferences) for name in keep}


def _apply(graph: Graph, operator: Operator, values: Mapping[str, Array]) -> Array:
    row = row_of(operator)
    operation = resolve(row, operator, graph.tensors, graph.constants)
    return row.meaning(operation, [values[name] for name in operator.inputs])


def _spread(array: Array, inferences: int) -> Array:
    """A value that all inferences share, once for each."""
    return np.broadcast_to(array, (inferences, *array.shape[1:]))


def last_uses(graph: Graph, keep: tuple[str, ...]) -> Iterator[list[str]]:
    """For each operator the tensors that nothing needs after it; those of `keep` are always needed."""
    last = {
        name: index for index, operator in enumerate(graph.operators) for name in (*operator.outputs, *operator.inputs)
    }
    finished: list[list[str]] = [[] for _ in graph.operators]
    for name, index in last.items():
        if name not in keep:
            finished[index].append(name)
    yield from finished


def check_inputs(graph: Graph, inputs: Mapping[str, Array]) -> int:
    """The number of inferences; BadInput where inputs do not fit the graph."""
    if set(inputs) != set(graph.inputs):
        raise BadInput(f"{graph.name}: inputs {sorted(inputs)} are given where {sorted(graph.inputs)} belong")
    counts = {_count(graph.tensors[name], np.asarray(inputs[name])) for name in graph.inputs}
    if len(counts) > 1:
        raise BadInput(f"{graph.name}: inputs hold {sorted(counts)} inferences; all must hold one number")
    return counts.pop() if counts else 1


def _count(tensor: Tensor, array: Array) -> int:
    if array.dtype != tensor.dtype.numpy or array.shape[1:] != tensor.shape or not len(array):
        raise BadInput(
            f"input '{tensor.name}' is {array.dtype}{list(array.shape)} where "
            f"{tensor.dtype.numpy}{['n', *tensor.shape]} belongs (n inferences, at least one)"
        )
    return len(array)
