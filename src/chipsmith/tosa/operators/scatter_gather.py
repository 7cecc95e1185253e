"""GATHER and SCATTER: elements moved by computed indices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.tosa.graph import DType
from chipsmith.tosa.operators.row import Operand, Operation, OperatorRow, Shape, Values, shape_of

_CHAPTER = "Scatter and gather operators"
_TYPES = tuple({"in_out_t": dtype} for dtype in (DType.INT8, DType.INT16, DType.INT32))


def gather_shapes_agree(operation: Operation) -> bool:
    """Values (N, K, C) and indices (N, W) have the same N."""
    return operation.shape("values")[0] == operation.shape("indices")[0]


def scatter_shapes_agree(operation: Operation) -> bool:
    """Values (N, K, C), indices (N, W) and input (N, W, C) have the same N, W and C, and W is at most K."""
    batch, rows, channels = operation.shape("values_in")
    return operation.shape("input") == (*operation.shape("indices"), channels) and (
        operation.shape("indices")[0] == batch and operation.shape("indices")[1] <= rows
    )


def _gather_shape(operation: Operation) -> Shape:
    return (*operation.shape("indices"), operation.shape("values")[2])


def _gather(operation: Operation, values: Sequence[Values]) -> Values:
    source, indices = _spread(values[0], values[1])
    _check_indices(operation, indices, source.shape[2])
    return np.take_along_axis(source, indices[..., None], axis=2)


def _scatter(operation: Operation, values: Sequence[Values]) -> Values:
    target, indices, source = _spread(*values)
    _check_indices(operation, indices, target.shape[2])
    out = target.copy()
    np.put_along_axis(out, indices[..., None], source, axis=2)
    return out


def _spread(*values: Values) -> list[Values]:
    """The arrays with as many inferences as the longest."""
    inferences = max(len(array) for array in values)
    return [np.broadcast_to(array, (inferences, *array.shape[1:])) for array in values]


def _check_indices(operation: Operation, indices: Values, rows: int) -> None:
    low, high = int(indices.min()), int(indices.max())
    if low < 0 or high >= rows:
        wrong = low if low < 0 else high
        operator = operation.operator
        raise BadInput(f"{operator.kind} '{operator.name}': index {wrong} is outside of 0 to {rows - 1}")


GATHER = OperatorRow(
    kind="GATHER",
    chapter=_CHAPTER,
    summary="Rows of (N, K, C) chosen by indices (N, W).",
    inputs=(
        Operand(name="values", type_name="in_out_t", min_rank=3, max_rank=3),
        Operand(name="indices", type_name="i32_t", min_rank=2, max_rank=2),
    ),
    output=Operand(name="output", type_name="in_out_t", min_rank=3, max_rank=3),
    types=_TYPES,
    constraints=(gather_shapes_agree,),
    shape=_gather_shape,
    meaning=_gather,
)
SCATTER = OperatorRow(
    kind="SCATTER",
    chapter=_CHAPTER,
    summary="(N, K, C) with the rows at indices (N, W) replaced.",
    inputs=(
        Operand(name="values_in", type_name="in_out_t", min_rank=3, max_rank=3),
        Operand(name="indices", type_name="i32_t", min_rank=2, max_rank=2),
        Operand(name="input", type_name="in_out_t", min_rank=3, max_rank=3),
    ),
    output=Operand(name="values_out", type_name="in_out_t", min_rank=3, max_rank=3),
    types=_TYPES,
    constraints=(scatter_shapes_agree,),
    shape=shape_of("values_in"),
    meaning=_scatter,
)

ROWS = (GATHER, SCATTER)
