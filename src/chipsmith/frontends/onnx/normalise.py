"""Softmax and the normalisations in integers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from chipsmith.frontends.onnx.lowering import Handler, Lowering, normalise_axis, refuse
from chipsmith.frontends.onnx.model import Node
from chipsmith.frontends.onnx.requantize import constant_to_scale, find_reach, reshape, to_acc32
from chipsmith.frontends.onnx.values import Acc32, AffineInt8, Const, Value
from chipsmith.tosa.graph import DType

_ENTRY = 32767
_EXP_BITS = 22
"""A table of int16 gives its greatest entry as about 2**22."""
_SOFTMAX_RANGE = 16.0
"""exp(-16) is below a step of the table."""
_RECIPROCAL_BITS, _SUM_SHIFT = 30, 8
_RSQRT_BITS = 22
_FRACTION_BITS = 6
"""Bits behind the point of a value minus its mean."""
_FACTOR_BITS = 15


def _lower_softmax(lower: Lowering, node: Node) -> Sequence[Value]:
    """exp(x - max) by a table, divided by its sum.

    The reciprocal of the sum is 2**30 / (sum / 2**8): its rounding is below 2**-16 of the greatest result.
    """
    value, build = lower.read_computed(node, 0), lower.build
    axis = normalise_axis(node.integer("axis", -1 if lower.opset() >= 13 else 1), len(value.shape), node)
    if lower.opset() < 13 and math.prod(value.shape[axis + 1 :]) != 1:
        raise refuse(node, "before version 13 of ONNX it spans several axes; convert the network to version 13")
    wide = to_acc32(build, value)
    position = wide.axes.index(axis)
    below = build.binary("SUB", wide.tensor, build.reduce("REDUCE_MAX", wide.tensor, position))
    exponentials = _exponentiate(lower, below, value, wide)
    spare = max(0, math.ceil(math.log2(value.shape[axis])) + _EXP_BITS + 1 - 31)
    narrow = build.rescale(exponentials, DType.INT32, np.array([2.0**-spare])) if spare else exponentials
    total = build.reduce("REDUCE_SUM", narrow, position)
    divisor = build.rescale(total, DType.INT32, np.array([2.0 ** (spare - _SUM_SHIFT)]))
    ones = build.constant(np.full((1,) * len(value.shape), 1 << _RECIPROCAL_BITS), DType.INT32)
    reciprocal = build.binary("INTDIV", ones, divisor)
    shift = _RECIPROCAL_BITS + _SUM_SHIFT - _EXP_BITS
    tensor = build.multiply(exponentials, reciprocal, shift=shift)
    scale, bound = np.array([2.0**-_EXP_BITS]), np.array([float(1 << _EXP_BITS) * 1.01])
    return [replace(wide, tensor=tensor, scale=scale, bound=bound, low=-np.inf, high=np.inf)]


def _exponentiate(lower: Lowering, below: str, value: Value, wide: Acc32) -> str:
    """exp of differences of 0 or less: of int8 values exactly at the table's entries, of others between them."""
    build = lower.build
    scale = float(wide.scale[0])
    step = scale if isinstance(value, AffineInt8) else max(_SOFTMAX_RANGE / 256, scale)
    index = build.rescale(below, DType.INT16, np.array([scale / step * 128]))
    knots = np.minimum((np.arange(513) - 256) * step, 0.0)
    return build.table(index, np.rint(np.exp(knots) * _ENTRY))


def _normalise_layer(lower: Lowering, node: Node) -> Sequence[Value]:
    """(x - mean) / sqrt(variance + epsilon) * gain + bias over the last axes, from `axis` on."""
    value = lower.read_affine(node, 0)
    axis = normalise_axis(node.integer("axis", -1), len(value.shape), node)
    flat = (*value.shape[:axis], math.prod(value.shape[axis:]))
    gain, bias = (None if constant is None else constant.reshape(-1) for constant in _read_gain_and_bias(lower, node))
    normal = _normalise(lower, reshape(lower.build, value, flat), node)
    return [reshape(lower.build, _scale_and_shift(lower, normal, gain, bias), value.shape)]


def _normalise_instance(lower: Lowering, node: Node) -> Sequence[Value]:
    """The same over the spatial axes, with a gain and a bias for each channel."""
    value = lower.read_affine(node, 0)
    flat = (*value.shape[:2], math.prod(value.shape[2:]))
    gain, bias = (
        None if constant is None else constant.reshape(-1, 1) for constant in _read_gain_and_bias(lower, node)
    )
    normal = _normalise(lower, reshape(lower.build, value, flat), node)
    return [reshape(lower.build, _scale_and_shift(lower, normal, gain, bias), value.shape)]


def _read_gain_and_bias(lower: Lowering, node: Node) -> tuple[npt.NDArray[Any] | None, npt.NDArray[Any] | None]:
    return lower.constant(node, 1), lower.constant(node, 2)


def _normalise(lower: Lowering, value: AffineInt8, node: Node) -> Acc32:
    """(x - mean) / sqrt(variance + epsilon) along the last axis.

    Squares are summed in int32; their root's reciprocal is a table of the sum's leading bits, found by CLZ.
    """
    size = value.shape[-1]
    centred = _centre(lower, value, size)
    return _divide_by_deviation(lower, centred, size, epsilon=node.number("epsilon", 1e-5) / value.scale**2)


def _centre(lower: Lowering, value: AffineInt8, size: int) -> str:
    """The int8 value minus its mean along the last axis, with _FRACTION_BITS behind the point."""
    build = lower.build
    last = len(value.shape) - 1
    integers = build.rescale(value.tensor, DType.INT32, np.ones(1), input_zero_point=value.zero_point)
    total = build.reduce("REDUCE_SUM", integers, last)
    mean = build.rescale(total, DType.INT32, np.array([2.0**_FRACTION_BITS / size]))
    fine = build.rescale(value.tensor, DType.INT32, np.array([2.0**_FRACTION_BITS]), input_zero_point=value.zero_point)
    return build.binary("SUB", fine, mean)


def _divide_by_deviation(lower: Lowering, centred: str, size: int, *, epsilon: float) -> Acc32:
    """centred / sqrt(its variance + epsilon), with epsilon in squared steps of the int8 value."""
    build = lower.build
    shape = build.tensor(centred).shape
    ones = (1,) * len(shape)
    square_bits = 2 * (8 + _FRACTION_BITS)
    lost = max(0, square_bits + math.ceil(math.log2(size)) - 30)
    squares = build.multiply(centred, centred, shift=lost)
    unit = size * 2.0 ** (2 * _FRACTION_BITS - lost)
    added = max(1, min(round(epsilon * unit), 1 << 29))
    total = build.binary(
        "ADD", build.reduce("REDUCE_SUM", squares, len(shape) - 1), build.constant(np.full(ones, added), DType.INT32)
    )
    root, halves = _invert_root(lower, total)
    wider = build.binary("LOGICAL_LEFT_SHIFT", centred, halves)
    # |centred| << halves stays below 2**((31 + lost) / 2 + 1); the product with the root is cut to 28 bits
    bits = (31 + lost) // 2 + 2
    shift = max(0, bits + _RSQRT_BITS - 28)
    tensor = build.multiply(wider, root, shift=shift)
    # 1 / sqrt(total) = root / 2**22 * 2**(halves - 14.5); variance = total / unit in squared steps
    scale = 2.0**shift / (1 << _RSQRT_BITS) * 2.0**-14.5 * math.sqrt(unit) / 2.0**_FRACTION_BITS
    reach_ = math.sqrt(size) * 1.01 / scale
    axes = tuple(range(len(shape)))
    return Acc32(tensor=tensor, shape=shape, axes=axes, scale=np.array([scale]), bound=np.array([np.ceil(reach_)]))


def _invert_root(lower: Lowering, total: str) -> tuple[str, str]:
    """(r, h) with 1 / sqrt(total) = r * 2**(h - 14.5) / 2**22 for total from 1 to 2**31 - 1."""
    build = lower.build
    shape = build.tensor(total).shape
    ones = (1,) * len(shape)
    zeros = build.emit("CLZ", (total,), shape, DType.INT32)
    free = build.binary("SUB", zeros, build.constant(np.full(ones, 1), DType.INT32))
    even = build.binary("BITWISE_AND", free, build.constant(np.full(ones, 30), DType.INT32))
    mantissa = build.binary("LOGICAL_LEFT_SHIFT", total, even)
    middle = build.constant(np.full(ones, 1 << 30), DType.INT32)
    index = build.rescale(build.binary("SUB", mantissa, middle), DType.INT16, np.array([2.0**-15]))
    knots = ((np.arange(513) - 256) * 128.0 * (1 << 15) + (1 << 30)) / (1 << 29)
    entries = np.rint(_ENTRY / np.sqrt(np.maximum(knots, 1.0)))
    root = build.table(index, entries)
    unit = build.constant(np.full(ones, 1), DType.INT32)
    return root, build.binary("LOGICAL_RIGHT_SHIFT", even, unit)


def _scale_and_shift(
    lower: Lowering, value: Acc32, gain: npt.NDArray[Any] | None, bias: npt.NDArray[Any] | None
) -> Acc32:
    """The value times a constant gain, plus a constant bias, which broadcast."""
    build = lower.build
    rank = len(value.shape)
    if gain is not None:
        factor = Const(values=np.asarray(gain, np.float64))
        scale = find_reach(factor) / (1 << _FACTOR_BITS)
        operand = constant_to_scale(build, factor, scale=scale, rank=rank, axes=value.axes)
        product = float(value.bound[0]) * (1 << _FACTOR_BITS)
        shift = max(0, math.ceil(math.log2(product)) - 29)
        tensor = build.multiply(value.tensor, operand, shift=shift)
        bound = np.array([np.ceil(product / 2.0**shift)])
        value = replace(value, tensor=tensor, scale=value.scale * scale * 2.0**shift, bound=bound)
    if bias is None:
        return value
    added = Const(values=np.asarray(bias, np.float64))
    step = float(value.scale[0])
    operand = constant_to_scale(build, added, scale=step, rank=rank, axes=value.axes)
    bound = value.bound + np.ceil(find_reach(added) / step)
    return replace(value, tensor=build.binary("ADD", value.tensor, operand), bound=bound)


def _normalise_batch(lower: Lowering, node: Node) -> Sequence[Value]:
    """One multiplication and one addition a channel."""
    value = to_acc32(lower.build, lower.read_computed(node, 0))
    gain, bias, mean, variance = (lower.constant(node, index) for index in range(1, 5))
    if gain is None or bias is None or mean is None or variance is None:
        raise refuse(node, "gain, bias, mean and variance must be constants")
    spread = (1, -1, *(1,) * (len(value.shape) - 2))
    factor = gain.astype(np.float64) / np.sqrt(variance.astype(np.float64) + node.number("epsilon", 1e-5))
    return [_scale_and_shift(lower, value, factor.reshape(spread), (bias - mean * factor).reshape(spread))]


HANDLERS: Mapping[str, Handler] = {
    "Softmax": _lower_softmax,
    "LayerNormalization": _normalise_layer,
    "InstanceNormalization": _normalise_instance,
    "BatchNormalization": _normalise_batch,
}
