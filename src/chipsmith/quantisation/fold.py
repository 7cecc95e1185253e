"""Constants that scale or shift a product channel by channel become part of its weights and bias.

So a normalisation by stored statistics behind a convolution costs nothing, and the product is rounded once.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from chipsmith.quantisation.network import FloatNetwork
from chipsmith.tosa.graph import Array, DType, Graph, Operator, Tensor
from chipsmith.tosa.passes.cleanup import drop_dead

_PRODUCTS = ("CONV2D", "CONV3D", "DEPTHWISE_CONV2D", "TRANSPOSE_CONV2D")
_WEIGHTS, _BIAS = 1, 2
"""Operands of a product."""

Reals = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class _ChannelStep:
    """y * factor + term, each of a single element or of one a channel."""

    factor: Reals
    term: Reals


@dataclass(frozen=True, kw_only=True)
class _Product:
    """A product by constants whose result, reshaped or not, a single operator reads: the positions of both."""

    position: int
    last: int


def fold_products(network: FloatNetwork, *, planned: Collection[str] = ()) -> FloatNetwork:
    """The network with MUL, ADD and SUB by constants folded into the product before them, where nobody else reads that.

    The result computes the same to float32's rounding. Tensors `planned` are rounded: their values stay, weights among
    them too. Layers whose tensor is gone are left out.
    """
    folder = _Folder(network.graph, frozenset(planned))
    for position, operator in enumerate(network.graph.operators):
        folder.visit(position, operator)
    graph = drop_dead(folder.finish())
    kept = tuple(layer for layer in network.layers if layer.tensor in graph.tensors and layer.tensor not in folder.lost)
    origins = {op.name: network.origins[op.name] for op in graph.operators if op.name in network.origins}
    return replace(network, graph=graph, layers=kept, origins=origins)


class _Folder:
    """The graph while it is rewritten; `lost` are tensors whose values are no longer the author's."""

    def __init__(self, graph: Graph, planned: frozenset[str]) -> None:
        self.lost: set[str] = set()
        self._graph = graph
        self._planned = planned
        self._operators: list[Operator | None] = list(graph.operators)
        self._constants: dict[str, Array] = dict(graph.constants)
        self._tensors: dict[str, Tensor] = dict(graph.tensors)
        self._readers = Counter(name for operator in graph.operators for name in operator.inputs)
        self._readers.update(graph.outputs)
        self._products: dict[str, _Product] = {}

    def visit(self, position: int, operator: Operator) -> None:
        """Note a product, or fold an operator into the product that it reads."""
        (result,) = operator.outputs
        if operator.kind in _PRODUCTS and all(name in self._constants for name in operator.inputs[_WEIGHTS:]):
            self._note(result, _Product(position=position, last=position))
            return
        product = next((self._products[name] for name in operator.inputs if name in self._products), None)
        if product is None:
            return
        if operator.kind == "RESHAPE":
            if self._keeps_channels(operator):
                self._note(result, replace(product, last=position))
            return
        step = self._read_step(operator)
        if step is not None and self._may_change(product, step):
            self._fold(product, step, position, operator)

    def finish(self) -> Graph:
        """The graph as it stands."""
        return replace(
            self._graph,
            operators=tuple(operator for operator in self._operators if operator is not None),
            constants=self._constants,
            tensors=self._tensors,
        )

    def _note(self, tensor: str, product: _Product) -> None:
        if self._readers[tensor] == 1 and tensor not in self._graph.outputs and tensor not in self._planned:
            self._products[tensor] = product

    def _keeps_channels(self, operator: Operator) -> bool:
        before, after = (self._tensors[name].shape for name in (operator.inputs[0], operator.outputs[0]))
        return before[-1:] == after[-1:]

    def _read_step(self, operator: Operator) -> _ChannelStep | None:
        """What a MUL, ADD or SUB by a constant does to a product's channels; None for any other operator."""
        if operator.kind not in ("MUL", "ADD", "SUB"):
            return None
        first, second = operator.inputs[:2]
        constant = self._constants.get(second if first in self._products else first)
        shape = self._tensors[operator.outputs[0]].shape
        if constant is None or not _is_by_channel(constant.shape, shape) or not np.isfinite(constant).all():
            return None
        values = constant.astype(np.float64).reshape(-1)
        unit, nothing = np.ones(1), np.zeros(1)
        match operator.kind:
            case "MUL":
                return _ChannelStep(factor=values, term=nothing)
            case "ADD":
                return _ChannelStep(factor=unit, term=values)
            case _ if first in self._products:
                return _ChannelStep(factor=unit, term=-values)
            case _:
                return _ChannelStep(factor=-unit, term=values)

    def _may_change(self, product: _Product, step: _ChannelStep) -> bool:
        """Weights that are the file's own integers take no factor."""
        operator = self._operators[product.position]
        assert operator is not None
        fixed = operator.inputs[_WEIGHTS] in self._planned and not np.all(step.factor == 1)
        return not fixed and operator.inputs[_BIAS] not in self._planned

    def _fold(self, product: _Product, step: _ChannelStep, position: int, operator: Operator) -> None:
        """The product with other constants; its last tensor takes the name of the operator's, which is gone."""
        inner = self._operators[product.position]
        assert inner is not None
        weights, bias = (self._constants[name] for name in inner.inputs[_WEIGHTS : _BIAS + 1])
        inputs = list(inner.inputs)
        if not np.all(step.factor == 1):
            inputs[_WEIGHTS] = self._add_constant(inner, "weights", _scale_weights(inner.kind, weights, step.factor))
        inputs[_BIAS] = self._add_constant(inner, "bias", _shift_bias(inner.kind, weights, bias, step))
        self._operators[product.position] = replace(inner, inputs=tuple(inputs))
        self.lost.update(inner.outputs)
        last = self._operators[product.last]
        assert last is not None
        self.lost.update(last.outputs)
        self._operators[product.last] = replace(last, outputs=operator.outputs)
        self._operators[position] = None
        self._note(operator.outputs[0], product)

    def _add_constant(self, operator: Operator, part: str, data: Reals) -> str:
        name = f"{operator.name}/{part}"
        while name in self._tensors:
            name += "'"
        self._tensors[name] = Tensor(name=name, shape=data.shape, dtype=DType.FP32)
        self._constants[name] = data.astype(np.float32)
        return name


def _is_by_channel(constant: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """Whether a constant differs along the last axis at most, and does not widen the result."""
    return math.prod(constant) == 1 or (
        math.prod(constant[:-1]) == 1 and len(constant) == len(shape) and constant[-1] == shape[-1]
    )


def _scale_weights(kind: str, weights: Array, factor: Reals) -> Reals:
    """Weights whose output channels are the first axis, or the last two of a depthwise convolution."""
    if kind == "DEPTHWISE_CONV2D":
        channels = weights.shape[2:]
        return weights.astype(np.float64) * np.broadcast_to(factor, (math.prod(channels),)).reshape(channels)
    spread = factor.reshape(-1, *(1,) * (weights.ndim - 1))
    return weights.astype(np.float64) * spread


def _shift_bias(kind: str, weights: Array, bias: Array, step: _ChannelStep) -> Reals:
    channels = math.prod(weights.shape[2:]) if kind == "DEPTHWISE_CONV2D" else weights.shape[0]
    changed = bias.astype(np.float64) * step.factor + step.term
    return np.broadcast_to(changed, (channels,)).copy()
