"""CAST and RESCALE: from one element type to another."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from chipsmith import numerics
from chipsmith.numerics import Int64Array, RoundingMode
from chipsmith.tosa.graph import DType
from chipsmith.tosa.operators.elementwise import BITS
from chipsmith.tosa.operators.row import Operand, Operation, OperatorRow, Values, choice, flag, shape_of

_CHAPTER = "Type conversion"
_INTEGERS = tuple(BITS)
_CASTS = tuple(
    {"in_t": source, "out_t": target}
    for source in (DType.BOOL, *_INTEGERS)
    for target in (DType.BOOL, *_INTEGERS)
    if source is not target
)
_RESCALES = tuple(
    {"in_t": source, "out_t": target, "mul_t": multiplier}
    for source in _INTEGERS
    for target in _INTEGERS
    for multiplier in (DType.INT32, DType.INT16)
)
_MIDDLE_OF_UINT16 = 32768
_PART_ELEMENTS = 1 << 14


def _cast(operation: Operation, values: Sequence[Values]) -> Values:
    if operation.output.dtype is DType.BOOL:
        return np.not_equal(values[0], 0)
    return values[0].astype(operation.output.dtype.numpy)


def input_zero_point(operation: Operation) -> int:
    """The zero point that a RESCALE subtracts, read as unsigned where its input is."""
    return _zero_point(operation, "input_zp", operation.dtype("input"), unsigned=operation.flag("input_unsigned"))


def output_zero_point(operation: Operation) -> int:
    """The zero point that a RESCALE adds, read as unsigned where its output is."""
    return _zero_point(operation, "output_zp", operation.output.dtype, unsigned=operation.flag("output_unsigned"))


def _zero_point(operation: Operation, operand: str, dtype: DType, *, unsigned: bool) -> int:
    value = operation.value(operand)
    return value % (1 << BITS[dtype]) if unsigned else value


def multiplier_type_fits(operation: Operation) -> bool:
    """The multiplier is int32 with scale32 and int16 without."""
    return (operation.dtype("multiplier") is DType.INT32) == operation.flag("scale32")


def double_rounding_has_scale32(operation: Operation) -> bool:
    """DOUBLE_ROUND needs scale32."""
    return operation.flag("scale32") or operation.name("rounding_mode") != "DOUBLE_ROUND"


def unsigned_types_are_narrow(operation: Operation) -> bool:
    """At most one side is unsigned, and neither side is int32 where one is."""
    source, target = operation.flag("input_unsigned"), operation.flag("output_unsigned")
    wide = DType.INT32 in (operation.dtype("input"), operation.output.dtype)
    return not (source and target) and not ((source or target) and wide)


def channels_have_a_scale_each(operation: Operation) -> bool:
    """Multiplier and shift have one element, or with per_channel one for each index of the last axis."""
    shape = operation.shape("input")
    if operation.flag("per_channel") and not shape:
        return False
    channels = shape[-1] if operation.flag("per_channel") else 1
    return operation.shape("multiplier") == operation.shape("shift") == (channels,)


def scales_are_in_range(operation: Operation) -> bool:
    """Multipliers are 0 or more, shifts from 2 to 62."""
    return min(operation.values("multiplier")) >= 0 and all(2 <= shift <= 62 for shift in operation.values("shift"))


def zero_points_are_legal(operation: Operation) -> bool:
    """Zero points have one element; any for 8 bits, 0 or 32768 for unsigned 16 bits, otherwise 0."""
    if operation.shape("input_zp") != (1,) or operation.shape("output_zp") != (1,):
        return False
    source = (operation.dtype("input"), operation.flag("input_unsigned"), input_zero_point(operation))
    target = (operation.output.dtype, operation.flag("output_unsigned"), output_zero_point(operation))
    return _is_zero_point(*source) and _is_zero_point(*target)


def _is_zero_point(dtype: DType, unsigned: bool, value: int) -> bool:
    if dtype is DType.INT8:
        return True
    return value == 0 or (dtype is DType.INT16 and unsigned and value == _MIDDLE_OF_UINT16)


def _rescale(operation: Operation, values: Sequence[Values]) -> Values:
    """Part by part, so that the wide intermediate values stay in the caches."""
    out = np.empty(values[0].shape, operation.output.dtype.numpy)
    rows, out_rows = (array.reshape(-1, *array.shape[1:][-1:]) for array in (values[0], out))
    step = max(1, _PART_ELEMENTS // max(1, math.prod(rows.shape[1:])))
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        out_rows[part] = _rescale_part(operation, rows[part])
    return out


def _rescale_part(operation: Operation, rows: Values) -> Int64Array:
    value = _as_signed_or_not(operation, rows) - input_zero_point(operation)
    result = _scaled(operation, value) + output_zero_point(operation)
    saturate = numerics.saturate_unsigned if operation.flag("output_unsigned") else numerics.saturate
    return saturate(result, bits=BITS[operation.output.dtype])


def _as_signed_or_not(operation: Operation, value: Values) -> Int64Array:
    if operation.flag("input_unsigned"):
        return numerics.wrap_unsigned(value, bits=BITS[operation.dtype("input")])
    return numerics.as_int64(value)


def _scaled(operation: Operation, value: Int64Array) -> Int64Array:
    multiplier, shift = operation.constants["multiplier"], operation.constants["shift"]
    if not operation.flag("scale32"):
        return numerics.apply_scale_16(value, multiplier, shift)
    mode = RoundingMode(operation.name("rounding_mode"))
    return numerics.apply_scale_32(value, multiplier, shift, rounding_mode=mode)


CAST = OperatorRow(
    kind="CAST",
    chapter=_CHAPTER,
    summary="Another type: sign-extended, truncated to the low bits, or whether not zero.",
    inputs=(Operand(name="input", type_name="in_t"),),
    output=Operand(name="output", type_name="out_t"),
    types=_CASTS,
    shape=shape_of("input"),
    meaning=_cast,
)
RESCALE = OperatorRow(
    kind="RESCALE",
    chapter=_CHAPTER,
    summary="(input - zero point) x multiplier / 2**shift, rounded, plus zero point, saturated.",
    inputs=(
        Operand(name="input", type_name="in_t"),
        Operand(name="multiplier", type_name="mul_t", min_rank=1, max_rank=1, compile_time=True),
        Operand(name="shift", type_name="i8_t", min_rank=1, max_rank=1, compile_time=True),
        Operand(name="input_zp", type_name="in_t", min_rank=1, max_rank=1, compile_time=True),
        Operand(name="output_zp", type_name="out_t", min_rank=1, max_rank=1, compile_time=True),
    ),
    output=Operand(name="output", type_name="out_t"),
    types=_RESCALES,
    attributes=(
        flag("scale32"),
        choice("rounding_mode", *(mode.value for mode in RoundingMode)),
        flag("per_channel"),
        flag("input_unsigned"),
        flag("output_unsigned"),
    ),
    constraints=(
        multiplier_type_fits,
        double_rounding_has_scale32,
        unsigned_types_are_narrow,
        channels_have_a_scale_each,
        scales_are_in_range,
        zero_points_are_legal,
    ),
    shape=shape_of("input"),
    meaning=_rescale,
)

ROWS = (CAST, RESCALE)
