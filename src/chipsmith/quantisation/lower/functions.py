"""Functions of int32 values, element by element: the leading bits choose in a table, the exponent moves the result.

They are what is left where the plan rounds neither the function's argument nor its result to int8. Tables give about
15 bits of the result; of a reciprocal or a root those bits lead, whatever its size.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from chipsmith.quantisation.lower.arithmetic import multiply
from chipsmith.quantisation.lower.rescale import (
    ENTRY,
    FRACTION,
    find_reach,
    look_up,
    narrow,
    rescale,
    to_int32,
    to_scale,
)
from chipsmith.quantisation.lower.state import LoweringState
from chipsmith.quantisation.lower.values import KNOTS, Int8Value, Int16Value, Int32Value, RealValue, Tabulated
from chipsmith.quantisation.plan import INT16_WIDTH, Reals, quantise_tensor
from chipsmith.tosa.graph import DType, Operator

_SATURATION = {"SIGMOID": 16.0, "TANH": 8.0, "ERF": 4.0}
"""From this magnitude on the function is its limit."""
_TABLE_STEPS = float(ENTRY * FRACTION)
"""What a table gives for its greatest entry."""
_WORD_BITS = 30
_DYNAMIC_BITS = 14
"""So many times two below its bound a divisor still has its own reciprocal, unless the plan says more."""
_LARGEST_POWER = 4
_LARGEST_EXPONENT = 5000.0
_LARGEST_SCALE = 120
"""The greatest power of two that is a result's scale, within float32."""


def apply(state: LoweringState, operator: Operator, value: RealValue) -> Int32Value | Tabulated:
    """A function, by the name of its float operator, of any value."""
    wide = to_int32(state.build, value)
    reach = state.planned_reach(operator)
    match operator.kind:
        case "EXP":
            return exponential(state, wide, reach)
        case "LOG":
            return logarithm(state, wide)
        case "RECIPROCAL":
            return reciprocal(state, wide, reach)
        case "RSQRT":
            return inverse_root(state, wide, reach)
        case "SIN" | "COS":
            return _turn(state, wide, np.sin if operator.kind == "SIN" else np.cos)
        case "FLOOR" | "CEIL":
            return _to_whole(state, wide, upwards=operator.kind == "CEIL")
        case kind:
            limit = min(find_reach(wide), _SATURATION[kind])
            return interpolate(state, wide, limit, lambda points: state.evaluate(operator, [points]).reshape(-1))


def interpolate(
    state: LoweringState, value: RealValue, reach: float, function: Callable[[npt.NDArray[np.float32]], Reals]
) -> Tabulated:
    """A function over -reach ... reach, between 513 points."""
    index = narrow(state.build, value, quantise_tensor(reach / ENTRY, 0, width=INT16_WIDTH))
    assert isinstance(index, Int16Value)
    with np.errstate(all="ignore"):
        return Tabulated(root=index.tensor, real=np.asarray(function(index.real), np.float32))


def _turn(state: LoweringState, value: Int32Value, function: Callable[[Reals], Reals]) -> Tabulated:
    """A function of an angle: counted in 65536 steps a turn, of which int16 keeps what is beyond whole turns."""
    step = 2 * math.pi / 65536
    index = state.build.unary("CAST", to_scale(state.build, value, step), DType.INT16)
    return Tabulated(root=index, real=function(KNOTS * step).astype(np.float32))


def _to_whole(state: LoweringState, value: Int32Value, *, upwards: bool) -> Int32Value:
    """The whole number below, or above, a value."""
    build, reach = state.build, find_reach(value)
    bits = int(np.clip(28 - math.ceil(math.log2(max(reach, 1.0))), 0, 16))
    steps = to_scale(build, value, 2.0**-bits)
    if upwards:
        steps = build.binary("ADD", steps, _number(state, (1 << bits) - 1, steps))
    tensor = _shift_right(state, steps, _number(state, bits, steps))
    return replace(value, tensor=tensor, scale=np.ones(1), bound=np.array([math.ceil(reach) + 1.0]))


def _number(state: LoweringState, number: int, beside: str) -> str:
    """A constant int32 that broadcasts with a tensor."""
    return state.build.constant(np.full((1,) * len(state.build.shape(beside)), number), DType.INT32)


def _shift_right(state: LoweringState, tensor: str, amount: str) -> str:
    shape = np.broadcast_shapes(state.build.shape(tensor), state.build.shape(amount))
    return state.build.emit("ARITHMETIC_RIGHT_SHIFT", (tensor, amount), shape, DType.INT32, {"round": False})


def exponential(state: LoweringState, value: Int32Value, reach: float | None = None) -> Int32Value:
    """exp(x) = 2**n * 2**f of whole n and 0 <= f < 1: 2**f by a table, moved right for n below its limit.

    Results beyond `reach`, where there is one, are cut off: what is known of them sharpens those below.
    """
    build = state.build
    if find_reach(value) > _LARGEST_EXPONENT:
        value = replace(value, low=max(value.low, -_LARGEST_EXPONENT), high=min(value.high, _LARGEST_EXPONENT))
    highest = find_reach(value) if reach is None else min(find_reach(value), math.log(reach))
    exponent = math.ceil(highest / math.log(2.0))
    turns = to_scale(build, value, math.log(2.0) / 65536)
    whole = _shift_right(state, turns, _number(state, 16, turns))
    fraction = build.binary("BITWISE_AND", turns, _number(state, 65535, turns))
    index = build.unary("CAST", build.binary("SUB", fraction, _number(state, 32768, turns)), DType.INT16)
    power = look_up(build, index, np.rint(ENTRY * 2.0 ** ((KNOTS + 32768) / 65536 - 1)))
    below = build.binary("SUB", _number(state, exponent, turns), whole)
    limited = build.binary("MINIMUM", _at_least(state, below, 0), _number(state, 31, turns))
    tensor = _shift_right(state, power, limited)
    scale = 2.0 ** min(exponent + 1, _LARGEST_SCALE) / _TABLE_STEPS
    return Int32Value(tensor=tensor, shape=value.shape, scale=np.array([scale]), bound=np.array([_TABLE_STEPS + 1]))


def _normalise_leading(state: LoweringState, tensor: str, *, even: bool = False) -> tuple[str, str]:
    """(m, s) with m = tensor << s from 2**30 (even shifts: from 2**29) to 2**31 - 1, for integers of 1 and more."""
    build = state.build
    zeros = build.unary("CLZ", tensor)
    free = build.binary("SUB", zeros, _number(state, 1, tensor))
    shift = build.binary("BITWISE_AND", free, _number(state, 30, tensor)) if even else free
    return build.binary("LOGICAL_LEFT_SHIFT", tensor, shift), shift


def _look_up_leading(state: LoweringState, mantissa: str, function: Callable[[Reals], Reals]) -> str:
    """A function of m / 2**30, 1 <= m / 2**30 < 2, that has results of 0 ... 1, in steps of 1 / _TABLE_STEPS."""
    middle = 3 << 29
    distance = state.build.binary("SUB", mantissa, _number(state, middle, mantissa))
    index = rescale(state.build, distance, DType.INT16, np.array([2.0**-14]))
    return look_up(state.build, index, np.rint(ENTRY * function((KNOTS * 2.0**14 + middle) / (1 << 30))))


def _at_least(state: LoweringState, tensor: str, number: int) -> str:
    return state.build.binary("MAXIMUM", tensor, _number(state, number, tensor))


def logarithm(state: LoweringState, value: Int32Value) -> Int32Value:
    """The natural logarithm of positive values; what is not positive counts as the least step above 0."""
    build = state.build
    step = math.log(2.0) / _TABLE_STEPS
    mantissa, shift = _normalise_leading(state, _at_least(state, value.tensor, 1))
    fraction = _look_up_leading(state, mantissa, np.log2)
    exponent = build.binary("SUB", _number(state, _WORD_BITS, shift), shift)
    whole = build.multiply(exponent, _number(state, int(_TABLE_STEPS), shift))
    offset = int(np.rint(math.log(float(value.scale[0])) / step))
    tensor = build.binary("ADD", build.binary("ADD", fraction, whole), _number(state, offset, shift))
    bound = (_WORD_BITS + 2) * _TABLE_STEPS + abs(offset)
    return replace(value, tensor=tensor, scale=np.array([step]), bound=np.array([bound]))


def reciprocal(state: LoweringState, value: Int32Value, reach: float | None = None) -> Int32Value:
    """1 / x; beyond `reach` (without it: for x below 2**-14 of its bound) it stays what it is there."""
    build = state.build
    magnitude = replace(value, tensor=_at_least(state, build.unary("ABS", value.tensor), 1))
    least = float(value.bound[0]) / 2.0**_DYNAMIC_BITS if reach is None else 1.0 / (reach * float(value.scale[0]))
    inverse = reciprocal_of_positive(state, magnitude, least)
    negative = build.binary("GREATER", _number(state, 0, value.tensor), value.tensor, DType.BOOL)
    signs = (negative, build.multiply(inverse.tensor, _number(state, -1, inverse.tensor)), inverse.tensor)
    return replace(inverse, tensor=build.emit("SELECT", signs, value.shape, DType.INT32))


def reciprocal_of_positive(state: LoweringState, value: Int32Value, least: float) -> Int32Value:
    """1 / x of integers of 1 and more; of integers below `least` it stays what it is there."""
    mantissa, shift = _normalise_leading(state, value.tensor)
    inverse = _look_up_leading(state, mantissa, np.reciprocal)
    tensor, step = _move_left(state, inverse, shift, least, float(_WORD_BITS))
    return replace(value, tensor=tensor, scale=step / value.scale, bound=np.array([2.0**_WORD_BITS]))


def inverse_root(state: LoweringState, value: Int32Value, reach: float | None = None) -> Int32Value:
    """1 / sqrt(x) of positive values; `reach` as of reciprocal."""
    scale = float(value.scale[0])
    root, halves = invert_root(state, _at_least(state, value.tensor, 1))
    least = float(value.bound[0]) / 2.0**_DYNAMIC_BITS if reach is None else 1.0 / (reach**2 * scale)
    tensor, step = _move_left(state, root, halves, math.sqrt(max(least, 1.0)), 14.5)
    bound = np.array([2.0**_WORD_BITS])
    return replace(value, tensor=tensor, scale=np.array([step / math.sqrt(scale)]), bound=bound)


def invert_root(state: LoweringState, total: str) -> tuple[str, str]:
    """(r, h) with 1 / sqrt(total) = r / _TABLE_STEPS * 2**(h - 14.5), for total from 1 to 2**31 - 1."""
    build = state.build
    mantissa, even = _normalise_leading(state, total, even=True)
    middle = 1 << 30
    index = rescale(
        build, build.binary("SUB", mantissa, _number(state, middle, total)), DType.INT16, np.array([2.0**-15])
    )
    knots = (KNOTS * 2.0**15 + middle) / (1 << 29)
    root = look_up(build, index, np.rint(ENTRY / np.sqrt(np.maximum(knots, 1.0))))
    return root, build.binary("LOGICAL_RIGHT_SHIFT", even, _number(state, 1, total))


def _move_left(state: LoweringState, table: str, shift: str, least: float, exponent: float) -> tuple[str, float]:
    """table / _TABLE_STEPS * 2**(shift - exponent) as int32, and its step, exact down to arguments of `least`."""
    greatest = int(np.clip(math.ceil(exponent - math.log2(max(least, 1.0))) + 1, 0, _WORD_BITS))
    limited = state.build.binary("MINIMUM", shift, _number(state, greatest, shift))
    power = state.build.binary("LOGICAL_LEFT_SHIFT", _number(state, 1, shift), limited)
    lost = max(0, greatest - (_WORD_BITS - 22))
    tensor = state.build.multiply(table, power, lost)
    return tensor, 2.0**lost / _TABLE_STEPS * 2.0**-exponent


def power(state: LoweringState, value: RealValue, exponent: float, reach: float | None = None) -> RealValue:
    """x ** exponent: a table of int8, products for small whole exponents, else exp(exponent * log(x)) of positive x.

    `reach` as of exponential.
    """
    if isinstance(value, Int8Value | Tabulated):
        root = value.root if isinstance(value, Tabulated) else value.tensor
        with np.errstate(all="ignore"):
            return Tabulated(root=root, real=np.power(value.real, np.float32(exponent)))
    wide = to_int32(state.build, value)
    if exponent in range(1, _LARGEST_POWER + 1):
        return _multiply_out(state, wide, int(exponent))
    if exponent == -1.0:
        return reciprocal(state, wide, reach)
    if exponent == -0.5:
        return inverse_root(state, wide, reach)
    scaled = logarithm(state, wide)
    signs = np.full((1,) * len(wide.shape), np.sign(exponent))
    tensor = (
        scaled.tensor if exponent > 0 else state.build.multiply(scaled.tensor, state.build.constant(signs, DType.INT32))
    )
    raised = replace(scaled, tensor=tensor, scale=scaled.scale * abs(exponent))
    return exponential(state, raised, find_reach(wide) ** exponent if exponent > 0 else reach)


def _multiply_out(state: LoweringState, value: Int32Value, exponent: int) -> Int32Value:
    result = value
    for _ in range(exponent - 1):
        result = multiply(state.build, result, value)
    return result
