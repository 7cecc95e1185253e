"""Sums and products of real values in int32."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from chipsmith.quantisation.lower.rescale import FINE, constant_to_scale, find_reach, to_scale
from chipsmith.quantisation.lower.values import ConstantValue, Int32Value, RealValue
from chipsmith.tosa.builder import GraphBuilder

_PRODUCT_BITS = 30


def to_common_scale(build: GraphBuilder, value: RealValue | ConstantValue, scale: float) -> str:
    """An int32 tensor in steps of `scale`."""
    if isinstance(value, ConstantValue):
        return constant_to_scale(build, value, scale)
    return to_scale(build, value, scale)


def combine(
    build: GraphBuilder, kind: str, left: RealValue | ConstantValue, right: RealValue | ConstantValue
) -> Int32Value:
    """ADD, SUB, MAXIMUM or MINIMUM, in steps so fine that rounding to them is far below a step of any int8 scale."""
    scale = max(find_reach(left), find_reach(right)) / FINE
    first, second = (to_common_scale(build, value, scale) for value in (left, right))
    tensor = build.binary(kind, first, second)
    bound = math.ceil((find_reach(left) + find_reach(right)) / scale + 1)
    return Int32Value(tensor=tensor, shape=build.shape(tensor), scale=np.array([scale]), bound=np.array([float(bound)]))


def multiply(build: GraphBuilder, left: Int32Value, right: Int32Value) -> Int32Value:
    """The product of values with one scale each, moved right where it would not fit int32."""
    product = float(left.bound[0] * right.bound[0])
    shift = max(0, math.ceil(math.log2(max(product, 1.0))) - _PRODUCT_BITS)
    tensor = build.multiply(left.tensor, right.tensor, shift)
    return Int32Value(
        tensor=tensor,
        shape=build.shape(tensor),
        scale=left.scale * right.scale * 2.0**shift,
        bound=np.array([math.ceil(product / 2.0**shift) + 1.0]),
    )


def clamp(value: Int32Value, low: float, high: float) -> Int32Value:
    """The value within low ... high too."""
    return replace(value, low=min(max(value.low, low), high), high=max(min(value.high, high), low))
