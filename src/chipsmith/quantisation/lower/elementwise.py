"""Element by element: tables of a single tensor, sums, products and limits of several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from chipsmith.quantisation.lower import functions
from chipsmith.quantisation.lower.arithmetic import clamp, combine, multiply, to_common_scale
from chipsmith.quantisation.lower.rescale import (
    FINE,
    apply_limits,
    find_reach,
    lay_out,
    limit_constant,
    shape_of,
    to_int32,
)
from chipsmith.quantisation.lower.state import Handler, LoweringState
from chipsmith.quantisation.lower.tables import tabulate
from chipsmith.quantisation.lower.values import (
    ConstantValue,
    Int8Value,
    Int32Value,
    RealValue,
    Tabulated,
    Value,
)
from chipsmith.quantisation.plan import Reals
from chipsmith.tosa.graph import DType, Operator

_FACTOR = 32767
"""Greatest magnitude of a constant factor that differs by element."""
_FINE_ENOUGH = float(1 << 13)
"""A sum that counts as far as this has steps in which a constant may be rounded."""
_LARGEST_SUM = float(1 << 30)
_MASKED = 64.0
"""So far below all others a masked number is nothing in a softmax."""
_MOST_EXPONENTS = 16


def lower_binary(state: LoweringState, operator: Operator) -> Value:
    """ADD, SUB, MAXIMUM or MINIMUM: a table, or int32 in steps far below those of any int8 scale."""
    table = tabulate(state, operator)
    if table is not None:
        return table
    left, right = _real_or_constant(state, operator, 0), _real_or_constant(state, operator, 1)
    left, right = (limit_masking(state, operator, *pair) for pair in ((left, right), (right, left)))
    added = _add_constant(state, operator, left, right)
    return combine(state.build, operator.kind, left, right) if added is None else added


def _real_or_constant(state: LoweringState, operator: Operator, index: int) -> RealValue | ConstantValue:
    value = state.operand(operator, index)
    return value if isinstance(value, ConstantValue) else state.real_operand(operator, index)


def _add_constant(
    state: LoweringState, operator: Operator, left: RealValue | ConstantValue, right: RealValue | ConstantValue
) -> Int32Value | None:
    """A constant in the steps of a sum that are fine enough, for each channel its own; None where it does not fit."""
    if operator.kind not in ("ADD", "SUB") or not isinstance(right, ConstantValue):
        if operator.kind != "ADD" or not isinstance(left, ConstantValue):
            return None
        left, right = right, left
    if not isinstance(left, Int32Value) or not isinstance(right, ConstantValue):
        return None
    wide = lay_out(state.build, apply_limits(state.build, left))
    steps = np.rint(limit_constant(right.data) / wide.scale)
    shape = np.broadcast_shapes(wide.shape, right.data.shape)
    bound = wide.bound + float(np.abs(steps).max())
    if wide.bound.max() < _FINE_ENOUGH or bound.max() > _LARGEST_SUM or (wide.scale.size > 1 and wide.shape != shape):
        return None
    tensor = state.build.binary(operator.kind, wide.tensor, state.build.constant(steps, DType.INT32))
    return replace(wide, tensor=tensor, shape=shape, bound=bound)


def limit_masking(
    state: LoweringState, operator: Operator, value: RealValue | ConstantValue, other: RealValue | ConstantValue
) -> RealValue | ConstantValue:
    """A constant, cut off where the result is beyond its planned range whatever the other value is.

    So a mask of minus a thousand million costs the values beside it no resolution. Where the plan has no range,
    infinities alone are cut off, so far out that a softmax has nothing of them.
    """
    if not isinstance(value, ConstantValue):
        return value
    planned_reach = state.planned_reach(operator)
    reach = find_reach(other) + (_MASKED if planned_reach is None else planned_reach)
    if planned_reach is None:
        reach = max(reach, find_reach(value))
    return replace(value, data=np.clip(value.data.astype(np.float64), -reach, reach))


def lower_multiply(state: LoweringState, operator: Operator) -> Value:
    """A table, another scale, or the product of integers."""
    table = tabulate(state, operator)
    if table is not None:
        return table
    left, right = _real_or_constant(state, operator, 0), _real_or_constant(state, operator, 1)
    if isinstance(left, ConstantValue):
        left, right = right, left
    assert not isinstance(left, ConstantValue)
    if isinstance(right, ConstantValue):
        return _scale_by_constant(state, left, right, state.shape(operator.outputs[0]))
    return multiply(state.build, to_int32(state.build, left), to_int32(state.build, right))


def _scale_by_constant(
    state: LoweringState, value: RealValue, factor: ConstantValue, shape: tuple[int, ...]
) -> Int32Value:
    """By another scale where the factor is the same everywhere or differs by the last axis alone; else a product."""
    data = limit_constant(factor.data)
    wide = value if isinstance(value, Int32Value) else to_int32(state.build, value)
    if data.size == 1:
        return scale_by(state, wide, np.abs(data.reshape(1)), np.sign(data.reshape((1,) * len(wide.shape))))
    if wide.shape == shape and data.size == data.shape[-1] == shape[-1]:
        return scale_by(state, wide, np.abs(data.reshape(-1)), np.sign(data))
    return multiply(state.build, to_int32(state.build, wide), _to_factor(state, data))


def scale_by(state: LoweringState, value: Int32Value, factors: Reals, signs: Reals) -> Int32Value:
    """The value times factors of 0 or more (a single one, or one a channel) and signs, which are -1, 0 or 1."""
    if not factors.any() or (signs != 1).any():
        value = lay_out(state.build, apply_limits(state.build, value))
        value = replace(value, tensor=state.build.multiply(value.tensor, state.build.constant(signs, DType.INT32)))
    used = np.where(factors > 0, factors, max(float(factors.max()), 1e-20))
    if used.size > 1 and np.isfinite([value.low, value.high]).any():
        value = apply_limits(state.build, value)
    low, high = (_limit(limit, used) for limit in (value.low, value.high))
    bound = value.bound * np.ones(used.size) if used.size > 1 else value.bound
    return replace(value, scale=value.scale * used, bound=bound, low=low, high=high)


def _limit(limit: float, factors: Reals) -> float:
    return float(limit * factors[0]) if np.isfinite(limit) else limit


def _to_factor(state: LoweringState, data: Reals) -> Int32Value:
    """A constant factor that differs by element, in 16 bits."""
    scale = max(float(np.abs(data).max()), 1e-30) / _FACTOR
    tensor = state.build.constant(np.rint(data / scale), DType.INT32)
    return Int32Value(tensor=tensor, shape=data.shape, scale=np.array([scale]), bound=np.array([float(_FACTOR)]))


def lower_clamp(state: LoweringState, operator: Operator) -> Value:
    """A table, or limits that wait for the rounding behind."""
    table = tabulate(state, operator)
    if table is not None:
        return table
    value = state.real_operand(operator, 0)
    low, high = (state.number(operator, name) for name in ("min_val", "max_val"))
    return clamp(value if isinstance(value, Int32Value) else to_int32(state.build, value), low, high)


def lower_absolute(state: LoweringState, operator: Operator) -> Value:
    """A table, or ABS of int32."""
    table = tabulate(state, operator)
    if table is not None:
        return table
    wide = state.real_operand(operator, 0)
    plain = to_int32(state.build, wide)
    return replace(plain, tensor=state.build.unary("ABS", plain.tensor))


def lower_negate(state: LoweringState, operator: Operator) -> Value:
    """A product with -1."""
    value = state.real_operand(operator, 0)
    if isinstance(value, Int8Value | Tabulated):
        return Tabulated(root=value.root if isinstance(value, Tabulated) else value.tensor, real=-value.real)
    ones = (1,) * len(shape_of(state.build, value))
    return scale_by(state, to_int32(state.build, value), np.ones(1), np.full(ones, -1.0))


def lower_function(state: LoweringState, operator: Operator) -> Value:
    """A table of an int8 or int16 tensor; of int32 as functions.py has it."""
    table = tabulate(state, operator)
    if table is not None:
        return table
    return functions.apply(state, operator, state.real_operand(operator, 0))


def lower_power(state: LoweringState, operator: Operator) -> Value:
    """A table where the exponent is a number; for several constant ones a table each; else exp(y * log(x))."""
    table = tabulate(state, operator)
    if table is not None:
        return table
    base, exponent = _real_or_constant(state, operator, 0), _real_or_constant(state, operator, 1)
    if isinstance(exponent, ConstantValue) and not isinstance(base, ConstantValue):
        return _raise_to_constants(state, operator, base, exponent.data.astype(np.float64))
    if isinstance(base, ConstantValue):
        if (base.data <= 0).any():
            raise state.refuse(operator, "a base that is not positive, to a computed power, is not held")
        logarithm: Int32Value = _to_factor(state, np.log(base.data.astype(np.float64)))
    else:
        logarithm = functions.logarithm(state, to_int32(state.build, base))
    assert not isinstance(exponent, ConstantValue)
    product = multiply(state.build, to_int32(state.build, exponent), logarithm)
    greatest = max(find_reach(base), 1.0) ** find_reach(exponent)
    return functions.exponential(state, product, state.planned_reach(operator) or greatest)


def _raise_to_constants(state: LoweringState, operator: Operator, base: RealValue, exponents: Reals) -> Value:
    distinct, reach = np.unique(exponents), state.planned_reach(operator)
    if len(distinct) > _MOST_EXPONENTS:
        raise state.refuse(operator, f"{len(distinct)} different exponents are not held; {_MOST_EXPONENTS} are")
    if len(distinct) == 1 and exponents.ndim and shape_of(state.build, base) == state.shape(operator.outputs[0]):
        return functions.power(state, base, float(distinct[0]), reach)
    powers = [functions.power(state, base, float(exponent), reach) for exponent in distinct]
    scale = max(find_reach(value) for value in powers) / FINE
    result = to_common_scale(state.build, powers[0], scale)
    for value, exponent in zip(powers[1:], distinct[1:], strict=True):
        mask = state.build.constant(exponents == exponent, DType.BOOL)
        operands = (mask, to_common_scale(state.build, value, scale), result)
        result = state.build.emit("SELECT", operands, state.shape(operator.outputs[0]), DType.INT32)
    return Int32Value(tensor=result, shape=state.build.shape(result), scale=np.array([scale]), bound=np.array([FINE]))


_FUNCTIONS = (
    *("EXP", "LOG", "RECIPROCAL", "RSQRT", "SIGMOID", "TANH", "ERF"),
    *("SIN", "COS", "CEIL", "FLOOR"),
)
HANDLERS: Mapping[str, Handler] = {
    **dict.fromkeys(("ADD", "SUB", "MAXIMUM", "MINIMUM"), lower_binary),
    "MUL": lower_multiply,
    "CLAMP": lower_clamp,
    "ABS": lower_absolute,
    "NEGATE": lower_negate,
    "POW": lower_power,
    **dict.fromkeys(_FUNCTIONS, lower_function),
}
