"""From one form of a value to another: the order of axes, int8 to int32, to a given scale, to one scale for all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from chipsmith.errors import OperatorRefused
from chipsmith.frontends.onnx.builder import GraphBuilder
from chipsmith.frontends.onnx.scales import Reals
from chipsmith.frontends.onnx.values import (
    Acc32,
    AffineInt8,
    AnyGraphValue,
    Axes,
    Computed,
    Const,
    Lut,
    QuantisedConst,
    Shape,
    dequantize_const,
)
from chipsmith.tosa.graph import DType

FINE = float(1 << 28)
"""Greatest magnitude of an int32 value that is about to be added to another."""
_SAFE = float(1 << 29)
"""Greatest magnitude of what a RESCALE may compute before it saturates, whatever its shift."""
_ENTRY = 32767
"""Greatest entry of an int16 table."""
_FRACTION = 128
"""An int16 table's result counts its entries in so many parts."""


def arrange(build: GraphBuilder, value: AnyGraphValue, axes: Axes) -> AnyGraphValue:
    """The value with the graph's tensor in this order of axes."""
    perms = tuple(value.axes.index(axis) for axis in axes)
    return replace(value, tensor=build.transpose(value.tensor, perms), axes=axes)


def restore_order(build: GraphBuilder, value: AnyGraphValue) -> AnyGraphValue:
    """The value with the graph's tensor in ONNX's order of axes."""
    return arrange(build, value, tuple(range(len(value.shape))))


def extend_rank(build: GraphBuilder, value: AnyGraphValue, rank: int) -> AnyGraphValue:
    """The value with axes of size 1 in front, up to a rank."""
    more = rank - len(value.shape)
    shape = (*(1,) * more, *value.graph_shape)
    axes = (*range(more), *(axis + more for axis in value.axes))
    tensor = build.reshape(value.tensor, shape)
    return replace(value, tensor=tensor, shape=(*(1,) * more, *value.shape), axes=axes)


def find_reach(value: Computed | Const | QuantisedConst) -> float:
    """The greatest magnitude of the real values, at least a tiny positive number."""
    if isinstance(value, Acc32):
        limits = max(abs(value.low), abs(value.high))
        largest = min(value.reach, limits)
    elif isinstance(value, AffineInt8 | Lut):
        largest = float(np.abs(value.real).max())
    else:
        largest = float(np.abs(dequantize_const(value)).max(initial=0.0))
    if not np.isfinite(largest):
        raise OperatorRefused("a value is infinite or not a number for some input, which has no integer form")
    return max(largest, 1e-30)


def to_acc32(build: GraphBuilder, value: Computed) -> Acc32:
    """The value as int32 with one scale and no limits that are still to be applied."""
    if isinstance(value, AffineInt8):
        return _centre(build, value)
    if isinstance(value, Lut):
        return _look_up(build, value)
    return unify_scale(build, apply_limits(build, value))


def _centre(build: GraphBuilder, value: AffineInt8) -> Acc32:
    tensor = build.rescale(value.tensor, DType.INT32, np.ones(1), input_zero_point=value.zero_point)
    bound = np.array([float(max(128 + value.zero_point, 127 - value.zero_point))])
    return Acc32(tensor=tensor, shape=value.shape, axes=value.axes, scale=np.array([value.scale]), bound=bound)


def _look_up(build: GraphBuilder, value: Lut) -> Acc32:
    """By a table of int16 entries, every second of which belongs to an int8 value."""
    unit = find_reach(value) / _ENTRY
    entries = np.rint(value.real.astype(np.float64) / unit).astype(np.int64)
    between = (entries + np.append(entries[1:], entries[-1])) // 2
    table = np.append(np.stack([entries, between], axis=1).reshape(-1), entries[-1])
    wider = build.rescale(value.tensor, DType.INT16, np.array([256.0]))
    tensor = build.table(wider, table)
    scale, bound = np.array([unit / _FRACTION]), np.array([float(_ENTRY * _FRACTION)])
    return Acc32(tensor=tensor, shape=value.shape, axes=value.axes, scale=scale, bound=bound)


def apply_limits(build: GraphBuilder, value: Acc32) -> Acc32:
    """The value with its limits applied."""
    for kind, limit in (("MAXIMUM", value.low), ("MINIMUM", value.high)):
        if np.isfinite(limit):
            value = unify_scale(build, value)
            level = max(-value.bound[0], min(value.bound[0], np.rint(limit / value.scale[0])))
            operand = build.constant(np.full((1,) * len(value.shape), level), DType.INT32)
            value = replace(value, tensor=build.binary(kind, value.tensor, operand))
    return replace(value, low=-np.inf, high=np.inf)


def unify_scale(build: GraphBuilder, value: Acc32) -> Acc32:
    """The value with one scale for all channels."""
    if value.scale.size == 1:
        return value
    scale = np.array([value.reach / FINE])
    tensor = build.rescale(value.tensor, DType.INT32, value.scale / scale)
    bound = np.array([np.ceil(np.max(value.scale * value.bound) / scale[0])])
    return replace(value, tensor=tensor, scale=scale, bound=bound)


def to_scale(build: GraphBuilder, value: Computed, scale: float) -> str:
    """An int32 tensor that counts the real value in steps of `scale`; |real| / scale must stay below 2**29."""
    if isinstance(value, AffineInt8):
        ratio = np.array([value.scale / scale])
        return build.rescale(value.tensor, DType.INT32, ratio, input_zero_point=value.zero_point)
    wide = apply_limits(build, value) if isinstance(value, Acc32) else to_acc32(build, value)
    ratio = wide.scale / scale
    if ratio.size == 1 and ratio[0] == 1.0:
        return wide.tensor
    return build.rescale(wide.tensor, DType.INT32, ratio)


def constant_to_scale(
    build: GraphBuilder, value: Const | QuantisedConst, *, scale: float, rank: int, axes: Axes
) -> str:
    """A constant int32 tensor in steps of `scale`, with axes of size 1 in front up to `rank`, in the order `axes`."""
    real = np.asarray(dequantize_const(value), np.float64)
    spread = real.reshape((1,) * (rank - real.ndim) + real.shape)
    return build.constant(np.rint(np.transpose(spread, axes) / scale), DType.INT32)


def to_int8(build: GraphBuilder, value: Computed, *, scale: float, zero_point: int) -> str:
    """The int8 tensor that QuantizeLinear with these parameters makes of a value."""
    if isinstance(value, AffineInt8) and (value.scale, value.zero_point) == (scale, zero_point):
        return value.tensor
    if isinstance(value, AffineInt8 | Lut):
        return build.table(value.tensor, quantise_reals(value.real, scale, zero_point))
    return _narrow(build, value, scale, zero_point)


def quantise_reals(real: npt.NDArray[np.float32], scale: float, zero_point: int) -> npt.NDArray[np.int8]:
    """QuantizeLinear of float32 values, halves to even, as onnxruntime divides: in float32."""
    if np.isnan(real).any():
        raise OperatorRefused("a value is not a number for some input, which has no integer form")
    steps = np.clip(np.rint(real / np.float32(scale)), -(1 << 30), 1 << 30)
    return np.asarray(np.clip(steps + zero_point, -128, 127), np.int8)


def _narrow(build: GraphBuilder, value: Acc32, scale: float, zero_point: int) -> str:
    ratio = value.scale / scale
    tensor = _clamp_within(build, value, _SAFE / ratio)
    shape = build.tensor(tensor).shape
    narrow = build.rescale(build.before_reshape(tensor), DType.INT8, ratio, output_zero_point=zero_point)
    low, high = (_quantise_limit(limit, scale, zero_point) for limit in (value.low, value.high))
    if (low, high) == (-128, 127):
        return build.reshape(narrow, shape)
    attributes: dict[str, int | str] = {"min_val": low, "max_val": high, "nan_mode": "PROPAGATE"}
    clamped = build.emit("CLAMP", (narrow,), build.tensor(narrow).shape, DType.INT8, attributes)
    return build.reshape(clamped, shape)


def _quantise_limit(limit: float, scale: float, zero_point: int) -> int:
    """QuantizeLinear of a limit."""
    return int(np.clip(np.rint(np.clip(limit / scale, -1e9, 1e9)) + zero_point, -128, 127))


def _clamp_within(build: GraphBuilder, value: Acc32, limits: Reals) -> str:
    """The value's tensor, kept within +- limits where its bound is beyond; what is cut off saturates anyway."""
    if (value.bound <= limits).all():
        return value.tensor
    tensor = value.tensor
    levels = np.floor(np.minimum(limits, value.bound)) * np.ones(value.scale.size)
    shape = (*(1,) * (len(value.shape) - 1), -1)
    for kind, level in (("MINIMUM", levels), ("MAXIMUM", -levels)):
        tensor = build.binary(kind, tensor, build.constant(level.reshape(shape), DType.INT32))
    return tensor


def reshape(build: GraphBuilder, value: AnyGraphValue, shape: Shape) -> AnyGraphValue:
    """ONNX's Reshape; a scale for each channel must have become one before."""
    plain = restore_order(build, value)
    return replace(plain, tensor=build.reshape(plain.tensor, shape), shape=shape, axes=tuple(range(len(shape))))


def make_movable(build: GraphBuilder, value: AnyGraphValue) -> AnyGraphValue:
    """The value in a form whose elements may be moved at will: a scale for each channel becomes one."""
    if isinstance(value, Acc32):
        return unify_scale(build, value)  # type: ignore[return-value]
    return value
