"""Comparisons, and SELECT that chooses by their outcome."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from chipsmith.tosa.graph import DType
from chipsmith.tosa.operators.elementwise import binary_row, broadcast_shape, shapes_broadcast
from chipsmith.tosa.operators.row import Operand, Operation, OperatorRow, Values

_TYPES = ({"in_t": DType.INT32, "out_t": DType.BOOL},)


def _comparison(kind: str, summary: str, function: Callable[[Values, Values], Values]) -> OperatorRow:
    def meaning(operation: Operation, values: Sequence[Values]) -> Values:
        del operation
        return function(values[0], values[1])

    return binary_row(
        kind=kind,
        chapter="Comparison operators",
        summary=summary,
        types=_TYPES,
        meaning=meaning,
        operand_type="in_t",
        output_type="out_t",
    )


def _select(operation: Operation, values: Sequence[Values]) -> Values:
    del operation
    return np.where(values[0], values[1], values[2])


EQUAL = _comparison("EQUAL", "Whether both are equal.", np.equal)
GREATER = _comparison("GREATER", "Whether the first is greater.", np.greater)
GREATER_EQUAL = _comparison("GREATER_EQUAL", "Whether the first is greater or equal.", np.greater_equal)
SELECT = OperatorRow(
    kind="SELECT",
    chapter="Elementwise ternary operators",
    summary="The second operand where the first is true, else the third.",
    inputs=(
        Operand(name="input1", type_name="bool_t"),
        Operand(name="input2", type_name="in_out_t"),
        Operand(name="input3", type_name="in_out_t"),
    ),
    output=Operand(name="output", type_name="in_out_t"),
    types=tuple({"in_out_t": dtype} for dtype in (DType.BOOL, DType.INT8, DType.INT16, DType.INT32)),
    constraints=(shapes_broadcast,),
    shape=broadcast_shape,
    meaning=_select,
)

ROWS = (EQUAL, GREATER, GREATER_EQUAL, SELECT)
