"""CLAMP and TABLE: activation functions by limits and by lookup."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chipsmith import numerics
from chipsmith.tosa.graph import DType
from chipsmith.tosa.operators.row import NAN_MODE, Operand, Operation, OperatorRow, Values, integer, shape_of

_INT8_ENTRIES = 256


def limits_are_ordered(operation: Operation) -> bool:
    """The limits fit int8, and the lower one is not above the upper one."""
    low, high = operation.integer("min_val"), operation.integer("max_val")
    return numerics.lowest(8) <= low <= high <= numerics.highest(8)


def table_has_its_size(operation: Operation) -> bool:
    """The table has 256 entries for int8, 513 for int16."""
    entries = _INT8_ENTRIES if operation.dtype("input1") is DType.INT8 else numerics.TABLE_INT16_ENTRIES
    return operation.shape("table") == (entries,)


def slopes_fit_int16(operation: Operation) -> bool:
    """Neighbouring entries of an int16 table differ by no more than int16 holds."""
    if operation.dtype("input1") is DType.INT8:
        return True
    slopes = np.diff(operation.constants["table"].astype(np.int64))
    return bool(np.array_equal(slopes, numerics.saturate(slopes, bits=16)))


def _clamp(operation: Operation, values: Sequence[Values]) -> Values:
    return np.clip(values[0], np.int8(operation.integer("min_val")), np.int8(operation.integer("max_val")))


def _look_up(operation: Operation, values: Sequence[Values]) -> Values:
    table = operation.constants["table"]
    if operation.dtype("input1") is DType.INT8:
        return np.take(table, values[0].astype(np.int16) + 128)
    return numerics.lookup_int16(table, values[0]).astype(np.int32)


CLAMP = OperatorRow(
    kind="CLAMP",
    chapter="Activation functions",
    summary="The nearest value between two limits.",
    inputs=(Operand(name="input", type_name="in_out_t"),),
    output=Operand(name="output", type_name="in_out_t"),
    types=({"in_out_t": DType.INT8},),
    attributes=(integer("min_val"), integer("max_val"), NAN_MODE),
    constraints=(limits_are_ordered,),
    shape=shape_of("input"),
    meaning=_clamp,
)
TABLE = OperatorRow(
    kind="TABLE",
    chapter="Elementwise binary operators",
    summary="Lookup of each element; int16 entries are interpolated with 7 fractional bits.",
    inputs=(
        Operand(name="input1", type_name="in_t"),
        Operand(name="table", type_name="table_t", min_rank=1, max_rank=1, compile_time=True),
    ),
    output=Operand(name="output", type_name="out_t"),
    types=(
        {"in_t": DType.INT8, "table_t": DType.INT8, "out_t": DType.INT8},
        {"in_t": DType.INT16, "table_t": DType.INT16, "out_t": DType.INT32},
    ),
    constraints=(table_has_its_size, slopes_fit_int16),
    shape=shape_of("input1"),
    meaning=_look_up,
)

ROWS = (CLAMP, TABLE)
