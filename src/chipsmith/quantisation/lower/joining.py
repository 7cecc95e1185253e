"""Values of several tensors in a tensor: CONCAT, PAD, SELECT, GATHER and SCATTER, at a quantisation that suits all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from chipsmith.quantisation.lower.arithmetic import to_common_scale
from chipsmith.quantisation.lower.elementwise import limit_masking
from chipsmith.quantisation.lower.movement import move, narrow_before
from chipsmith.quantisation.lower.rescale import FINE, find_reach, limit_constant, narrow, quantise_reals, to_int32
from chipsmith.quantisation.lower.selection import to_mask
from chipsmith.quantisation.lower.state import Handler, LoweringState
from chipsmith.quantisation.lower.tables import tabulate
from chipsmith.quantisation.lower.values import (
    ConstantValue,
    IndexValue,
    Int8Value,
    Int16Value,
    Int32Value,
    MaskValue,
    RealValue,
    Tabulated,
    Value,
    quantisation_of,
)
from chipsmith.quantisation.plan import INT8_WIDTH, Quantisation
from chipsmith.quantisation.ranges import ValueRange, cover_range
from chipsmith.tosa.builder import GraphBuilder
from chipsmith.tosa.graph import DType, Operator

_MOST_JOINED = 64
_EXACT = 1e-3
"""A constant this near to a step, in steps, is that step."""


def lower_concat(state: LoweringState, operator: Operator) -> Value:
    """CONCAT, of at most 64 tensors at once."""
    values = [state.value(name) for name in operator.inputs]
    axis = operator.axis
    parts, result = _bring_together(state, operator, values)
    while len(parts) > 1:
        groups = [parts[start : start + _MOST_JOINED] for start in range(0, len(parts), _MOST_JOINED)]
        parts = [state.build.concat(group, axis) if len(group) > 1 else group[0] for group in groups]
    return _with_tensor(state, result, parts[0])


def _bring_together(state: LoweringState, operator: Operator, values: Sequence[Value]) -> tuple[list[str], Value]:
    """Tensors of one type and quantisation, and the value that a tensor of these stands for."""
    whole = _bring_integers_together(state, values)
    if whole is not None:
        return whole
    reals = [
        value for value in values if isinstance(value, ConstantValue | Int8Value | Int16Value | Tabulated | Int32Value)
    ]
    if len(reals) < len(values):
        raise state.refuse(operator, "it joins real numbers and integers")
    shared = state.planned(operator.outputs[0]) or _find_shared(reals)
    if shared is not None:
        narrowed = [_narrow_part(state, value, shared) for value in reals]
        return [part.tensor for part in narrowed], narrowed[0]
    scale = max(find_reach(value) for value in reals) / FINE
    tensors = [to_common_scale(state.build, value, scale) for value in reals]
    bound = np.array([FINE + 1])
    return tensors, Int32Value(tensor=tensors[0], shape=(), scale=np.array([scale]), bound=bound)


def _bring_integers_together(state: LoweringState, values: Sequence[Value]) -> tuple[list[str], Value] | None:
    """Indices, or masks; None where the values are real numbers."""
    kinds = {value.data.dtype.kind if isinstance(value, ConstantValue) else _kind_of(value) for value in values}
    if kinds == {"b"}:
        masks = [to_mask(state, value) for value in values]
        return masks, MaskValue(tensor=masks[0])
    if kinds == {"i"}:
        indices = [as_index(state, value) for value in values]
        return [value.tensor for value in indices], replace(indices[0], bound=max(value.bound for value in indices))
    return None


def _kind_of(value: Value) -> str:
    """As numpy names kinds of types."""
    if isinstance(value, MaskValue) or (isinstance(value, Tabulated) and value.real.dtype == np.bool_):
        return "b"
    return "i" if isinstance(value, IndexValue) else "f"


def as_index(state: LoweringState, value: Value) -> IndexValue:
    """Integers of the network, constants too, as a tensor."""
    if isinstance(value, ConstantValue):
        tensor = state.build.constant(value.data, DType.INT32)
        return IndexValue(tensor=tensor, bound=float(np.abs(value.data.astype(np.float64)).max(initial=0.0)))
    assert isinstance(value, IndexValue)
    return value


def _find_shared(values: Sequence[RealValue | ConstantValue]) -> Quantisation | None:
    """The int8 or int16 quantisation that all computed values have and that holds the constants; None without any."""
    computed = [value for value in values if isinstance(value, Int8Value | Int16Value)]
    constants = [value for value in values if isinstance(value, ConstantValue)]
    alike = {replace(value, tensor="") for value in computed}
    if len(alike) != 1 or len(computed) + len(constants) < len(values):
        return None
    shared = quantisation_of(computed[0])
    assert shared is not None
    return shared if all(_holds(shared, constant) for constant in constants) else None


def _holds(quantisation: Quantisation, constant: ConstantValue) -> bool:
    """Whether a constant's values are steps of a quantisation."""
    steps = constant.data.astype(np.float64) / quantisation.scale[0] + quantisation.zero_point[0]
    low, high = quantisation.limits
    return bool(
        (
            np.isfinite(steps)
            & (np.abs(steps - np.rint(steps)) < _EXACT)
            & (steps >= low - _EXACT)
            & (steps <= high + _EXACT)
        ).all()
    )


def _narrow_part(
    state: LoweringState, value: RealValue | ConstantValue, shared: Quantisation
) -> Int8Value | Int16Value:
    if not isinstance(value, ConstantValue):
        return narrow(state.build, value, shared)
    integers = _quantise_constant(value, shared)
    scale, zero_point = float(shared.scale[0]), int(shared.zero_point[0])
    if shared.width == INT8_WIDTH:
        return Int8Value(tensor=state.build.constant(integers, DType.INT8), scale=scale, zero_point=zero_point)
    return Int16Value(tensor=state.build.constant(integers, DType.INT16), scale=scale)


def _quantise_constant(value: ConstantValue, shared: Quantisation) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    scale, zero_point = float(shared.scale[0]), int(shared.zero_point[0])
    if shared.width == INT8_WIDTH:
        return quantise_reals(value.data, scale, zero_point)
    return np.asarray(np.clip(np.rint(value.data.astype(np.float64) / scale), *shared.limits), np.int64)


def _with_tensor(state: LoweringState, value: Value, tensor: str) -> Value:
    if isinstance(value, Int32Value):
        return replace(value, tensor=tensor, shape=state.build.shape(tensor))
    assert isinstance(value, Int8Value | Int16Value | IndexValue | MaskValue)
    return replace(value, tensor=tensor)


def lower_pad(state: LoweringState, operator: Operator) -> Value:
    """PAD by a constant that the plan's range holds, or that the value's steps hold; else in int32."""
    flat = state.integers(operator, 1)
    widths = list(zip(flat[0::2], flat[1::2], strict=True))
    constant = state.operand(operator, 2)
    if not isinstance(constant, ConstantValue):
        raise state.refuse(operator, "the number that it pads with is computed; it must be a constant")
    value = narrow_before(state, operator)
    if isinstance(value, IndexValue | MaskValue):
        return _pad_with(state, value, widths, float(constant.data.reshape(-1)[0]))
    if np.isinf(constant.data).all():
        return _pad_with_extreme(state, operator, widths, float(np.sign(constant.data.reshape(-1)[0])))
    parts, result = _bring_together(state, operator, [value, constant])
    level = state.build.constant_data(parts[1])
    assert level is not None
    return _pad_with(state, _with_tensor(state, result, parts[0]), widths, float(level.reshape(-1)[0]))


def _pad_with(state: LoweringState, value: Value, widths: list[tuple[int, int]], level: float) -> Value:
    return move(state, value, lambda build, tensor: build.pad(tensor, widths, level))


def _pad_with_extreme(state: LoweringState, operator: Operator, widths: list[tuple[int, int]], sign: float) -> Value:
    """Padding that is below, or above, whatever the value may be: what a maximum, or a minimum, leaves out."""
    value = narrow_before(state, operator)
    if isinstance(value, Tabulated | Int16Value):
        value = state.narrow_to_own_range(value)
    if isinstance(value, Int8Value):
        return _pad_with(state, value, widths, 127.5 * sign - 0.5)
    wide = to_int32(state.build, state.real_operand(operator, 0))
    return _pad_with(state, wide, widths, sign * float(wide.bound[0]))


def lower_select(state: LoweringState, operator: Operator) -> Value:
    """SELECT: a table, or two values at a common quantisation."""
    table = tabulate(state, operator)
    if table is not None:
        return table
    mask = to_mask(state, state.operand(operator, 0))
    first, second = state.operand(operator, 1), state.operand(operator, 2)
    values = [_limit(state, operator, *pair) for pair in ((first, second), (second, first))]
    tensors, result = _bring_together(state, operator, values)
    dtype = state.build.dtype(tensors[0])
    shape = state.shape(operator.outputs[0])
    return _with_tensor(state, result, state.build.emit("SELECT", (mask, *tensors), shape, dtype))


def _limit(state: LoweringState, operator: Operator, value: Value, other: Value) -> Value:
    if (
        isinstance(value, ConstantValue)
        and value.data.dtype.kind == "f"
        and not isinstance(other, IndexValue | MaskValue)
    ):
        return limit_masking(state, operator, value, other)
    return value


def lower_gather(state: LoweringState, operator: Operator) -> Value:
    """GATHER of rows; a constant table has the result's quantisation, or the plan's, or that of its own range."""
    values, indices = state.operand(operator, 0), as_index(state, state.operand(operator, 1))
    shape = state.shape(operator.outputs[0])

    def gather(build: GraphBuilder, tensor: str) -> str:
        return build.emit("GATHER", (tensor, indices.tensor), shape, build.dtype(tensor))

    if isinstance(values, ConstantValue):
        return move(state, _read_table(state, operator, values), gather)
    return move(state, narrow_before(state, operator), gather, keeps_channels=True)


def _read_table(state: LoweringState, operator: Operator, table: ConstantValue) -> Value:
    if table.data.dtype.kind == "i":
        return as_index(state, table)
    own = state.plan.tensors.get(table.name)
    shared = state.planned(operator.outputs[0]) or (own if own is not None and own.scale.size == 1 else None)
    if shared is None:
        finite = limit_constant(table.data)
        shared = cover_range(ValueRange(low=float(finite.min()), high=float(finite.max())))
    return _narrow_part(state, table, shared)


def lower_scatter(state: LoweringState, operator: Operator) -> Value:
    """SCATTER: rows of a value replaced by those of another."""
    values, rows = state.operand(operator, 0), state.operand(operator, 2)
    indices = as_index(state, state.operand(operator, 1))
    tensors, result = _bring_together(state, operator, [values, rows])
    shape, dtype = state.shape(operator.outputs[0]), state.build.dtype(tensors[0])
    tensor = state.build.emit("SCATTER", (tensors[0], indices.tensor, tensors[1]), shape, dtype)
    return _with_tensor(state, result, tensor)


HANDLERS: Mapping[str, Handler] = {
    "CONCAT": lower_concat,
    "PAD": lower_pad,
    "SELECT": lower_select,
    "GATHER": lower_gather,
    "SCATTER": lower_scatter,
}
