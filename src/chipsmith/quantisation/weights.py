"""The integers of the constants that products read: symmetric, with a scale for each output channel if possible."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from chipsmith.quantisation.plan import Quantisation
from chipsmith.quantisation.wiring import PRODUCTS
from chipsmith.tosa.graph import Graph, Operator

_LARGEST = 127
_LEAST_SCALE = 1e-30
_CHANNEL_AXES = {"CONV2D": 0, "CONV3D": 0, "TRANSPOSE_CONV2D": 0}


def weight_uses(graph: Graph) -> Iterator[tuple[Operator, int, int | None]]:
    """Products, the position among their inputs of a constant that they multiply by, and its axis of output channels.

    The axis is None where all of its channels share a scale.
    """
    for operator in graph.operators:
        if operator.kind in PRODUCTS:
            for position in (0, 1):
                if operator.inputs[position] in graph.constants:
                    yield operator, position, channel_axis(graph, operator, position)


def convolution_weights(graph: Graph) -> Iterator[tuple[Operator, int | None]]:
    """Convolutions of a computed image with constant weights and bias, and the weights' axis of output channels."""
    for operator, position, axis in weight_uses(graph):
        image, _, bias = operator.inputs[:3]
        if operator.kind != "MATMUL" and position == 1 and image not in graph.constants and bias in graph.constants:
            yield operator, axis


def channel_axis(graph: Graph, operator: Operator, position: int) -> int | None:
    """The axis of a product's constant that counts its output channels; None where no single axis does."""
    shape = graph.tensors[operator.inputs[position]].shape
    if operator.kind == "DEPTHWISE_CONV2D":
        return {1: 2}.get(shape[3], 3 if shape[2] == 1 else None)
    if operator.kind == "MATMUL":
        return 2 if position == 1 and shape[0] == 1 else None
    return _CHANNEL_AXES[operator.kind]


def plan_weights(graph: Graph) -> dict[str, Quantisation]:
    """By name the constants that products read along a single axis of output channels, and their integers."""
    axes: defaultdict[str, set[int | None]] = defaultdict(set)
    for operator, position, axis in weight_uses(graph):
        axes[operator.inputs[position]].add(axis)
    return {
        name: symmetric_scales(graph.constants[name], axis)
        for name, (axis, *others) in axes.items()
        if axis is not None and not others
    }


def symmetric_scales(data: npt.NDArray[np.generic], axis: int | None) -> Quantisation:
    """Scales by which the largest magnitude of a channel (of all where the axis is None) is 127."""
    others = tuple(index for index in range(data.ndim) if index != axis)
    largest = np.abs(data).max(axis=others, initial=0.0).reshape(-1).astype(np.float64)
    scale = np.maximum(np.where(largest > 0, largest, 1.0) / _LARGEST, _LEAST_SCALE)
    return Quantisation(scale=scale, zero_point=np.zeros(len(scale), np.int64), axis=axis or 0)
