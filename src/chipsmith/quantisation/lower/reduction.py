"""Sums, products and extremes along an axis."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from chipsmith.quantisation.lower.arithmetic import multiply
from chipsmith.quantisation.lower.movement import narrow_before
from chipsmith.quantisation.lower.rescale import lay_out, rescale, to_int32
from chipsmith.quantisation.lower.state import Handler, LoweringState
from chipsmith.quantisation.lower.values import IndexValue, Int8Value, Int16Value, Int32Value, Value
from chipsmith.tosa.graph import DType, Operator

_LARGEST_SUM = float(1 << 30)


def lower_sum(state: LoweringState, operator: Operator) -> Value:
    """REDUCE_SUM in int32: exact, unless so many would not fit, whose steps are then coarser."""
    axis, real = operator.axis, state.real_operand(operator, 0)
    keeps = (
        isinstance(real, Int32Value) and axis != len(real.shape) - 1 and not np.isfinite([real.low, real.high]).any()
    )
    wide = lay_out(state.build, real) if isinstance(real, Int32Value) and keeps else to_int32(state.build, real)
    count = wide.shape[axis]
    wide = _make_room(state, wide, count)
    tensor = state.build.reduce("REDUCE_SUM", wide.tensor, axis)
    return replace(wide, tensor=tensor, shape=state.build.shape(tensor), bound=wide.bound * count)


def _make_room(state: LoweringState, wide: Int32Value, count: int) -> Int32Value:
    """The value in coarser steps where a sum of so many would not fit int32."""
    surplus = float(wide.bound.max()) * count / _LARGEST_SUM
    if surplus <= 1:
        return wide
    factor = 2.0 ** math.ceil(math.log2(surplus))
    tensor = rescale(state.build, wide.tensor, DType.INT32, np.array([1 / factor]))
    return replace(wide, tensor=tensor, scale=wide.scale * factor, bound=np.ceil(wide.bound / factor))


def lower_extreme(state: LoweringState, operator: Operator) -> Value:
    """REDUCE_MAX or REDUCE_MIN of int8, int16 or int32; rounding before it is the same as behind it."""
    value, axis = narrow_before(state, operator), operator.axis
    if isinstance(value, Int8Value | Int16Value):
        return replace(value, tensor=state.build.reduce(operator.kind, value.tensor, axis))
    wide = to_int32(state.build, state.real_operand(operator, 0))
    tensor = state.build.reduce(operator.kind, wide.tensor, axis)
    return replace(wide, tensor=tensor, shape=state.build.shape(tensor))


def lower_product(state: LoweringState, operator: Operator) -> Value:
    """REDUCE_PRODUCT: the halves of the axis are multiplied until a single element is left."""
    axis = operator.axis
    wide = to_int32(state.build, state.real_operand(operator, 0))
    while wide.shape[axis] > 1:
        wide = _multiply_halves(state, wide, axis)
    return wide


def _multiply_halves(state: LoweringState, value: Int32Value, axis: int) -> Int32Value:
    half, odd = divmod(value.shape[axis], 2)
    parts = [_take(state, value, axis, start, half) for start in (0, half)]
    product = multiply(state.build, *parts)
    if not odd:
        return product
    last = _take(state, value, axis, 2 * half, 1)
    if half == 1:
        return multiply(state.build, product, last)
    first, others = _take(state, product, axis, 0, 1), _take(state, product, axis, 1, half - 1)
    return _join(state, [multiply(state.build, first, last), others], axis)


def _take(state: LoweringState, value: Int32Value, axis: int, start: int, count: int) -> Int32Value:
    starts, sizes = [0] * len(value.shape), list(value.shape)
    starts[axis], sizes[axis] = start, count
    return replace(value, tensor=state.build.slice(value.tensor, starts, sizes), shape=tuple(sizes))


def _join(state: LoweringState, values: list[Int32Value], axis: int) -> Int32Value:
    scale = max(float(value.scale[0]) for value in values)
    tensors = [rescale(state.build, value.tensor, DType.INT32, value.scale / scale) for value in values]
    bound = np.array([max(float(value.bound[0] * value.scale[0] / scale) for value in values) + 1])
    tensor = state.build.concat(tensors, axis)
    return Int32Value(tensor=tensor, shape=state.build.shape(tensor), scale=np.array([scale]), bound=bound)


def lower_argmax(state: LoweringState, operator: Operator) -> Value:
    """ARGMAX of int8; of int32 the least index whose element equals the maximum."""
    value, axis = state.real_operand(operator, 0), operator.axis
    shape = state.shape(operator.outputs[0])
    size = state.shape(operator.inputs[0])[axis]
    if isinstance(value, Int8Value):
        tensor = state.build.emit("ARGMAX", (value.tensor,), shape, DType.INT32, {"axis": axis})
        return IndexValue(tensor=tensor, bound=float(size - 1))
    return _find_maximum(state, to_int32(state.build, value), axis)


def _find_maximum(state: LoweringState, wide: Int32Value, axis: int) -> IndexValue:
    build, size = state.build, wide.shape[axis]
    rank = len(wide.shape)
    equal = build.binary("EQUAL", wide.tensor, build.reduce("REDUCE_MAX", wide.tensor, axis), DType.BOOL)
    positions = np.arange(size).reshape([-1 if index == axis else 1 for index in range(rank)])
    beyond = build.constant(np.full((1,) * rank, size), DType.INT32)
    operands = (equal, build.constant(positions, DType.INT32), beyond)
    chosen = build.emit("SELECT", operands, wide.shape, DType.INT32)
    least = build.reduce("REDUCE_MIN", chosen, axis)
    shape = tuple(number for index, number in enumerate(wide.shape) if index != axis)
    return IndexValue(tensor=build.reshape(least, shape), bound=float(size - 1))


HANDLERS: Mapping[str, Handler] = {
    "REDUCE_SUM": lower_sum,
    **dict.fromkeys(("REDUCE_MAX", "REDUCE_MIN"), lower_extreme),
    "REDUCE_PRODUCT": lower_product,
    "ARGMAX": lower_argmax,
}
