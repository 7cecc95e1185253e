"""The inputs of a check: the calibration's own, or random ones over all that the network's integers reach."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.frontends.quantized_io import AuthorTensor, IoBinding
from chipsmith.frontends.quantized_network import MOST_EXAMPLES, QuantizedNetwork
from chipsmith.tosa.graph import Array, DType, Graph

_SEED = 0
_INDICES = 64
"""Random integers for which the graph shows no limit are below this."""


@dataclass(frozen=True, kw_only=True)
class CheckInputs:
    """One array for each of the author's inputs, `count` batches along axis 0; `kind` says in a word what they are."""

    arrays: tuple[Array, ...]
    count: int
    kind: str


def choose_inputs(network: QuantizedNetwork) -> CheckInputs:
    """The examples of a network's calibration; without them random values over its inputs' range, always the same.

    Raises BadInput for a network without inputs.
    """
    if not network.author_inputs:
        raise BadInput(f"'{network.graph.name}' has no inputs: nothing can be checked; --no-check leaves the check out")
    if network.examples:
        shape = network.author_inputs[0].shape
        count = len(network.examples[0]) // (shape[0] if shape else 1)
        return CheckInputs(arrays=network.examples, count=count, kind="calibration")
    random = np.random.default_rng(_SEED)
    bound = {binding.position: binding for binding in network.inputs}
    arrays = (
        _draw(random, tensor, bound.get(position), network.graph)
        for position, tensor in enumerate(network.author_inputs)
    )
    return CheckInputs(arrays=tuple(arrays), count=MOST_EXAMPLES, kind="random")


def _draw(random: np.random.Generator, tensor: AuthorTensor, binding: IoBinding | None, graph: Graph) -> Array:
    first, *rest = tensor.shape or (1,)
    shape = (MOST_EXAMPLES * first, *rest)
    if binding is None:
        return random.normal(size=shape).astype(tensor.dtype)
    low, high = _find_range(graph, binding)
    steps = random.integers(low, high, shape, endpoint=True) - binding.zero_point
    values = steps if binding.scale is None else steps * np.float64(binding.scale)
    return values.astype(tensor.dtype)


def _find_range(graph: Graph, binding: IoBinding) -> tuple[int, int]:
    """The least and the greatest integer of a graph's input; an index is below the number of rows that it chooses."""
    dtype = graph.tensor(binding.tensor).dtype
    if dtype is DType.BOOL:
        return 0, 1
    if dtype is DType.INT8:
        return -128, 127
    return 0, _count_rows(graph, binding.tensor) - 1


def _count_rows(graph: Graph, index: str) -> int:
    """The least number of rows among the tables that an input chooses of, through operators of any kind."""
    reached, rows = {index}, _INDICES
    for op in graph.operators:
        if op.kind in ("GATHER", "SCATTER") and op.inputs[1] in reached:
            rows = min(rows, graph.tensor(op.inputs[0]).shape[1])
        elif reached.intersection(op.inputs) and graph.tensor(op.outputs[0]).dtype is DType.INT32:
            reached.update(op.outputs)
    return max(rows, 1)
