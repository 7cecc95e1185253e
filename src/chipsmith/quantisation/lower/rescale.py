"""From one form of a value to another: to int8, int16 or int32, to a given scale, to one scale for all channels."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from chipsmith.errors import OperatorRefused
from chipsmith.numerics import Scale
from chipsmith.quantisation.lower.values import (
    INT16_REACH,
    ConstantValue,
    Int8Value,
    Int16Value,
    Int32Value,
    RealValue,
    Tabulated,
)
from chipsmith.quantisation.plan import INT8_WIDTH, Quantisation, Reals
from chipsmith.tosa.builder import GraphBuilder, Shape
from chipsmith.tosa.graph import AttributeValue, DType

FINE = float(1 << 28)
"""Greatest magnitude of an int32 value that is about to be added to another."""
_SAFE = float(1 << 29)
"""Greatest magnitude of what a RESCALE may compute before it saturates, whatever its shift."""
ENTRY = 32767
"""Greatest entry of an int16 table."""
FRACTION = 128
"""An int16 table's result counts its entries in so many parts."""
_FEW_STEPS = 512
"""A table half of whose entries are smaller than this is better split into two."""
_PARTS = float(1 << 13)
_LEAST_REACH = 1e-30
_MULTIPLIER_BITS = 31
_LEAST_SHIFT, _GREATEST_SHIFT = 2, 62
_COARSEST_FACTORS = 16.0
"""Most that factors of one shift may be off, in steps of which FINE are a value's reach: far below a step of int16."""


def to_fixed_point(ratios: Reals) -> Scale:
    """The multiplier (31 bits) and the shift nearest to each positive ratio; equal ones throughout become one.

    Raises OperatorRefused where a ratio is not positive and finite, or too large for RESCALE (2**29 and more).
    """
    flat = np.unique(ratios) if len(np.unique(ratios)) == 1 else ratios
    if not (np.isfinite(flat).all() and (flat > 0).all()):
        raise OperatorRefused(
            f"a scale ratio of {float(np.min(flat))} has no fixed-point form; scales must be positive"
        )
    fractions, exponents = np.frexp(flat)
    multipliers = np.rint(fractions * (1 << _MULTIPLIER_BITS)).astype(np.int64)
    shifts = _MULTIPLIER_BITS - exponents.astype(np.int64)
    overflow = multipliers == 1 << _MULTIPLIER_BITS
    multipliers, shifts = np.where(overflow, multipliers >> 1, multipliers), shifts - overflow
    if shifts.min() < _LEAST_SHIFT:
        raise OperatorRefused(f"a scale ratio of {float(np.max(flat)):.3g} is too large for RESCALE")
    surplus = np.minimum(np.maximum(shifts - _GREATEST_SHIFT, 0), _MULTIPLIER_BITS)
    return Scale(multiplier=multipliers >> surplus, shift=np.minimum(shifts, _GREATEST_SHIFT))


def rescale(
    build: GraphBuilder,
    source: str,
    dtype: DType,
    ratios: Reals,
    *,
    input_zero_point: int = 0,
    output_zero_point: int = 0,
) -> str:
    """(source - input_zero_point) x ratio, rounded once, + output_zero_point; one ratio or one a channel."""
    scale = to_fixed_point(ratios)
    operands = (
        source,
        build.constant(scale.multiplier, DType.INT32),
        build.constant(scale.shift, DType.INT8),
        build.constant([input_zero_point], build.dtype(source)),
        build.constant([output_zero_point], dtype),
    )
    attributes: dict[str, AttributeValue] = {
        "scale32": True,
        "rounding_mode": "SINGLE_ROUND",
        "per_channel": scale.multiplier.size > 1,
        "input_unsigned": False,
        "output_unsigned": False,
    }
    return build.emit("RESCALE", operands, build.shape(source), dtype, attributes)


def look_up(build: GraphBuilder, source: str, entries: npt.NDArray[Any]) -> str:
    """TABLE: 256 int8 entries for an int8 tensor, 513 int16 entries for an int16 tensor, which gives int32."""
    before = build.dtype(source)
    result = DType.INT8 if before is DType.INT8 else DType.INT32
    return build.emit("TABLE", (source, build.constant(entries, before)), build.shape(source), result)


def shape_of(build: GraphBuilder, value: RealValue) -> Shape:
    """The shape of a value."""
    if isinstance(value, Int32Value):
        return value.shape
    return build.shape(value.root if isinstance(value, Tabulated) else value.tensor)


def find_reach(value: RealValue | ConstantValue) -> float:
    """The greatest magnitude of the real values, at least a tiny positive number."""
    match value:
        case Int32Value():
            largest = value.reach
        case Int16Value():
            largest = value.scale * INT16_REACH
        case Int8Value():
            largest = value.scale * value.bound
        case Tabulated():
            largest = float(np.abs(limit_to_finite(value.real)).max())
        case ConstantValue():
            largest = float(np.abs(limit_constant(value.data)).max(initial=0.0))
    return max(largest, _LEAST_REACH)


def limit_constant(data: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """A constant's real numbers, infinities as its largest finite magnitude. Raises OperatorRefused for NaN."""
    wide = data.astype(np.float64)
    if np.isnan(wide).any():
        raise OperatorRefused("a constant is not a number, which has no integer form")
    largest = np.abs(wide[np.isfinite(wide)]).max(initial=0.0)
    return np.clip(wide, -largest, largest)


def limit_to_finite(real: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """A table with infinities as its largest finite magnitude, and what is not a number as the number beside it.

    It has entries for integers that its network never computes, such as the logarithm of what is below zero.
    """
    wide = real.astype(np.float64)
    numbers = ~np.isnan(wide)
    if not numbers.any():
        raise OperatorRefused("a value is not a number whatever the input, which has no integer form")
    if not numbers.all():
        places = np.flatnonzero(numbers.reshape(-1))
        nearest = np.abs(np.arange(wide.size)[:, None] - places[None]).argmin(axis=1)
        wide = wide.reshape(-1)[places[nearest]].reshape(wide.shape)
    largest = np.abs(wide[np.isfinite(wide)]).max(initial=0.0)
    return np.clip(wide, -largest, largest)


def lay_out(build: GraphBuilder, value: Int32Value) -> Int32Value:
    """The value with its tensor in its shape."""
    return replace(value, tensor=build.reshape(value.tensor, value.shape))


def to_int32(build: GraphBuilder, value: RealValue) -> Int32Value:
    """The value as int32 with one scale, in its shape, and no limits that are still to be applied."""
    match value:
        case Int8Value():
            tensor = rescale(build, value.tensor, DType.INT32, np.ones(1), input_zero_point=value.zero_point)
            return _as_int32(build, tensor, value.scale, value.bound)
        case Int16Value():
            tensor = build.unary("CAST", value.tensor, DType.INT32)
            return _as_int32(build, tensor, value.scale, INT16_REACH)
        case Tabulated():
            return _look_up_real(build, value)
        case Int32Value():
            return lay_out(build, unify_scale(build, apply_limits(build, value)))


def _as_int32(build: GraphBuilder, tensor: str, scale: float, bound: float) -> Int32Value:
    return Int32Value(tensor=tensor, shape=build.shape(tensor), scale=np.array([scale]), bound=np.array([bound]))


def _look_up_real(build: GraphBuilder, value: Tabulated) -> Int32Value:
    """By a table of 16 bits, or by two of them where most results are small beside the greatest."""
    real = limit_to_finite(value.real)
    root = value.root
    if build.dtype(root) is DType.INT8:
        between = (real + np.append(real[1:], real[-1])) / 2
        real = np.append(np.stack([real, between], axis=1).reshape(-1), real[-1])
        root = rescale(build, root, DType.INT16, np.array([256.0]))
    unit = max(float(np.abs(real).max()), float(np.abs(np.diff(real)).max()), _LEAST_REACH) / ENTRY
    if float(np.median(np.abs(real))) > unit * _FEW_STEPS or not real.any():
        tensor = look_up(build, root, np.rint(real / unit))
        return _as_int32(build, tensor, unit / FRACTION, float(ENTRY * FRACTION))
    return _look_up_in_two(build, root, real, unit / _PARTS)


def _look_up_in_two(build: GraphBuilder, root: str, real: Reals, unit: float) -> Int32Value:
    """The upper and the lower part of entries of 29 bits, by a table each."""
    upper, lower = np.divmod(np.rint(real / unit), _PARTS)
    parts = [
        rescale(build, look_up(build, root, entries), DType.INT32, np.array([weight / FRACTION]))
        for entries, weight in ((upper, _PARTS), (lower, 1.0))
    ]
    return _as_int32(build, build.binary("ADD", parts[0], parts[1]), unit, (ENTRY + 1) * _PARTS)


def apply_limits(build: GraphBuilder, value: Int32Value) -> Int32Value:
    """The value with its limits applied."""
    for kind, limit in (("MAXIMUM", value.low), ("MINIMUM", value.high)):
        if np.isfinite(limit):
            value = lay_out(build, unify_scale(build, value))
            level = max(-value.bound[0], min(value.bound[0], np.rint(limit / value.scale[0])))
            operand = build.constant(np.full((1,) * len(value.shape), level), DType.INT32)
            value = replace(value, tensor=build.binary(kind, value.tensor, operand))
    return replace(value, low=-np.inf, high=np.inf)


def unify_scale(build: GraphBuilder, value: Int32Value) -> Int32Value:
    """The value with one scale for all channels."""
    if value.scale.size == 1:
        return value
    largest = float(np.max(value.scale * value.bound))
    scale = np.array([max(largest, _LEAST_REACH) / FINE])
    tensor = _scale_to_int32(build, value, value.scale / scale)
    return replace(value, tensor=tensor, scale=scale, bound=np.array([np.ceil(largest / scale[0])]))


def to_scale(build: GraphBuilder, value: RealValue, scale: float) -> str:
    """An int32 tensor that counts the real value in steps of `scale`; |real| / scale must stay below 2**29."""
    if isinstance(value, Int8Value | Int16Value):
        return _rescale_affine(build, value, DType.INT32, scale)
    wide = apply_limits(build, value) if isinstance(value, Int32Value) else to_int32(build, value)
    ratio = wide.scale / scale
    if ratio.size == 1 and ratio[0] == 1.0:
        return lay_out(build, wide).tensor
    return build.reshape(_scale_to_int32(build, wide, ratio), wide.shape)


def _scale_to_int32(build: GraphBuilder, value: Int32Value, ratios: Reals) -> str:
    """The value's integers times its ratio or those of its channels, all of whose results are below 2**29.

    Channels are multiplied by factors with one shift, where that is exact enough: a single step of the vector engine,
    which a RESCALE with a ratio a channel is not.
    """
    if ratios.size == 1:
        return rescale(build, value.tensor, DType.INT32, ratios)
    # A channel that is 0 whatever the input has any scale, which may be beyond those that RESCALE has.
    ratios = np.where(value.bound > 0, ratios, ratios.min())
    ratios = np.minimum(ratios, _SAFE / np.maximum(value.bound, 1.0))
    shift = min(_MULTIPLIER_BITS - 1 - math.frexp(float(ratios.max()))[1], _GREATEST_SHIFT)
    if shift < 0 or float(value.bound.max()) / 2.0 ** (shift + 1) > _COARSEST_FACTORS:
        return rescale(build, value.tensor, DType.INT32, ratios)
    factors = np.rint(ratios * 2.0**shift).reshape((1,) * (len(build.shape(value.tensor)) - 1) + (-1,))
    return build.multiply(value.tensor, build.constant(factors, DType.INT32), shift)


def _rescale_affine(build: GraphBuilder, value: Int8Value | Int16Value, dtype: DType, scale: float) -> str:
    """The value in steps of `scale` around 0."""
    zero_point = value.zero_point if isinstance(value, Int8Value) else 0
    return rescale(build, value.tensor, dtype, np.array([value.scale / scale]), input_zero_point=zero_point)


def constant_to_scale(build: GraphBuilder, value: ConstantValue, scale: Reals | float) -> str:
    """A constant int32 tensor in steps of `scale`, which may differ by the last axis."""
    return build.constant(np.rint(limit_constant(value.data) / scale), DType.INT32)


def narrow(build: GraphBuilder, value: RealValue, quantisation: Quantisation) -> Int8Value | Int16Value:
    """The value rounded to the integers of a plan's tensor."""
    scale, zero_point = float(quantisation.scale[0]), int(quantisation.zero_point[0])
    if quantisation.width == INT8_WIDTH:
        return Int8Value(tensor=_to_int8(build, value, scale, zero_point), scale=scale, zero_point=zero_point)
    return Int16Value(tensor=_to_int16(build, value, scale), scale=scale)


def _to_int8(build: GraphBuilder, value: RealValue, scale: float, zero_point: int) -> str:
    if isinstance(value, Int8Value) and (value.scale, value.zero_point) == (scale, zero_point):
        return value.tensor
    if isinstance(value, Int8Value):
        return look_up(build, value.tensor, quantise_reals(value.real, scale, zero_point))
    if isinstance(value, Tabulated) and build.dtype(value.root) is DType.INT8:
        return look_up(build, value.root, quantise_reals(limit_to_finite(value.real), scale, zero_point))
    if isinstance(value, Int16Value):
        ratio = np.array([value.scale / scale])
        return rescale(build, value.tensor, DType.INT8, ratio, output_zero_point=zero_point)
    return _narrow_int32(build, value if isinstance(value, Int32Value) else to_int32(build, value), scale, zero_point)


def quantise_reals(real: npt.NDArray[Any], scale: float, zero_point: int) -> npt.NDArray[np.int64]:
    """int8 integers of real values, halves to even, divided in float32."""
    steps = np.clip(np.rint(real.astype(np.float32) / np.float32(scale)), -(1 << 30), 1 << 30)
    return np.asarray(np.clip(steps + zero_point, -128, 127), np.int64)


def _narrow_int32(build: GraphBuilder, value: Int32Value, scale: float, zero_point: int) -> str:
    ratio = value.scale / scale
    tensor = _clamp_within(build, value, _SAFE / ratio)
    result = rescale(build, tensor, DType.INT8, ratio, output_zero_point=zero_point)
    low, high = (_quantise_limit(limit, scale, zero_point) for limit in (value.low, value.high))
    if (low, high) != (-128, 127):
        limits: dict[str, AttributeValue] = {"min_val": low, "max_val": high}
        result = build.emit("CLAMP", (result,), build.shape(result), DType.INT8, limits)
    return build.reshape(result, value.shape)


def _quantise_limit(limit: float, scale: float, zero_point: int) -> int:
    return int(np.clip(np.rint(np.clip(limit / scale, -1e9, 1e9)) + zero_point, -128, 127))


def _to_int16(build: GraphBuilder, value: RealValue, scale: float) -> str:
    if isinstance(value, Int16Value) and value.scale == scale:
        return value.tensor
    if isinstance(value, Int8Value | Int16Value):
        return _rescale_affine(build, value, DType.INT16, scale)
    wide = apply_limits(build, value) if isinstance(value, Int32Value) else to_int32(build, value)
    ratio = wide.scale / scale
    tensor = _clamp_within(build, wide, _SAFE / ratio)
    return build.reshape(rescale(build, tensor, DType.INT16, ratio), wide.shape)


def _clamp_within(build: GraphBuilder, value: Int32Value, limits: Reals) -> str:
    """The value's tensor, kept within +- limits where its bound is beyond; what is cut off saturates anyway."""
    if (value.bound <= limits).all():
        return value.tensor
    tensor = value.tensor
    levels = np.floor(np.minimum(limits, value.bound)) * np.ones(value.scale.size)
    shape = (*(1,) * (len(build.shape(tensor)) - 1), -1) if build.shape(tensor) else ()
    for kind, level in (("MINIMUM", levels), ("MAXIMUM", -levels)):
        tensor = build.binary(kind, tensor, build.constant(level.reshape(shape), DType.INT32))
    return tensor
