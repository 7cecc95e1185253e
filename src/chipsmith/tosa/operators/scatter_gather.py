"""GATHER and SCATTER: elements moved by computed indices.

TOSA leaves undefined what an index outside of the rows does. Here, and on every target, GATHER gives 0 for it and
SCATTER writes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

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


def _gather(_: Operation, values: Sequence[Values]) -> Values:
    source, indices = _spread(values[0], values[1])
    inside = _inside(indices, source.shape[2])
    rows = np.take_along_axis(source, np.where(inside, indices, 0)[..., None], axis=2)
    return np.where(inside[..., None], rows, np.zeros((), rows.dtype))


def _scatter(_: Operation, values: Sequence[Values]) -> Values:
    target, indices, source = _spread(*values)
    rows = target.shape[2]
    spare: Values = np.concatenate([target, target[:, :, :1]], axis=2)  # one more row takes what names none
    np.put_along_axis(spare, np.where(_inside(indices, rows), indices, rows)[..., None], source, axis=2)
    kept: Values = spare[:, :, :rows]
    return kept


def _spread(*values: Values) -> list[Values]:
    """The arrays with as many inferences as the longest."""
    inferences = max(len(array) for array in values)
    return [np.broadcast_to(array, (inferences, *array.shape[1:])) for array in values]


def _inside(indices: Values, rows: int) -> Values:
    """Which indices name a row."""
    inside: Values = np.logical_and(indices >= 0, indices < rows)
    return inside


GATHER = OperatorRow(
    kind="GATHER",
    chapter=_CHAPTER,
    summary="Rows of (N, K, C) chosen by indices (N, W); 0 where an index is outside.",
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
    summary="(N, K, C) with the rows at indices (N, W) replaced; an index outside replaces none.",
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
