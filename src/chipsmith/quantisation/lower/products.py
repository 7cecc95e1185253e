"""Convolutions and matrix products: int8 in, int32 out, with a scale for each output channel."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from chipsmith.quantisation.lower.arithmetic import combine
from chipsmith.quantisation.lower.rescale import rescale, to_int32, unify_scale
from chipsmith.quantisation.lower.state import Handler, LoweringState
from chipsmith.quantisation.lower.values import ConstantValue, Int8Value, Int16Value, Int32Value, Value
from chipsmith.quantisation.lower.weights import IntegerWeights, make_room_for_bias, quantise_bias, quantise_weights
from chipsmith.quantisation.plan import Quantisation, Reals
from chipsmith.tosa.builder import GraphBuilder, pointwise_attributes
from chipsmith.tosa.graph import DType, Operator

_LARGEST_SUM = float((1 << 31) - 1)
_COARSE_SUM = float(1 << 30)
_UPPER, _LOWER = 256.0, 255.0
_POINTWISE = pointwise_attributes("INT32")
_CHANNEL_AXES = {"CONV2D": 0, "CONV3D": 0, "TRANSPOSE_CONV2D": 0, "DEPTHWISE_CONV2D": 2}

Product = Callable[[Int8Value, npt.NDArray[np.int64]], str]
"""Emits a product of an int8 tensor with weights, plus a bias: an int32 tensor."""


@dataclass(frozen=True, kw_only=True)
class Channels:
    """Weights and bias by output channel; `magnitudes` are the sums of a channel's weights in magnitude."""

    weights: IntegerWeights
    magnitudes: npt.NDArray[np.int64]
    bias: npt.NDArray[np.int64]


def lower_convolution(state: LoweringState, operator: Operator) -> Value:
    """CONV2D, CONV3D, DEPTHWISE_CONV2D or TRANSPOSE_CONV2D; a computed bias is added behind."""
    bias = state.operand(operator, 2)
    weights = state.operand(operator, 1)
    known = bias.data.astype(np.float64) if isinstance(bias, ConstantValue) else np.zeros(1)
    if isinstance(weights, ConstantValue):
        result = _convolve_constant(state, operator, weights, known)
    else:
        result = _convolve_computed(state, operator, known)
    return result if isinstance(bias, ConstantValue) else _add_computed_bias(state, operator, result)


def _convolve_constant(state: LoweringState, operator: Operator, weights: ConstantValue, bias: Reals) -> Int32Value:
    real = weights.data.astype(np.float64)
    planned = state.plan.tensors.get(weights.name)
    axis, shape = _CHANNEL_AXES[operator.kind], real.shape
    if operator.kind == "DEPTHWISE_CONV2D":
        planned = _spread_by_kernel(planned, shape[2], shape[3])
        real = real.reshape(*shape[:2], shape[2] * shape[3])
    source = read_factor(state, operator, 0)
    channels = _quantise_channels(real, axis, planned, bias, source.scale)
    integers = state.build.constant(channels.weights.integers.reshape(shape), DType.INT8)

    def convolve(part: Int8Value, added: npt.NDArray[np.int64]) -> str:
        return _emit_convolution(state, operator, part, integers, channels.weights.zero_point, added)

    return multiply_channels(state.build, source, channels, convolve)


def _spread_by_kernel(planned: Quantisation | None, channels: int, kernels: int) -> Quantisation | None:
    """The scales of depthwise weights (KH, KW, C, M), which are by C or by M, as scales by C x M along axis 2."""
    if planned is None or planned.scale.size == 1:
        return planned
    indices = np.repeat(np.arange(channels), kernels) if planned.axis == 2 else np.tile(np.arange(kernels), channels)
    return replace(planned, scale=planned.scale[indices], zero_point=planned.zero_point[indices], axis=2)


def _quantise_channels(
    real: Reals, axis: int, planned: Quantisation | None, bias: Reals, input_scale: float
) -> Channels:
    count = real.shape[axis]
    bias = np.broadcast_to(bias.reshape(-1), (count,))
    weights = make_room_for_bias(quantise_weights(real, axis, planned), real, axis, bias, input_scale)
    others = tuple(index for index in range(real.ndim) if index != axis)
    return Channels(
        weights=weights,
        magnitudes=np.abs(weights.integers - weights.zero_point).sum(axis=others),
        bias=quantise_bias(bias, weights, input_scale),
    )


def _emit_convolution(
    state: LoweringState,
    operator: Operator,
    source: Int8Value,
    weights: str,
    weight_zero_point: int,
    bias: npt.NDArray[np.int64],
) -> str:
    build = state.build
    operands = (
        source.tensor,
        weights,
        build.constant(bias, DType.INT32),
        build.constant([source.zero_point], DType.INT8),
        build.constant([weight_zero_point], DType.INT8),
    )
    attributes = {**operator.attributes, "acc_type": "INT32"}
    return build.emit(operator.kind, operands, state.shape(operator.outputs[0]), DType.INT32, attributes)


def multiply_channels(
    build: GraphBuilder, source: Int8Value | Int16Value, channels: Channels, product: Product
) -> Int32Value:
    """The product with int8, or with the two bytes of int16, whose products are then added."""
    if isinstance(source, Int8Value):
        bound = channels.magnitudes * source.bound + np.abs(channels.bias)
        return _int32_value(build, product(source, channels.bias), source.scale * channels.weights.scale, bound)
    upper, lower = split_bytes(build, source)
    bound = channels.magnitudes * (32768.0 + _LOWER) + np.abs(channels.bias)
    zeros = np.zeros_like(channels.bias)
    tensor, lost = add_bytes(build, product(upper, zeros), product(lower, channels.bias), float(bound.max()))
    scale = source.scale * channels.weights.scale * 2.0**lost
    # A sum is no accumulator of the array, which alone scales each channel by the way.
    return unify_scale(build, _int32_value(build, tensor, scale, np.ceil(bound / 2.0**lost) + 2))


def _int32_value(build: GraphBuilder, tensor: str, scale: Reals, bound: Reals) -> Int32Value:
    """A single scale has a single bound, the greatest."""
    limits = np.array([bound.max()]) if scale.size == 1 else bound
    return Int32Value(tensor=tensor, shape=build.shape(tensor), scale=scale, bound=limits.astype(np.float64))


def split_bytes(build: GraphBuilder, source: Int16Value) -> tuple[Int8Value, Int8Value]:
    """q = 256 * upper + lower: the lower byte counts 0 ... 255, by a zero point of -128."""
    ones = (1,) * len(build.shape(source.tensor))
    eight = build.constant(np.full(ones, 8), DType.INT16)
    shifted = build.emit(
        "ARITHMETIC_RIGHT_SHIFT", (source.tensor, eight), build.shape(source.tensor), DType.INT16, {"round": False}
    )
    upper = build.unary("CAST", shifted, DType.INT8)
    low_bits = build.unary("CAST", source.tensor, DType.INT8)
    lower = build.binary("BITWISE_XOR", low_bits, build.constant(np.full(ones, -128), DType.INT8))
    return (
        Int8Value(tensor=upper, scale=source.scale * _UPPER, zero_point=0),
        Int8Value(tensor=lower, scale=source.scale, zero_point=-128),
    )


def add_bytes(build: GraphBuilder, upper: str, lower: str, bound: float) -> tuple[str, int]:
    """256 * upper + lower, divided by 2**lost where the bound asks for it; and `lost`."""
    lost = max(0, math.ceil(math.log2(max(bound, 1.0) / _COARSE_SUM)))
    if lost == 0:
        eight = build.constant(np.full((1,) * len(build.shape(upper)), 8), DType.INT32)
        return build.binary("ADD", build.binary("LOGICAL_LEFT_SHIFT", upper, eight), lower), 0
    first, second = (
        rescale(build, tensor, DType.INT32, np.array([weight / 2.0**lost]))
        for tensor, weight in ((upper, _UPPER), (lower, 1.0))
    )
    return build.binary("ADD", first, second), lost


def read_factor(state: LoweringState, operator: Operator, index: int) -> Int8Value | Int16Value:
    """A factor as int8, or as int16 where the plan has it so."""
    value = state.operand(operator, index)
    return value if isinstance(value, Int16Value) else state.to_int8(operator, index)


def _convolve_computed(state: LoweringState, operator: Operator, bias: Reals) -> Int32Value:
    """Weights that are computed have a single scale, as every activation has."""
    source, weights = state.to_int8(operator, 0), state.to_int8(operator, 1)
    shape = state.shape(operator.inputs[1])
    count = math.prod(shape[2:]) if operator.kind == "DEPTHWISE_CONV2D" else shape[0]
    steps = np.rint(np.broadcast_to(bias.reshape(-1), (count,)) / (source.scale * weights.scale))
    bound = math.prod(shape) / count * source.bound * weights.bound + float(np.abs(steps).max())
    if bound > _LARGEST_SUM:
        raise state.refuse(operator, "its bias does not fit int32 beside computed weights; add it behind the product")
    tensor = _emit_convolution(state, operator, source, weights.tensor, weights.zero_point, steps.astype(np.int64))
    return _int32_value(state.build, tensor, np.array([source.scale * weights.scale]), np.array([bound]))


def _add_computed_bias(state: LoweringState, operator: Operator, result: Int32Value) -> Int32Value:
    added = to_int32(state.build, state.real_operand(operator, 2))
    shape = (*(1,) * (len(result.shape) - 1), added.shape[0])
    spread = replace(added, tensor=state.build.reshape(added.tensor, shape), shape=shape)
    return combine(state.build, "ADD", result, spread)


def lower_matmul(state: LoweringState, operator: Operator) -> Value:
    """A constant right factor gives a convolution of single pixels; else MATMUL, constants having one scale."""
    left, right = state.operand(operator, 0), state.operand(operator, 1)
    if isinstance(right, ConstantValue) and (right.data == right.data[:1]).all():
        return _multiply_by_matrix(state, operator, right)
    if isinstance(right, ConstantValue):
        return _multiply_matrices(state, operator, read_factor(state, operator, 0), _constant_factor(state, right))
    if isinstance(left, ConstantValue):
        return _multiply_matrices(state, operator, _constant_factor(state, left), read_factor(state, operator, 1))
    return _multiply_matrices(state, operator, read_factor(state, operator, 0), read_factor(state, operator, 1))


def _multiply_by_matrix(state: LoweringState, operator: Operator, right: ConstantValue) -> Int32Value:
    """left (N, H, C) times a matrix (C, W), the same for all N."""
    build, source = state.build, read_factor(state, operator, 0)
    batch, rows, inner = build.shape(source.tensor)
    matrix = right.data[:1].astype(np.float64)
    columns = matrix.shape[2]
    channels = _quantise_channels(matrix, 2, state.plan.tensors.get(right.name), np.zeros(1), source.scale)
    integers = build.constant(channels.weights.integers[0].T.reshape(columns, 1, 1, inner), DType.INT8)

    def convolve(part: Int8Value, added: npt.NDArray[np.int64]) -> str:
        operands = (
            build.reshape(part.tensor, (batch * rows, 1, 1, inner)),
            integers,
            build.constant(added, DType.INT32),
            build.constant([part.zero_point], DType.INT8),
            build.constant([channels.weights.zero_point], DType.INT8),
        )
        return build.emit("CONV2D", operands, (batch * rows, 1, 1, columns), DType.INT32, _POINTWISE)

    return replace(multiply_channels(build, source, channels, convolve), shape=(batch, rows, columns))


def _constant_factor(state: LoweringState, value: ConstantValue) -> Int8Value:
    weights = quantise_weights(value.data.astype(np.float64), None, state.plan.tensors.get(value.name))
    tensor = state.build.constant(weights.integers, DType.INT8)
    return Int8Value(tensor=tensor, scale=float(weights.scale[0]), zero_point=weights.zero_point)


def _multiply_matrices(
    state: LoweringState, operator: Operator, left: Int8Value | Int16Value, right: Int8Value | Int16Value
) -> Int32Value:
    """A product of two factors; of int16 by bytes, whose products are then added."""
    if isinstance(left, Int16Value):
        parts = [_multiply_matrices(state, operator, part, right) for part in split_bytes(state.build, left)]
        return combine(state.build, "ADD", *parts)
    if isinstance(right, Int16Value):
        parts = [_multiply_matrices(state, operator, left, part) for part in split_bytes(state.build, right)]
        return combine(state.build, "ADD", *parts)
    bound = np.array([left.bound * right.bound * state.shape(operator.inputs[0])[2]])
    tensor = _emit_matmul(state, operator, left, right)
    return _int32_value(state.build, tensor, np.array([left.scale * right.scale]), bound)


def _emit_matmul(state: LoweringState, operator: Operator, left: Int8Value, right: Int8Value) -> str:
    build = state.build
    zero_points = (build.constant([factor.zero_point], DType.INT8) for factor in (left, right))
    operands: Sequence[str] = (left.tensor, right.tensor, *zero_points)
    return build.emit("MATMUL", operands, state.shape(operator.outputs[0]), DType.INT32)


HANDLERS: Mapping[str, Handler] = {
    **dict.fromkeys(("CONV2D", "CONV3D", "DEPTHWISE_CONV2D", "TRANSPOSE_CONV2D"), lower_convolution),
    "MATMUL": lower_matmul,
}
