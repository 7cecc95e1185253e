"""Comparisons, logic, and conversion between reals, integers and masks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from chipsmith.quantisation.lower.arithmetic import clamp, to_common_scale
from chipsmith.quantisation.lower.rescale import FINE, find_reach, look_up, to_int32, to_scale
from chipsmith.quantisation.lower.state import Handler, LoweringState
from chipsmith.quantisation.lower.tables import tabulate
from chipsmith.quantisation.lower.values import (
    ConstantValue,
    IndexValue,
    Int8Value,
    Int16Value,
    Int32Value,
    MaskValue,
    Tabulated,
    Value,
)
from chipsmith.tosa.graph import DType, Operator

_LARGEST_REAL = float(1 << 24)
"""Integers up to here are float32 numbers."""
_LARGEST_INDEX = float((1 << 31) - 1)


def to_mask(state: LoweringState, value: Value) -> str:
    """A tensor of bool."""
    if isinstance(value, ConstantValue):
        return state.build.constant(value.data, DType.BOOL)
    if isinstance(value, MaskValue):
        return value.tensor
    assert isinstance(value, Tabulated)
    return state.build.unary("CAST", look_up(state.build, value.root, value.real.astype(np.int64)), DType.BOOL)


def lower_comparison(state: LoweringState, operator: Operator) -> Value:
    """EQUAL, GREATER or GREATER_EQUAL: a table, or int32 at a common scale."""
    table = tabulate(state, operator)
    if table is not None:
        return table
    values = [state.operand(operator, index) for index in range(2)]
    reals = [
        value for value in values if isinstance(value, ConstantValue | Int8Value | Int16Value | Tabulated | Int32Value)
    ]
    if len(reals) < 2:
        raise state.refuse(operator, "it compares real numbers with integers")
    scale = max(find_reach(value) for value in reals) / FINE
    left, right = (to_common_scale(state.build, value, scale) for value in reals)
    return MaskValue(tensor=state.build.binary(operator.kind, left, right, DType.BOOL))


def lower_logic(state: LoweringState, operator: Operator) -> Value:
    """LOGICAL_AND, LOGICAL_OR, LOGICAL_XOR or LOGICAL_NOT."""
    table = tabulate(state, operator)
    if table is not None:
        return table
    masks = tuple(to_mask(state, state.value(name)) for name in operator.inputs)
    return MaskValue(tensor=state.build.emit(operator.kind, masks, state.shape(operator.outputs[0]), DType.BOOL))


def lower_cast(state: LoweringState, operator: Operator) -> Value:
    """CAST: between reals, integers that count, and masks."""
    value, target = state.operand(operator, 0), state.graph.tensors[operator.outputs[0]].dtype
    if isinstance(value, IndexValue):
        return _cast_index(state, value, target)
    if isinstance(value, MaskValue):
        return _cast_mask(state, value.tensor, target)
    table = tabulate(state, operator) if target is not DType.INT32 else None
    if table is not None:
        return table
    if isinstance(value, Tabulated) and value.real.dtype == np.bool_:
        return _cast_mask(state, to_mask(state, value), target)
    real = state.real_operand(operator, 0)
    if target is DType.FP32:
        return real
    if target is DType.BOOL:
        return _differs_from_zero(state, operator)
    if find_reach(real) > FINE:
        real = clamp(to_int32(state.build, real), -FINE, FINE)
    return IndexValue(tensor=to_scale(state.build, real, 1.0), bound=find_reach(real) + 1)


def _cast_index(state: LoweringState, value: IndexValue, target: DType) -> Value:
    """A real of an integer is in the integer's own steps; beyond 2**24 it stays there."""
    build = state.build
    if target is DType.BOOL:
        return MaskValue(tensor=build.unary("CAST", value.tensor, DType.BOOL))
    if target is not DType.FP32:
        return value
    tensor = value.tensor
    ones = (1,) * len(build.shape(tensor))
    for kind, limit in (("MINIMUM", _LARGEST_REAL), ("MAXIMUM", -_LARGEST_REAL)) if value.bound > _LARGEST_REAL else ():
        tensor = build.binary(kind, tensor, build.constant(np.full(ones, limit), DType.INT32))
    bound = np.array([min(value.bound, _LARGEST_REAL)])
    return Int32Value(tensor=tensor, shape=build.shape(tensor), scale=np.ones(1), bound=bound)


def _cast_mask(state: LoweringState, mask: str, target: DType) -> Value:
    if target is DType.BOOL:
        return MaskValue(tensor=mask)
    tensor = state.build.unary("CAST", mask, DType.INT32)
    if target is not DType.FP32:
        return IndexValue(tensor=tensor, bound=1.0)
    return Int32Value(tensor=tensor, shape=state.build.shape(tensor), scale=np.ones(1), bound=np.ones(1))


def _differs_from_zero(state: LoweringState, operator: Operator) -> MaskValue:
    real = state.real_operand(operator, 0)
    wide = to_scale(state.build, real, find_reach(real) / FINE)
    return MaskValue(tensor=state.build.unary("CAST", wide, DType.BOOL))


def lower_integers(state: LoweringState, operator: Operator) -> Value | None:
    """An operator of the network's own integers and masks as it is; None where it reads or gives reals."""
    types = [state.graph.tensors[name].dtype for name in (*operator.inputs, *operator.outputs)]
    if DType.FP32 in types or operator.kind not in _OF_INTEGERS:
        return None
    tensors = tuple(_as_tensor(state, name) for name in operator.inputs)
    tensor = state.build.emit(operator.kind, tensors, state.shape(operator.outputs[0]), types[-1], operator.attributes)
    return (
        MaskValue(tensor=tensor)
        if types[-1] is DType.BOOL
        else IndexValue(tensor=tensor, bound=_bound(state, operator))
    )


_OF_INTEGERS = frozenset(
    (
        *("ADD", "SUB", "MUL", "INTDIV", "MAXIMUM", "MINIMUM", "ABS", "NEGATE", "EQUAL", "GREATER", "GREATER_EQUAL"),
        *("REDUCE_SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_ALL", "REDUCE_ANY", "BITWISE_AND", "BITWISE_OR", "CLZ"),
        *("BITWISE_XOR", "BITWISE_NOT", "ARITHMETIC_RIGHT_SHIFT", "LOGICAL_LEFT_SHIFT", "LOGICAL_RIGHT_SHIFT"),
    )
)
"""Operators of integers that the chip has in the same form."""


def _as_tensor(state: LoweringState, name: str) -> str:
    value = state.value(name)
    if isinstance(value, ConstantValue):
        return state.build.constant(value.data, state.graph.tensors[name].dtype)
    if isinstance(value, IndexValue):
        return value.tensor
    return to_mask(state, value)


def _bound(state: LoweringState, operator: Operator) -> float:
    """The greatest magnitude of a sum, difference, product or choice of integers; of others that of int32."""
    bounds = [_bound_of(state.value(name)) for name in operator.inputs]
    match operator.kind:
        case "ADD" | "SUB":
            bound = sum(bounds)
        case "MUL":
            bound = bounds[0] * bounds[1]
        case "MAXIMUM" | "MINIMUM" | "ABS" | "REDUCE_MAX" | "REDUCE_MIN" | "NEGATE":
            bound = max(bounds)
        case _:
            bound = _LARGEST_INDEX
    return min(bound, _LARGEST_INDEX)


def _bound_of(value: Value) -> float:
    if isinstance(value, ConstantValue):
        return float(np.abs(value.data.astype(np.float64)).max(initial=0.0))
    return value.bound if isinstance(value, IndexValue) else 1.0


HANDLERS: Mapping[str, Handler] = {
    **dict.fromkeys(("EQUAL", "GREATER", "GREATER_EQUAL"), lower_comparison),
    **dict.fromkeys(("LOGICAL_AND", "LOGICAL_OR", "LOGICAL_XOR", "LOGICAL_NOT"), lower_logic),
    "CAST": lower_cast,
}
