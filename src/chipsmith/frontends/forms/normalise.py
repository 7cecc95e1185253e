"""Softmax and standardisation, written out as quantisation/regions.py knows them again."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.frontends.forms.elementwise import apply_binary
from chipsmith.frontends.forms.indexing import one_hot
from chipsmith.frontends.forms.movement import merge_axes, split_axis
from chipsmith.frontends.forms.resampling import multiply_along
from chipsmith.frontends.forms.values import Const, GraphValue, Value
from chipsmith.tosa.builder import Axes, GraphBuilder
from chipsmith.tosa.graph import DType

_SMALLEST_SQUARE = 1e-20
"""Keeps a vector of zeros from being divided by 0."""


def average(build: GraphBuilder, value: GraphValue, axes: Axes) -> GraphValue:
    """The mean over axes of the author's, which stay with size 1."""
    tensor = _average(build, value.tensor, tuple(value.axes.index(axis) for axis in axes))
    shape = tuple(1 if axis in axes else size for axis, size in enumerate(value.shape))
    return GraphValue(tensor=tensor, shape=shape, axes=value.axes)


def softmax(build: GraphBuilder, value: GraphValue, axis: int) -> GraphValue:
    """exp(x - max(x)) / sum(exp(x - max(x))) along an axis of the author's."""
    position = value.axes.index(axis)
    below = build.binary("SUB", value.tensor, build.reduce("REDUCE_MAX", value.tensor, position))
    exponentials = build.unary("EXP", below)
    total = build.reduce("REDUCE_SUM", exponentials, position)
    return replace(value, tensor=build.multiply(exponentials, build.unary("RECIPROCAL", total)))


def standardise(build: GraphBuilder, value: GraphValue, axes: Axes, *, epsilon: float) -> GraphValue:
    """(x - mean) / sqrt(variance + epsilon), both over axes of the author's."""
    positions = tuple(value.axes.index(axis) for axis in axes)
    deviation = build.binary("SUB", value.tensor, _average(build, value.tensor, positions))
    return replace(value, tensor=_divide_by_root(build, deviation, positions, epsilon))


def scale_by_root_mean_square(build: GraphBuilder, value: GraphValue, axes: Axes, *, epsilon: float) -> GraphValue:
    """x / sqrt(mean(x * x) + epsilon), over axes of the author's."""
    positions = tuple(value.axes.index(axis) for axis in axes)
    return replace(value, tensor=_divide_by_root(build, value.tensor, positions, epsilon))


def log_softmax(build: GraphBuilder, value: GraphValue, axis: int) -> GraphValue:
    """x - max(x) - log(sum(exp(x - max(x)))) along an axis of the author's."""
    position = value.axes.index(axis)
    below = build.binary("SUB", value.tensor, build.reduce("REDUCE_MAX", value.tensor, position))
    total = build.reduce("REDUCE_SUM", build.unary("EXP", below), position)
    return replace(value, tensor=build.binary("SUB", below, build.unary("LOG", total)))


def hardmax(build: GraphBuilder, value: GraphValue, axis: int) -> GraphValue:
    """1 at the first greatest element along an axis of the author's, 0 elsewhere."""
    position = value.axes.index(axis)
    shape = build.shape(value.tensor)
    kept = (*shape[:position], *shape[position + 1 :])
    indices = build.emit("ARGMAX", (value.tensor,), kept, DType.INT32, {"axis": position})
    axes = tuple(index - (index > axis) for index in value.axes if index != axis)
    reduced = GraphValue(
        tensor=indices, shape=tuple(size for index, size in enumerate(value.shape) if index != axis), axes=axes
    )
    return one_hot(build, reduced, depth=value.shape[axis], axis=axis, off=0.0, on=1.0)


def scale_and_shift(build: GraphBuilder, value: GraphValue, gain: Value | None, bias: Value | None) -> GraphValue:
    """The value times a gain, plus a bias, which broadcast; what is left out changes nothing."""
    scaled = value if gain is None else apply_binary(build, "MUL", value, gain)
    return scaled if bias is None else apply_binary(build, "ADD", scaled, bias)


def normalise_groups(build: GraphBuilder, value: GraphValue, groups: int, *, epsilon: float) -> GraphValue:
    """(N, C, spatial axes) standardised over each group of neighbouring channels and the spatial axes."""
    channels, rank = value.shape[1], len(value.shape)
    if groups == channels:
        return standardise(build, value, tuple(range(2, rank)), epsilon=epsilon)
    if groups == 1:
        return standardise(build, value, tuple(range(1, rank)), epsilon=epsilon)
    if groups < 1 or channels % groups:
        raise BadInput(f"'{build.scope}': {channels} channels do not make up {groups} groups")
    grouped = split_axis(build, value, 1, (groups, channels // groups))
    normal = standardise(build, grouped, tuple(range(2, rank + 1)), epsilon=epsilon)
    return merge_axes(build, normal, 1, 2)


def normalise_length(build: GraphBuilder, value: GraphValue, axis: int, *, order: int) -> GraphValue:
    """The value divided by its norm of order 1 or 2 along an axis of the author's."""
    if order == 2:
        root = scale_by_root_mean_square(build, value, (axis,), epsilon=_SMALLEST_SQUARE)
        return apply_binary(build, "MUL", root, Const(values=np.array(value.shape[axis] ** -0.5, np.float32)))
    total = build.reduce("REDUCE_SUM", build.unary("ABS", value.tensor), value.axes.index(axis))
    return replace(value, tensor=build.multiply(value.tensor, build.unary("RECIPROCAL", total)))


def normalise_responses(
    build: GraphBuilder, value: GraphValue, *, size: int, alpha: float, beta: float, offset: float
) -> GraphValue:
    """x / (offset + alpha * mean) ** beta with the mean of the squares of `size` channels around each.

    Channels beyond the first and the last count as 0; of an even size more lie behind.
    """
    channels = np.arange(value.shape[1])
    distance = channels[None, :] - channels[:, None]
    near = (distance >= -((size - 1) // 2)) & (distance <= size // 2)
    means = multiply_along(build, apply_binary(build, "MUL", value, value), 1, near * (alpha / size))
    raised = apply_binary(build, "ADD", means, Const(values=np.array(offset, np.float32)))
    power = apply_binary(build, "POW", raised, Const(values=np.array(-beta, np.float32)))
    return apply_binary(build, "MUL", value, power)


def _divide_by_root(build: GraphBuilder, deviation: str, positions: Axes, epsilon: float) -> str:
    variance = _average(build, build.multiply(deviation, deviation), positions)
    rank = len(build.shape(deviation))
    raised = build.binary("ADD", variance, build.constant(np.full((1,) * rank, epsilon), DType.FP32))
    return build.multiply(deviation, build.unary("RSQRT", raised))


def _average(build: GraphBuilder, tensor: str, positions: Axes) -> str:
    shape = build.shape(tensor)
    count = math.prod(shape[position] for position in positions)
    for position in positions:
        tensor = build.reduce("REDUCE_SUM", tensor, position)
    return build.multiply(tensor, build.constant(np.full((1,) * len(shape), 1 / count), DType.FP32))
