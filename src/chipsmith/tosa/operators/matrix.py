"""MATMUL: products of two computed matrices, in int32."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chipsmith.tosa.graph import DType
from chipsmith.tosa.operators.loops import LoopNest, loop
from chipsmith.tosa.operators.row import Operand, Operation, OperatorRow, Shape, Values
from chipsmith.tosa.operators.rules import zero_points_have_one_element
from chipsmith.tosa.operators.windows import multiply_matrices


def batches_agree(operation: Operation) -> bool:
    """A and B have the same batch size, and A has as many columns as B has rows."""
    (batch, _, columns), (other_batch, rows, _) = operation.shape("A"), operation.shape("B")
    return (batch, columns) == (other_batch, rows)


def _shape(operation: Operation) -> Shape:
    return (*operation.shape("A")[:2], operation.shape("B")[2])


def _product(operation: Operation, values: Sequence[Values]) -> Values:
    left = values[0].astype(np.int16) - np.int16(operation.value("A_zp"))
    right = values[1].astype(np.int16) - np.int16(operation.value("B_zp"))
    return multiply_matrices(left, right)


def _loop_nest(operation: Operation) -> LoopNest:
    (batch, rows, inner), columns = operation.shape("A"), operation.shape("B")[2]
    return LoopNest(
        bounds={"n": batch, "h": rows, "w": columns, "c": inner},
        reads={"A": (loop("n"), loop("h"), loop("c")), "B": (loop("n"), loop("c"), loop("w"))},
        write=(loop("n"), loop("h"), loop("w")),
    )


MATMUL = OperatorRow(
    kind="MATMUL",
    chapter="Tensor operators",
    summary="Matrix products (N, H, C) x (N, C, W), each operand minus its zero point.",
    inputs=(
        Operand(name="A", type_name="in_t", min_rank=3, max_rank=3),
        Operand(name="B", type_name="in_t", min_rank=3, max_rank=3),
        Operand(name="A_zp", type_name="in_t", min_rank=1, max_rank=1, compile_time=True),
        Operand(name="B_zp", type_name="in_t", min_rank=1, max_rank=1, compile_time=True),
    ),
    output=Operand(name="output", type_name="out_t", min_rank=3, max_rank=3),
    types=({"in_t": DType.INT8, "out_t": DType.INT32},),
    constraints=(batches_agree, zero_points_have_one_element),
    shape=_shape,
    meaning=_product,
    loop_nest=_loop_nest,
)

ROWS = (MATMUL,)
