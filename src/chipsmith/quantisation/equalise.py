"""Cross-layer equalisation: channels between two convolutions scaled so that they use their common range alike.

A factor s of a channel of the first convolution's weights and bias, and 1 / s of the second's weights, give the same
network in real numbers; a Relu between them lets positive factors through.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from chipsmith.quantisation.channels import ChannelStatistics
from chipsmith.quantisation.network import FloatNetwork
from chipsmith.quantisation.plan import Reals
from chipsmith.quantisation.weights import convolution_weights
from chipsmith.quantisation.wiring import Wiring
from chipsmith.tosa.graph import Graph, Operator

_LEAST_GAIN = 8.0
"""Pairs whose noise would not be less by so many times (9 dB) stay as they are: the second's weights pay for it."""
_LARGEST_FACTOR = 64.0
"""A channel that hardly ever was more than 0 may be so with inputs to come."""
_TINY = 1e-12


@dataclass(frozen=True, kw_only=True)
class EqualisedPair:
    """Two convolutions and the tensor by which the second reads the first, with the factors of its channels."""

    first: Operator
    second: Operator
    factors: Reals


@dataclass(frozen=True, kw_only=True)
class Equalisation:
    """A network with equalised pairs, and its `scaled` tensors; all others have the values that they had."""

    network: FloatNetwork
    scaled: frozenset[str] = frozenset()


def equalise(network: FloatNetwork, channels: Mapping[str, ChannelStatistics]) -> Equalisation:
    """The network with the pairs equalised that gain by it; the network itself where there is none.

    Layers between two convolutions of a pair are left out: their channels have other scales than the author's.
    `channels` has the statistics of the tensors that convolutions read, over the calibration.
    """
    pairs = list(_find_pairs(network.graph, channels))
    if not pairs:
        return Equalisation(network=network)
    graph = network.graph
    for pair in pairs:
        graph = _scale_pair(graph, pair)
    scaled = frozenset(name for pair in pairs for name in (*pair.first.outputs, pair.second.inputs[0]))
    layers = tuple(layer for layer in network.layers if layer.tensor not in scaled)
    return Equalisation(network=replace(network, graph=graph, layers=layers), scaled=scaled)


def _find_pairs(graph: Graph, channels: Mapping[str, ChannelStatistics]) -> Iterator[EqualisedPair]:
    wiring = Wiring(graph=graph)
    convolutions = {operator.name: operator for operator, _ in convolution_weights(graph)}
    for first in convolutions.values():
        between = first.outputs[0]
        reader = wiring.only_reader(between)
        if reader is not None and _is_relu(reader):
            between = reader.outputs[0]
            reader = wiring.only_reader(between)
        if reader is None or reader.name not in convolutions or reader.inputs[0] != between:
            continue
        factors = _choose_factors(graph, reader, channels[between].largest.astype(np.float64))
        if factors is not None and first.kind != "TRANSPOSE_CONV2D":
            yield EqualisedPair(first=first, second=reader, factors=factors)


def _is_relu(operator: Operator) -> bool:
    return operator.kind == "CLAMP" and operator.attributes["min_val"] == 0 and operator.attributes["max_val"] == np.inf


def _choose_factors(graph: Graph, second: Operator, largest: Reals) -> Reals | None:
    """The factor of each channel; None where the noise that reaches the second's sums would hardly be less.

    A depthwise convolution has a scale for the weights of each channel, so that only the range of what it reads counts;
    other weights lose what the range gains, and both meet halfway.
    """
    weights = np.abs(np.asarray(graph.constants[second.inputs[1]], np.float32))
    gains = _channel_gains(second, weights)
    live = (largest > _TINY) & (gains > _TINY)
    if not live.any():
        return None
    wanted = largest[live] if second.kind == "DEPTHWISE_CONV2D" else np.sqrt(largest[live] / gains[live])
    factors = np.ones(len(largest))
    factors[live] = np.minimum(wanted.max() / wanted, _LARGEST_FACTOR)
    before = largest.max() ** 2 * float((gains**2).sum())
    after = (largest * factors).max() ** 2 * float(((gains / factors) ** 2).sum())
    return factors if before > _LEAST_GAIN * after else None


def _channel_gains(second: Operator, weights: npt.NDArray[np.float32]) -> Reals:
    """The size of the weights that meet each channel of a convolution's input."""
    axes = (0, 1, 3) if second.kind == "DEPTHWISE_CONV2D" else tuple(range(weights.ndim - 1))
    return np.asarray(np.sqrt(np.square(weights, dtype=np.float64).mean(axis=axes)))


def _scale_pair(graph: Graph, pair: EqualisedPair) -> Graph:
    spread = (1, 1, -1, 1) if pair.second.kind == "DEPTHWISE_CONV2D" else (-1,)
    graph = _multiply_operand(graph, pair.second.name, 1, 1 / pair.factors.reshape(spread))
    graph = _multiply_operand(graph, pair.first.name, 2, pair.factors)
    return _multiply_operand(graph, pair.first.name, 1, _spread_outputs(graph, pair))


def _spread_outputs(graph: Graph, pair: EqualisedPair) -> Reals:
    """The factors as they broadcast with the first convolution's weights."""
    shape = graph.tensors[pair.first.inputs[1]].shape
    if pair.first.kind == "DEPTHWISE_CONV2D":
        return pair.factors.reshape(shape[2:])
    return pair.factors.reshape(-1, *(1,) * (len(shape) - 1))


def _multiply_operand(graph: Graph, name: str, position: int, factors: Reals) -> Graph:
    """The graph with a constant of an operator multiplied, which its other readers see as it was."""
    operator = next(operator for operator in graph.operators if operator.name == name)
    constant = operator.inputs[position]
    data = np.multiply(np.asarray(graph.constants[constant], np.float32), factors).astype(np.float32)
    scaled = f"{constant} of {name}"
    inputs = (*operator.inputs[:position], scaled, *operator.inputs[position + 1 :])
    changed = replace(operator, inputs=inputs)
    return replace(
        graph,
        tensors={**graph.tensors, scaled: replace(graph.tensors[constant], name=scaled, shape=data.shape)},
        constants={**graph.constants, scaled: data},
        operators=tuple(changed if other.name == name else other for other in graph.operators),
    )
