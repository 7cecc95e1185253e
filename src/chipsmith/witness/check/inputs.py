"""The inputs of a check: the calibration's own, or random ones over all that the network's integers reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.frontends.quantized_io import AuthorTensor, IoBinding
from chipsmith.frontends.quantized_network import MOST_EXAMPLES, QuantizedNetwork
from chipsmith.tosa.graph import Array, DType, Graph
from chipsmith.tosa.index_ranges import IndexRange, find_index_ranges

_SEED = 0
_INTEGERS = 64
"""Random integers that are no indices are from 0 on and below this."""


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
    ranges = find_index_ranges(network.graph)
    arrays = (
        _draw_reals(random, tensor)
        if position not in bound
        else _draw(random, tensor, bound[position], _find_range(network.graph, ranges, bound[position]))
        for position, tensor in enumerate(network.author_inputs)
    )
    return CheckInputs(arrays=tuple(arrays), count=MOST_EXAMPLES, kind="random")


def _shape_of(tensor: AuthorTensor) -> tuple[int, ...]:
    first, *rest = tensor.shape or (1,)
    return (MOST_EXAMPLES * first, *rest)


def _draw_reals(random: np.random.Generator, tensor: AuthorTensor) -> Array:
    return random.normal(size=_shape_of(tensor)).astype(tensor.dtype)


def _draw(random: np.random.Generator, tensor: AuthorTensor, binding: IoBinding, limits: tuple[int, int]) -> Array:
    steps = random.integers(*limits, _shape_of(tensor), endpoint=True) - binding.zero_point
    values = steps if binding.scale is None else steps * np.float64(binding.scale)
    return values.astype(tensor.dtype)


def _find_range(graph: Graph, ranges: Mapping[str, IndexRange], binding: IoBinding) -> tuple[int, int]:
    """The least and the greatest integer of a graph's input: of indices those that exist."""
    dtype = graph.tensor(binding.tensor).dtype
    if dtype is DType.BOOL:
        return 0, 1
    if dtype is DType.INT8:
        return -128, 127
    return ranges.get(binding.tensor, (0, _INTEGERS - 1))
