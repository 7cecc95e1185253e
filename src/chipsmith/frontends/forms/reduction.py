"""Reductions along axes of the author's, which stay with size 1, and the indices of extremes."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from chipsmith.frontends.forms.elementwise import apply_binary, apply_unary, multiply_number, number
from chipsmith.frontends.forms.functions import square_root
from chipsmith.frontends.forms.matrix import apply_linear
from chipsmith.frontends.forms.values import GraphValue, permute
from chipsmith.tosa.builder import Axes, GraphBuilder
from chipsmith.tosa.graph import DType


def reduce_axes(build: GraphBuilder, kind: str, value: GraphValue, axes: Axes) -> GraphValue:
    """REDUCE_SUM, REDUCE_MAX, REDUCE_MIN or REDUCE_PRODUCT along each of the axes."""
    tensor, shape = value.tensor, list(value.shape)
    for axis in axes:
        tensor = build.reduce(kind, tensor, value.axes.index(axis))
        shape[axis] = 1
    return replace(value, tensor=tensor, shape=tuple(shape))


def average(build: GraphBuilder, value: GraphValue, axes: Axes) -> GraphValue:
    """The mean."""
    count = math.prod(value.shape[axis] for axis in axes)
    return multiply_number(build, reduce_axes(build, "REDUCE_SUM", value, axes), 1 / count)


def sum_magnitudes(build: GraphBuilder, value: GraphValue, axes: Axes) -> GraphValue:
    """The sum of |x|."""
    return reduce_axes(build, "REDUCE_SUM", apply_unary(build, "ABS", value), axes)


def sum_squares(build: GraphBuilder, value: GraphValue, axes: Axes) -> GraphValue:
    """The sum of x * x."""
    return reduce_axes(build, "REDUCE_SUM", apply_binary(build, "MUL", value, value), axes)


def euclidean_norm(build: GraphBuilder, value: GraphValue, axes: Axes) -> GraphValue:
    """The root of the sum of x * x."""
    return square_root(build, sum_squares(build, value, axes))


def log_sum(build: GraphBuilder, value: GraphValue, axes: Axes) -> GraphValue:
    """The logarithm of the sum."""
    return apply_unary(build, "LOG", reduce_axes(build, "REDUCE_SUM", value, axes))


def log_sum_exp(build: GraphBuilder, value: GraphValue, axes: Axes) -> GraphValue:
    """The logarithm of the sum of exp(x), about the largest x, so that nothing overflows."""
    largest = reduce_axes(build, "REDUCE_MAX", value, axes)
    exponentials = apply_unary(build, "EXP", apply_binary(build, "SUB", value, largest))
    return apply_binary(build, "ADD", log_sum(build, exponentials, axes), largest)


def index_of_largest(build: GraphBuilder, value: GraphValue, axis: int, *, last: bool = False) -> GraphValue:
    """The index of the largest along an axis, which is dropped: int32, the first or the last of several."""
    position = value.axes.index(axis)
    tensor = value.tensor
    if last:
        tensor = build.emit("REVERSE", (tensor,), build.shape(tensor), build.dtype(tensor), {"axis": position})
    before = build.shape(tensor)
    shape = (*before[:position], *before[position + 1 :])
    index = build.emit("ARGMAX", (tensor,), shape, DType.INT32, {"axis": position})
    kept = tuple(other for other in value.axes if other != axis)
    result = GraphValue(
        tensor=index,
        shape=(*value.shape[:axis], *value.shape[axis + 1 :]),
        axes=tuple(other - (other > axis) for other in kept),
    )
    return apply_binary(build, "SUB", number(float(value.shape[axis] - 1)), result) if last else result


def sum_up(
    build: GraphBuilder, value: GraphValue, axis: int, *, exclusive: bool = False, backwards: bool = False
) -> GraphValue:
    """The sum of all elements up to each along an axis: a product with a matrix of ones and zeros.

    `exclusive` leaves the element itself out; `backwards` sums from the end.
    """
    rank, size = len(value.shape), value.shape[axis]
    order = (*(other for other in range(rank) if other != axis), axis)
    ones = np.ones((size, size), np.float32)
    weights = np.triu(ones, int(exclusive)) if backwards else np.tril(ones, -int(exclusive))
    result = apply_linear(build, permute(value, order), weights)
    return permute(result, tuple(order.index(other) for other in range(rank)))
