"""Reductions along one axis, and ARGMAX."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from chipsmith.tosa.graph import DType
from chipsmith.tosa.operators.elementwise import BOOL_TYPES, INT32_TYPES, INT_TYPES
from chipsmith.tosa.operators.row import (
    MAX_RANK,
    NAN_MODE,
    Attribute,
    Operand,
    Operation,
    OperatorRow,
    Shape,
    Values,
    integer,
)
from chipsmith.tosa.operators.rules import axis_is_in_range

_CHAPTER = "Reduction operators"


def _kept_shape(operation: Operation) -> Shape:
    axis, shape = operation.integer("axis"), operation.shape("input")
    return (*shape[:axis], 1, *shape[axis + 1 :])


def _dropped_shape(operation: Operation) -> Shape:
    axis, shape = operation.integer("axis"), operation.shape("input")
    return (*shape[:axis], *shape[axis + 1 :])


def _reduction(
    kind: str,
    summary: str,
    types: Sequence[dict[str, DType]],
    function: Callable[..., Values],
    attributes: tuple[Attribute, ...] = (),
) -> OperatorRow:
    def meaning(operation: Operation, values: Sequence[Values]) -> Values:
        # the axis of the batch of inferences stands in front of the graph's axes
        reduced: Values = function(values[0], axis=operation.integer("axis") + 1, keepdims=True)
        return reduced.astype(operation.output.dtype.numpy)

    return OperatorRow(
        kind=kind,
        chapter=_CHAPTER,
        summary=summary,
        inputs=(Operand(name="input", type_name="in_out_t", min_rank=1),),
        output=Operand(name="output", type_name="in_out_t", min_rank=1),
        types=tuple(types),
        attributes=(integer("axis"), *attributes),
        constraints=(axis_is_in_range,),
        shape=_kept_shape,
        meaning=meaning,
    )


def _first_maximum(operation: Operation, values: Sequence[Values]) -> Values:
    first = np.argmax(values[0], axis=operation.integer("axis") + 1)
    return np.asarray(first, np.int32)


REDUCE_ALL = _reduction("REDUCE_ALL", "Logical and along an axis.", BOOL_TYPES, np.all)
REDUCE_ANY = _reduction("REDUCE_ANY", "Logical or along an axis.", BOOL_TYPES, np.any)
REDUCE_MAX = _reduction("REDUCE_MAX", "Maximum along an axis.", INT_TYPES, np.max, (NAN_MODE,))
REDUCE_MIN = _reduction("REDUCE_MIN", "Minimum along an axis.", INT_TYPES, np.min, (NAN_MODE,))
REDUCE_SUM = _reduction("REDUCE_SUM", "Sum along an axis.", INT32_TYPES, np.sum)
ARGMAX = OperatorRow(
    kind="ARGMAX",
    chapter="Tensor operators",
    summary="Index of the first maximum along an axis, which is dropped.",
    inputs=(Operand(name="input", type_name="in_t", min_rank=1),),
    output=Operand(name="output", type_name="out_t", max_rank=MAX_RANK - 1),
    types=({"in_t": DType.INT8, "out_t": DType.INT32},),
    attributes=(integer("axis"), NAN_MODE),
    constraints=(axis_is_in_range,),
    shape=_dropped_shape,
    meaning=_first_maximum,
)

ROWS = (ARGMAX, REDUCE_ALL, REDUCE_ANY, REDUCE_MAX, REDUCE_MIN, REDUCE_SUM)
