"""The C expression of each element-wise operator, with the range that its values stay in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from chipsmith import numerics
from chipsmith.codegen.ctext import literal, sum_text
from chipsmith.tosa.graph import DType
from chipsmith.tosa.operators.conversion import input_zero_point, output_zero_point
from chipsmith.tosa.operators.elementwise import BITS
from chipsmith.tosa.operators.row import Operation

_INT32 = (numerics.lowest(32), numerics.highest(32))
HIGH_SHIFT = 33
"""The least shift at which the lower half of a product of 64 bits decides nothing."""
_FIRST_ROUNDING = 31
Range = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Value:
    """An element: its C expression, an int32 or narrower, and the least and greatest that it can be."""

    text: str
    low: int
    high: int


Values = Sequence[Value]
Expression = Callable[[Operation, Values], Value]


def range_of(dtype: DType) -> Range:
    """The least and the greatest value of a type."""
    if dtype is DType.BOOL:
        return 0, 1
    return numerics.lowest(BITS[dtype]), numerics.highest(BITS[dtype])


def constant_value(value: int) -> Value:
    """A literal."""
    return Value(text=literal(value), low=value, high=value)


def _whole(operation: Operation, text: str) -> Value:
    low, high = range_of(operation.output.dtype)
    return Value(text=text, low=low, high=high)


def _fits(bounds: Range) -> bool:
    return _INT32[0] <= bounds[0] and bounds[1] <= _INT32[1]


def _wrapped(plain: str, wrapping: str, bounds: Range) -> Value:
    """Plain arithmetic where it cannot overflow, else the function that wraps."""
    if _fits(bounds):
        return Value(text=plain, low=bounds[0], high=bounds[1])
    return Value(text=wrapping, low=_INT32[0], high=_INT32[1])


def _add(_: Operation, values: Values) -> Value:
    a, b = values
    return _wrapped(f"{a.text} + {b.text}", f"wrap_add({a.text}, {b.text})", (a.low + b.low, a.high + b.high))


def _subtract(_: Operation, values: Values) -> Value:
    a, b = values
    return _wrapped(f"{a.text} - {b.text}", f"wrap_subtract({a.text}, {b.text})", (a.low - b.high, a.high - b.low))


def _product_range(a: Value, b: Value) -> Range:
    corners = [x * y for x in (a.low, a.high) for y in (b.low, b.high)]
    return min(corners), max(corners)


def _multiply(operation: Operation, values: Values) -> Value:
    a, b = values[:2]
    shift, bounds = operation.value("shift"), _product_range(*values[:2])
    if not shift:
        return _wrapped(f"{a.text} * {b.text}", f"wrap_multiply({a.text}, {b.text})", bounds)
    text = f"multiply_and_shift({a.text}, {b.text}, {shift})"
    shifted = (bounds[0] >> shift, (bounds[1] >> shift) + 1)
    low, high = shifted if _fits(shifted) else _INT32
    return Value(text=text, low=low, high=high)


def _extreme(sign: str) -> Expression:
    def expression(_: Operation, values: Values) -> Value:
        a, b = values
        if a == b:
            return a
        choose = max if sign == ">" else min
        text = f"{a.text} {sign} {b.text} ? {a.text} : {b.text}"
        return Value(text=text, low=choose(a.low, b.low), high=choose(a.high, b.high))

    return expression


def _infix(sign: str) -> Expression:
    """An operator of C that gives its operands' type."""

    def expression(operation: Operation, values: Values) -> Value:
        return _whole(operation, f"{values[0].text} {sign} {values[1].text}")

    return expression


def _call(function: str) -> Expression:
    """A function of the library that gives an int32."""

    def expression(operation: Operation, values: Values) -> Value:
        return _whole(operation, f"{function}({', '.join(value.text for value in values)})")

    return expression


def _arithmetic_right_shift(operation: Operation, values: Values) -> Value:
    function = "shift_right_rounding" if operation.flag("round") else "shift_right"
    value = values[0]
    text = f"{function}({value.text}, {values[1].text})"
    return Value(text=text, low=min(value.low, 0), high=max(value.high, 0))


def _logical_left_shift(operation: Operation, values: Values) -> Value:
    return _truncated(operation, f"shift_left({values[0].text}, {values[1].text})")


def _logical_right_shift(operation: Operation, values: Values) -> Value:
    bits = BITS[operation.output.dtype]
    return _truncated(operation, f"shift_right_logical((uint{bits}_t){_operand(values[0])}, {values[1].text})")


def _truncated(operation: Operation, text: str) -> Value:
    """The low bits of an expression, as the output's type."""
    return _whole(operation, f"(int{BITS[operation.output.dtype]}_t){text}")


def _operand(value: Value) -> str:
    """An expression that binds as strongly as a cast's operand must."""
    return value.text if value.text.replace("_", "").isalnum() else f"({value.text})"


def _absolute(_: Operation, values: Values) -> Value:
    value = values[0]
    high = max(abs(value.low), abs(value.high))
    negated = f"wrap_subtract(0, {value.text})" if high > _INT32[1] else f"-{_operand(value)}"
    text = f"{value.text} < 0 ? {negated} : {value.text}"
    return Value(text=text, low=0, high=high) if high <= _INT32[1] else Value(text=text, low=_INT32[0], high=_INT32[1])


def _bitwise_not(operation: Operation, values: Values) -> Value:
    return _whole(operation, f"~{_operand(values[0])}")


def _logical_not(operation: Operation, values: Values) -> Value:
    return _whole(operation, f"{values[0].text} ^ 1")


def _negate(operation: Operation, values: Values) -> Value:
    value, total = values[0], operation.value("input1_zp") + operation.value("output_zp")
    bounds = (total - value.high, total - value.low)
    wide = _wrapped(f"{literal(total)} - {value.text}", f"wrap_subtract({literal(total)}, {value.text})", bounds)
    return _saturated(wide, range_of(operation.output.dtype))


def _saturated(value: Value, limits: Range) -> Value:
    """An int32 cut off at the limits, where it can pass them."""
    if limits[0] <= value.low and value.high <= limits[1]:
        return value
    text = f"clamp32({value.text}, {literal(limits[0])}, {literal(limits[1])})"
    return Value(
        text=text, low=max(limits[0], min(value.low, limits[1])), high=min(limits[1], max(value.high, limits[0]))
    )


def _clamp(operation: Operation, values: Values) -> Value:
    return _saturated(values[0], (operation.integer("min_val"), operation.integer("max_val")))


def _cast(operation: Operation, values: Values) -> Value:
    value, limits = values[0], range_of(operation.output.dtype)
    if operation.output.dtype is DType.BOOL:
        return Value(text=f"{value.text} != 0", low=0, high=1)
    if limits[0] <= value.low and value.high <= limits[1]:
        return value
    return _truncated(operation, _operand(value))


def _compare(sign: str) -> Expression:
    """A comparison; what is compared with itself has its outcome, of which compilers would warn."""

    def expression(_: Operation, values: Values) -> Value:
        if values[0] == values[1]:
            return constant_value(int("=" in sign))
        return Value(text=f"{values[0].text} {sign} {values[1].text}", low=0, high=1)

    return expression


def _select(_: Operation, values: Values) -> Value:
    condition, a, b = values
    text = f"{condition.text} ? {a.text} : {b.text}"
    return Value(text=text, low=min(a.low, b.low), high=max(a.high, b.high))


def _look_up(operation: Operation, values: Values) -> Value:
    """The table stands among the values by the name of its array."""
    value, table = values
    if operation.dtype("input1") is DType.INT8:
        return _whole(operation, f"{table.text}[{value.text} + 128]")
    return Value(text=f"look_up_int16({table.text}, {value.text})", low=-(1 << 22) - (1 << 22), high=1 << 23)


def _identity(_: Operation, values: Values) -> Value:
    return values[0]


def _rescale(operation: Operation, values: Values) -> Value:
    """The multiplier and shift are values too: literals, or elements of arrays of a scale for each channel."""
    value, multiplier, shift = values[:3]
    limits = _output_limits(operation)
    text, bounds = _centred(operation, value)
    scaled = _scaled(operation, Value(text=text, low=bounds[0], high=bounds[1]), multiplier, shift)
    shifted = _plus(scaled, output_zero_point(operation))
    if _fits((shifted.low, shifted.high)):
        return _signed(operation, _saturated(shifted, limits))
    clamped = f"clamp64({shifted.text}, {literal(limits[0])}, {literal(limits[1])})"
    return _signed(operation, Value(text=clamped, low=limits[0], high=limits[1]))


def _scaled(operation: Operation, value: Value, multiplier: Value, shift: Value) -> Value:
    """By the function of the library that does least: an int32 where it fits, otherwise an int64."""
    mode = "double" if operation.name("rounding_mode") == "DOUBLE_ROUND" else "single"
    low, high = _scaled_range((value.low, value.high), multiplier, shift)
    function = f"scale_{mode}"
    if _fits((value.low, value.high)) and shift.low >= HIGH_SHIFT:
        function = f"scale_{mode}_high"
    elif _fits((value.low, value.high)) and _fits((low, high)):
        # The first rounding of DOUBLE_ROUND is at bit 31: shifts up to that have the second alone.
        is_low = shift.high <= (_FIRST_ROUNDING if mode == "double" else HIGH_SHIFT - 1)
        function = "scale_single_low" if is_low else f"(int32_t)scale_{mode}"
    return Value(text=f"{function}({value.text}, {multiplier.text}, {shift.text})", low=low, high=high)


def _plus(value: Value, addend: int) -> Value:
    return Value(text=sum_text(value.text, addend), low=value.low + addend, high=value.high + addend)


def _output_limits(operation: Operation) -> Range:
    low, high = range_of(operation.output.dtype)
    return (0, high - low) if operation.flag("output_unsigned") else (low, high)


def _signed(operation: Operation, value: Value) -> Value:
    """An unsigned result as the bits of the signed type that holds it."""
    return _truncated(operation, _operand(value)) if operation.flag("output_unsigned") else value


def _centred(operation: Operation, value: Value) -> tuple[str, Range]:
    text, low, high = value.text, value.low, value.high
    if operation.flag("input_unsigned"):
        bits = BITS[operation.dtype("input")]
        text, low, high = f"(uint{bits}_t){_operand(value)}", 0, (1 << bits) - 1
    zero_point = input_zero_point(operation)
    return sum_text(text, -zero_point), (low - zero_point, high - zero_point)


def _scaled_range(bounds: Range, multiplier: Value, shift: Value) -> Range:
    """Bounds of the scaled value; each rounding adds at most one."""
    factors = [factor / 2**amount for factor in (multiplier.low, multiplier.high) for amount in (shift.low, shift.high)]
    corners = [bound * factor for bound in bounds for factor in factors]
    return int(min(corners)) - 2, int(max(corners)) + 2


EXPRESSIONS: Mapping[str, Expression] = {
    "ABS": _absolute,
    "ADD": _add,
    "ARITHMETIC_RIGHT_SHIFT": _arithmetic_right_shift,
    "BITWISE_AND": _infix("&"),
    "BITWISE_NOT": _bitwise_not,
    "BITWISE_OR": _infix("|"),
    "BITWISE_XOR": _infix("^"),
    "CAST": _cast,
    "CLAMP": _clamp,
    "CLZ": _call("count_leading_zeros"),
    "EQUAL": _compare("=="),
    "GREATER": _compare(">"),
    "GREATER_EQUAL": _compare(">="),
    "INTDIV": _call("divide"),
    "LOGICAL_AND": _infix("&"),
    "LOGICAL_LEFT_SHIFT": _logical_left_shift,
    "LOGICAL_NOT": _logical_not,
    "LOGICAL_OR": _infix("|"),
    "LOGICAL_RIGHT_SHIFT": _logical_right_shift,
    "LOGICAL_XOR": _infix("^"),
    "MAXIMUM": _extreme(">"),
    "MINIMUM": _extreme("<"),
    "MUL": _multiply,
    "NEGATE": _negate,
    "RESCALE": _rescale,
    "SELECT": _select,
    "SUB": _subtract,
    "TABLE": _look_up,
}
"""The expression of each operator that works element by element; values stand in the order of its inputs."""
