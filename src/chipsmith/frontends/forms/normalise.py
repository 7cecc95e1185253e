"""Softmax and standardisation, written out as quantisation/regions.py knows them again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.frontends.forms.elementwise import (
    add_number,
    apply_binary,
    apply_unary,
    divide,
    multiply_number,
    number,
)
from chipsmith.frontends.forms.indexing import one_hot
from chipsmith.frontends.forms.movement import merge_axes, split_axis
from chipsmith.frontends.forms.reduction import average, index_of_largest, sum_magnitudes
from chipsmith.frontends.forms.resampling import multiply_along
from chipsmith.frontends.forms.values import GraphValue, Value
from chipsmith.tosa.builder import Axes, GraphBuilder

_SMALLEST_SQUARE = 1e-20
"""Keeps a vector of zeros from being divided by 0."""


def softmax(build: GraphBuilder, value: GraphValue, axis: int) -> GraphValue:
    """exp(x - max(x)) / sum(exp(x - max(x))) along an axis of the author's."""
    position = value.axes.index(axis)
    below = build.binary("SUB", value.tensor, build.reduce("REDUCE_MAX", value.tensor, position))
    exponentials = build.unary("EXP", below)
    total = build.reduce("REDUCE_SUM", exponentials, position)
    return replace(value, tensor=build.multiply(exponentials, build.unary("RECIPROCAL", total)))


def standardise(build: GraphBuilder, value: GraphValue, axes: Axes, *, epsilon: float) -> GraphValue:
    """(x - mean) / sqrt(variance + epsilon), both over axes of the author's."""
    deviation = apply_binary(build, "SUB", value, average(build, value, axes))
    return apply_binary(build, "MUL", deviation, invert_root(build, deviation, axes, epsilon=epsilon))


def scale_by_root_mean_square(build: GraphBuilder, value: GraphValue, axes: Axes, *, epsilon: float) -> GraphValue:
    """x / sqrt(mean(x * x) + epsilon), over axes of the author's."""
    return apply_binary(build, "MUL", value, invert_root(build, value, axes, epsilon=epsilon))


def invert_root(build: GraphBuilder, deviation: GraphValue, axes: Axes, *, epsilon: float) -> GraphValue:
    """1 / sqrt(mean(x * x) + epsilon), over axes of the author's, which stay with size 1."""
    variance = average(build, apply_binary(build, "MUL", deviation, deviation), axes)
    return apply_unary(build, "RSQRT", apply_binary(build, "ADD", variance, number(epsilon)))


def log_softmax(build: GraphBuilder, value: GraphValue, axis: int) -> GraphValue:
    """x - max(x) - log(sum(exp(x - max(x)))) along an axis of the author's."""
    position = value.axes.index(axis)
    below = build.binary("SUB", value.tensor, build.reduce("REDUCE_MAX", value.tensor, position))
    total = build.reduce("REDUCE_SUM", build.unary("EXP", below), position)
    return replace(value, tensor=build.binary("SUB", below, build.unary("LOG", total)))


def hardmax(build: GraphBuilder, value: GraphValue, axis: int) -> GraphValue:
    """1 at the first greatest element along an axis of the author's, 0 elsewhere."""
    largest = index_of_largest(build, value, axis)
    return one_hot(build, largest, depth=value.shape[axis], axis=axis, off=number(0.0), on=number(1.0))


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
        return multiply_number(build, root, value.shape[axis] ** -0.5)
    return divide(build, value, sum_magnitudes(build, value, (axis,)))


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
    power = apply_binary(build, "POW", add_number(build, means, offset), number(-beta))
    return apply_binary(build, "MUL", value, power)
