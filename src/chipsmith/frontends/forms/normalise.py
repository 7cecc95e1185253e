"""Softmax and standardisation, written out as quantisation/regions.py knows them again."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from chipsmith.frontends.forms.values import GraphValue
from chipsmith.tosa.builder import Axes, GraphBuilder
from chipsmith.tosa.graph import DType


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
