"""Operators of one tensor, element by element."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from chipsmith import numerics
from chipsmith.tosa.graph import DType
from chipsmith.tosa.operators.elementwise import BITS, BOOL_TYPES, INT32_TYPES, INT_TYPES, unary_row
from chipsmith.tosa.operators.row import Meaning, Operand, Operation, OperatorRow, Values, shape_of

_CHAPTER = "Elementwise unary operators"


def _by_numpy(function: Callable[[Values], Values]) -> Meaning:
    """The meaning of an operator that a numpy function computes in the operand's own type."""

    def meaning(operation: Operation, values: Sequence[Values]) -> Values:
        del operation
        return function(values[0])

    return meaning


def _count_leading_zeros(operation: Operation, values: Sequence[Values]) -> Values:
    del operation
    return numerics.count_leading_zeros(values[0]).astype(np.int32)


def _negate(operation: Operation, values: Sequence[Values]) -> Values:
    dtype = operation.output.dtype
    centred = values[0].astype(np.int64) - operation.value("input1_zp")
    negated = numerics.wrap(operation.value("output_zp") - centred, bits=32)
    return numerics.saturate(negated, bits=BITS[dtype]).astype(dtype.numpy)


def zero_points_are_for_int8(operation: Operation) -> bool:
    """Zero points have one element, which is 0 unless the type is int8."""
    if any(operation.shape(name) != (1,) for name in ("input1_zp", "output_zp")):
        return False
    zeros = operation.value("input1_zp") == operation.value("output_zp") == 0
    return zeros or operation.dtype("input1") is DType.INT8


ABS = unary_row(kind="ABS", chapter=_CHAPTER, summary="Absolute value.", types=INT32_TYPES, meaning=_by_numpy(np.abs))
BITWISE_NOT = unary_row(
    kind="BITWISE_NOT", chapter=_CHAPTER, summary="Bitwise not.", types=INT_TYPES, meaning=_by_numpy(np.invert)
)
CLZ = unary_row(
    kind="CLZ",
    chapter=_CHAPTER,
    summary="Number of leading zero bits of 32.",
    types=INT32_TYPES,
    meaning=_count_leading_zeros,
)
LOGICAL_NOT = unary_row(
    kind="LOGICAL_NOT", chapter=_CHAPTER, summary="Logical not.", types=BOOL_TYPES, meaning=_by_numpy(np.logical_not)
)
NEGATE = OperatorRow(
    kind="NEGATE",
    chapter=_CHAPTER,
    summary="Negation around zero points, saturated.",
    inputs=(
        Operand(name="input1", type_name="in_out_t"),
        Operand(name="input1_zp", type_name="in_out_t", min_rank=1, max_rank=1, compile_time=True),
        Operand(name="output_zp", type_name="in_out_t", min_rank=1, max_rank=1, compile_time=True),
    ),
    output=Operand(name="output", type_name="in_out_t"),
    types=INT_TYPES,
    constraints=(zero_points_are_for_int8,),
    shape=shape_of("input1"),
    meaning=_negate,
)

ROWS = (ABS, BITWISE_NOT, CLZ, LOGICAL_NOT, NEGATE)
