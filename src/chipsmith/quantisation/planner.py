"""The plan of a float network: each rounding point's integers, from what its values were over a calibration."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from chipsmith.quantisation.channels import ChannelStatistics
from chipsmith.quantisation.network import FloatNetwork
from chipsmith.quantisation.plan import INT8_WIDTH, INT16_WIDTH, Quantisation, QuantisationPlan
from chipsmith.quantisation.points import Junction, RoundingPoints, find_points
from chipsmith.quantisation.ranges import Histogram, ValueRange, choose_range, cover_range
from chipsmith.quantisation.settings import RangeMethod
from chipsmith.quantisation.weights import convolution_weights, plan_weights
from chipsmith.tosa.floating.evaluate import Observer, observe
from chipsmith.tosa.graph import Array, Graph
from chipsmith.tosa.operators.row import Values
from chipsmith.tosa.passes.cleanup import drop_dead

_MASKED_SCORE = -1000.0
"""What is below stands for minus infinity: a row with nothing else has no scores."""
_LEAST_SCORE = -16.0
"""exp(-16) is nothing beside a step of an int8 probability: scores further below the greatest count as this far."""
_UNLIKE = 4.0
"""Parts that have so many times less than the range of their whole would lose two bits and more by it."""


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What a graph computes over some inputs: the values at its rounding points and its outputs.

    `channels` has the statistics of those tensors that convolutions read.
    """

    points: RoundingPoints
    histograms: Mapping[str, Histogram]
    channels: Mapping[str, ChannelStatistics]
    outputs: Mapping[str, Array]
    inputs: int

    def join(self, other: Observation) -> Observation:
        """What was seen over both sets of inputs of the same graph."""
        return Observation(
            points=self.points,
            histograms={name: own.join(other.histograms[name]) for name, own in self.histograms.items()},
            channels={name: own.join(other.channels[name]) for name, own in self.channels.items()},
            outputs={name: np.concatenate([own, other.outputs[name]]) for name, own in self.outputs.items()},
            inputs=self.inputs + other.inputs,
        )


def observe_points(graph: Graph, inputs: Mapping[str, Array]) -> Observation:
    """Evaluate a float graph over inputs (n, *shape) by name, and look at the values at its rounding points."""
    points = find_points(graph)
    parts = (name for junction in (*points.splits, *points.joins) for name in junction.parts)
    histograms = {name: Histogram() for name in dict.fromkeys((*points.tensors, *parts))}
    channels = {name: ChannelStatistics() for name in _read_by_convolutions(graph)}
    outputs: dict[str, list[Values]] = {name: [] for name in graph.outputs}
    observers = {
        name: _collect(histograms.get(name), points.scores.get(name), channels.get(name), outputs.get(name))
        for name in dict.fromkeys((*histograms, *channels, *outputs))
    }
    observe(graph, inputs, observers=observers)
    return Observation(
        points=points,
        histograms=histograms,
        channels=channels,
        outputs={name: np.concatenate(parts) for name, parts in outputs.items()},
        inputs=len(next(iter(inputs.values()))),
    )


def observe_scaled(
    seen: Observation, graph: Graph, inputs: Mapping[str, Array], *, scaled: Collection[str]
) -> Observation:
    """What was seen over inputs of a graph, as it is of one in which nothing but the tensors `scaled` differs."""
    histograms = {name: Histogram() for name in seen.histograms if name in scaled}
    channels = {name: ChannelStatistics() for name in seen.channels if name in scaled}
    names = tuple(dict.fromkeys((*histograms, *channels)))
    observers = {name: _collect(histograms.get(name), None, channels.get(name), None) for name in names}
    observe(drop_dead(replace(graph, outputs=names)), inputs, observers=observers)
    return replace(seen, histograms={**seen.histograms, **histograms}, channels={**seen.channels, **channels})


def _read_by_convolutions(graph: Graph) -> set[str]:
    return {operator.inputs[0] for operator, _ in convolution_weights(graph)}


def _collect(
    histogram: Histogram | None, score_axis: int | None, channels: ChannelStatistics | None, parts: list[Values] | None
) -> Observer:
    def collect(values: Values) -> None:
        if histogram is not None:
            histogram.add(values if score_axis is None else _scores(values, score_axis + 1))
        if channels is not None:
            channels.add(values)
        if parts is not None:
            parts.append(values)

    return collect


def _scores(values: Values, axis: int) -> Values:
    """The scores that matter to a softmax, those far below the greatest of their row raised; rows of masks left out."""
    greatest = values.max(axis=axis, keepdims=True)
    raised = np.maximum(values, greatest + np.float32(_LEAST_SCORE))
    rows = np.broadcast_to(greatest > _MASKED_SCORE, values.shape)
    return raised if rows.all() else raised[rows]


def make_plan(
    network: FloatNetwork, observation: Observation, *, method: RangeMethod, wide: Collection[str] = ()
) -> QuantisationPlan:
    """The plan with a method's ranges; `wide` tensors have 16 bits. A border keeps the encoding that its author has."""
    tensors = {
        name: cover_range(values, width=INT16_WIDTH if name in wide else INT8_WIDTH)
        for name, values in _choose_ranges(network.graph, observation, method).items()
    }
    return QuantisationPlan(tensors={**plan_weights(network.graph), **tensors, **_border_encodings(network)})


def _choose_ranges(graph: Graph, observation: Observation, method: RangeMethod) -> dict[str, ValueRange]:
    """By name the range of each tensor that is rounded."""
    points = _settle_junctions(observation)
    ranges = {
        name: choose_range(observation.histograms[name], method).join(_constant_range(graph, name))
        for name in points.tensors
    }
    for name in points.tensors[::-1]:
        if name in points.shared:
            ranges[name] = ranges[points.shared[name]]
    return ranges


def _settle_junctions(observation: Observation) -> RoundingPoints:
    """The points with parts in the place of a whole of which they would use too few steps."""
    points = observation.points
    splits = [junction for junction in points.splits if _is_unlike(junction, observation)]
    joins = [junction.whole for junction in points.joins if _is_unlike(junction, observation)]
    parts = {part for junction in splits for part in junction.parts}
    left = {*joins, *(junction.whole for junction in splits)}
    return replace(
        points,
        tensors=tuple(
            name for name in observation.histograms if (name in points.tensors or name in parts) and name not in left
        ),
        shared={name: target for name, target in points.shared.items() if target not in left},
    )


def _is_unlike(junction: Junction, observation: Observation) -> bool:
    """Whether some part has less than a quarter of the whole's range."""
    whole, *parts = (observation.histograms[name].range for name in (junction.whole, *junction.parts))
    return any(0 < _UNLIKE * (part.high - part.low) < whole.high - whole.low for part in parts)


def _constant_range(graph: Graph, name: str) -> ValueRange:
    """What a table of constants holds, of which inputs choose the rows; else 0 alone."""
    reader = next((operator for operator in graph.operators if operator.outputs[0] == name), None)
    table = graph.constants.get(reader.inputs[0]) if reader is not None and reader.kind == "GATHER" else None
    if table is None:
        return ValueRange(low=0.0, high=0.0)
    histogram = Histogram()
    histogram.add(table)
    return histogram.range


def _border_encodings(network: FloatNetwork) -> dict[str, Quantisation]:
    inputs = {port.name: port.encoding for port in network.inputs if port.encoding is not None}
    outputs = {
        port.tensor: port.encoding for port in network.outputs if port.encoding is not None and port.tensor is not None
    }
    return {**outputs, **inputs}
