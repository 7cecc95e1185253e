"""Handlers of arithmetic, comparisons and logic of tensors that broadcast, and of choices among them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from chipsmith.frontends.forms.elementwise import apply_binary, apply_unary, divide, number
from chipsmith.frontends.forms.functions import square_root
from chipsmith.frontends.forms.integers import divide_integers, take_remainder
from chipsmith.frontends.forms.logic import compare, equal, negate_truth, select
from chipsmith.frontends.forms.values import Const, GraphValue, Value
from chipsmith.frontends.pytorch.calls import AtenCall, AtenHandler, value_type
from chipsmith.frontends.pytorch.conversion import common_type, convert
from chipsmith.tosa.graph import DType

_MOST_FACTORS = 16
"""Powers up to this one are products; so they hold for negative numbers."""


def _read(call: AtenCall, *names: str) -> list[Value]:
    """Operands in the type of the result."""
    return [convert(call.build, call.value(name), call.dtype) for name in names]


def _scaled(call: AtenCall, value: Value, factor_name: str) -> Value:
    """The value times a number of the call's, which is 1 where it is not given."""
    factor = call.operands.get(factor_name, 1)
    if factor == 1:
        return value
    return _combine(call, "MUL", value, Const(values=np.asarray(factor)))


def _combine(call: AtenCall, kind: str, left: Value, right: Value) -> Value:
    """An operator of two values, in the type of the result; of constants it is computed here."""
    if isinstance(left, Const) and isinstance(right, Const):
        return Const(values=left.values * right.values)
    first, second = (convert(call.build, value, call.dtype) for value in (left, right))
    return apply_binary(call.build, kind, first, second)


def add(call: AtenCall) -> Value:
    """self + alpha * other; of truth values, or."""
    left, right = _read(call, "self", "other")
    if call.dtype is DType.BOOL:
        return apply_binary(call.build, "LOGICAL_OR", left, right)
    return apply_binary(call.build, "ADD", left, _scaled(call, right, "alpha"))


def subtract(call: AtenCall) -> GraphValue:
    """self - alpha * other."""
    left, right = _read(call, "self", "other")
    return apply_binary(call.build, "SUB", left, _scaled(call, right, "alpha"))


def subtract_from(call: AtenCall) -> GraphValue:
    """other - alpha * self."""
    left, right = _read(call, "self", "other")
    return apply_binary(call.build, "SUB", right, _scaled(call, left, "alpha"))


def multiply(call: AtenCall) -> GraphValue:
    """self * other; of truth values, and."""
    left, right = _read(call, "self", "other")
    return apply_binary(call.build, "LOGICAL_AND" if call.dtype is DType.BOOL else "MUL", left, right)


def divide_rounding(call: AtenCall) -> Value:
    """self / other, rounded as the author says."""
    mode = "floor" if call.operator == "floor_divide" else call.operands.get("rounding_mode")
    if call.dtype is DType.INT32:
        return _divide_integers(call, towards_zero=mode == "trunc")
    left, right = (convert(call.build, call.value(name), DType.FP32) for name in ("self", "other"))
    quotient = divide(call.build, left, right)
    if mode is None:
        return quotient
    rounded = _floor_quotient(call, quotient, left, right)
    if mode == "trunc":
        rounded = _raise_negative(call, rounded, left, right)
    return rounded


def _divide_integers(call: AtenCall, *, towards_zero: bool) -> GraphValue:
    left, right = _read(call, "self", "other")
    if not towards_zero:
        rest = take_remainder(call.build, left, right, towards_zero=False)
        left = apply_binary(call.build, "SUB", left, rest)
    return divide_integers(call.build, left, right)


def _floor_quotient(call: AtenCall, quotient: GraphValue, left: Value, right: Value) -> GraphValue:
    """The greatest whole number whose product with `right` is not beyond `left`: a quotient may be a rounding off."""
    build = call.build
    nearest = apply_unary(build, "FLOOR", apply_binary(build, "ADD", quotient, number(0.5)))
    rest = apply_binary(build, "SUB", left, apply_binary(build, "MUL", nearest, right))
    signed = apply_binary(build, "MUL", rest, right)
    below = compare(build, "GREATER", number(0), signed)
    lower = apply_binary(build, "SUB", nearest, number(1))
    return select(build, below, lower, nearest)


def _raise_negative(call: AtenCall, floor: GraphValue, left: Value, right: Value) -> GraphValue:
    """The floor of a quotient, or the whole number above it where the quotient is negative and has a fraction."""
    build = call.build
    exact = equal(build, apply_binary(build, "MUL", floor, right), left)
    higher = apply_binary(build, "ADD", floor, number(1))
    negative = compare(build, "GREATER", number(0), floor)
    return select(build, negative, select(build, exact, floor, higher), floor)


def remainder(call: AtenCall) -> Value:
    """What a division leaves, with the divisor's sign (remainder) or the dividend's (fmod)."""
    build = call.build
    left, right = _read(call, "self", "other")
    if call.dtype is DType.INT32:
        return take_remainder(build, left, right, towards_zero=call.operator == "fmod")
    whole = _floor_quotient(call, divide(build, left, right), left, right)
    if call.operator == "fmod":
        whole = _raise_negative(call, whole, left, right)
    return apply_binary(build, "SUB", left, apply_binary(build, "MUL", whole, right))


def power(call: AtenCall) -> Value:
    """self ** exponent."""
    base, exponent = (call.value(name) for name in ("self", "exponent"))
    if isinstance(exponent, Const) and exponent.values.size == 1 and isinstance(base, GraphValue):
        return _power_of(call, call.place_value(convert(call.build, base, call.dtype)), float(exponent.values.item()))
    left, right = _read(call, "self", "exponent")
    return apply_binary(call.build, "POW", left, right)


def _power_of(call: AtenCall, base: GraphValue, exponent: float) -> GraphValue:
    if exponent == 0.5:
        return square_root(call.build, base)
    if exponent.is_integer() and 1 <= abs(exponent) <= _MOST_FACTORS:
        product = _multiply_out(call, base, int(abs(exponent)))
        return product if exponent > 0 else apply_unary(call.build, "RECIPROCAL", product)
    return apply_binary(call.build, "POW", base, number(exponent))


def _multiply_out(call: AtenCall, base: GraphValue, count: int) -> GraphValue:
    if count == 1:
        return base
    half = _multiply_out(call, base, count // 2)
    square = apply_binary(call.build, "MUL", half, half)
    return apply_binary(call.build, "MUL", square, base) if count % 2 else square


def greater_of(call: AtenCall) -> GraphValue:
    """The greater of two."""
    return apply_binary(call.build, "MAXIMUM", *_read(call, "self", "other"))


def less_of(call: AtenCall) -> GraphValue:
    """The less of two."""
    return apply_binary(call.build, "MINIMUM", *_read(call, "self", "other"))


def add_product(call: AtenCall) -> Value:
    """self + value * tensor1 * tensor2, or / tensor2."""
    base, first, second = _read(call, "self", "tensor1", "tensor2")
    product = _combine(call, "MUL", first, second) if call.operator == "addcmul" else divide(call.build, first, second)
    return _combine(call, "ADD", base, _scaled(call, product, "value"))


def interpolate(call: AtenCall) -> GraphValue:
    """self + weight * (end - self)."""
    start, end, weight = _read(call, "self", "end", "weight")
    way = _subtract_constants(call, end, start)
    return apply_binary(call.build, "ADD", start, _combine(call, "MUL", weight, way))


def _subtract_constants(call: AtenCall, left: Value, right: Value) -> Value:
    if isinstance(left, Const) and isinstance(right, Const):
        return Const(values=left.values - right.values)
    return apply_binary(call.build, "SUB", left, right)


def compare_values(call: AtenCall) -> GraphValue:
    """eq, ne, gt, ge, lt or le."""
    values = [call.value(name) for name in ("self", "other")]
    dtype = common_type(call.build, values)
    left, right = (convert(call.build, value, dtype) for value in values)
    match call.operator:
        case "eq":
            return equal(call.build, left, right)
        case "ne" | "not_equal":
            return negate_truth(call.build, equal(call.build, left, right))
    if dtype is DType.BOOL:
        left, right = (convert(call.build, value, DType.INT32) for value in (left, right))
    if call.operator in ("lt", "le"):
        left, right = right, left
    kind = "GREATER" if call.operator in ("gt", "lt") else "GREATER_EQUAL"
    return compare(call.build, kind, left, right)


_LOGIC = {
    "logical_and": "LOGICAL_AND",
    "logical_or": "LOGICAL_OR",
    "logical_xor": "LOGICAL_XOR",
    "bitwise_and": "LOGICAL_AND",
    "bitwise_or": "LOGICAL_OR",
    "bitwise_xor": "LOGICAL_XOR",
    "__and__": "LOGICAL_AND",
    "__or__": "LOGICAL_OR",
    "__xor__": "LOGICAL_XOR",
}


def combine_truths(call: AtenCall) -> GraphValue:
    """And, or, exclusive or of truth values."""
    if call.dtype is not DType.BOOL:
        raise call.refuse("bits of integers are not computed with, only truth values")
    return apply_binary(call.build, _LOGIC[call.operator], *_read(call, "self", "other"))


def negate(call: AtenCall) -> GraphValue:
    """Not, of truth values."""
    if call.dtype is not DType.BOOL:
        raise call.refuse("bits of integers are not computed with, only truth values")
    return negate_truth(call.build, call.place_value(convert(call.build, call.value("self"), DType.BOOL)))


def choose(call: AtenCall) -> GraphValue:
    """self where the condition is true, else other."""
    condition = convert(call.build, call.value("condition"), DType.BOOL)
    return select(call.build, condition, *_read(call, "self", "other"))


def fill_masked(call: AtenCall) -> GraphValue:
    """self, but for a value where the mask is true."""
    condition = convert(call.build, call.value("mask"), DType.BOOL)
    value, otherwise = _read(call, "value", "self")
    return select(call.build, condition, value, otherwise)


def is_not_a_number(call: AtenCall) -> GraphValue:
    """Where a number differs from itself."""
    value = call.computed("self")
    return negate_truth(call.build, equal(call.build, value, value))


def keep_triangle(call: AtenCall) -> GraphValue:
    """The lower or the upper triangle of the last two axes, with zeros in place of the rest."""
    value = call.computed("self")
    triangle = np.tril if call.operator == "tril" else np.triu
    mask = triangle(np.ones(value.shape[-2:], bool), call.integer("diagonal"))
    zero = convert(call.build, Const(values=np.zeros((), np.float32)), value_type(call.build, value))
    return select(call.build, Const(values=mask), value, zero)


HANDLERS: Mapping[str, AtenHandler] = {
    **dict.fromkeys(["sub", "subtract"], subtract),
    **dict.fromkeys(["mul", "multiply"], multiply),
    **dict.fromkeys(["div", "divide", "true_divide", "floor_divide"], divide_rounding),
    **dict.fromkeys(["remainder", "fmod"], remainder),
    **dict.fromkeys(["maximum", "fmax"], greater_of),
    **dict.fromkeys(["minimum", "fmin"], less_of),
    **dict.fromkeys(["addcmul", "addcdiv"], add_product),
    **dict.fromkeys(["eq", "ne", "not_equal", "gt", "ge", "lt", "le"], compare_values),
    **dict.fromkeys(_LOGIC, combine_truths),
    **dict.fromkeys(["logical_not", "bitwise_not"], negate),
    **dict.fromkeys(["tril", "triu"], keep_triangle),
    "add": add,
    "rsub": subtract_from,
    "pow": power,
    "lerp": interpolate,
    "where": choose,
    "masked_fill": fill_masked,
    "isnan": is_not_a_number,
}
