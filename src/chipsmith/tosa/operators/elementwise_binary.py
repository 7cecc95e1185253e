"""Arithmetic, bitwise and logical operators of two tensors; int32 results wrap where TOSA leaves them undefined."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from chipsmith import numerics
from chipsmith.numerics import Int64Array
from chipsmith.tosa.graph import DType
from chipsmith.tosa.operators.elementwise import (
    BITS,
    BOOL_TYPES,
    INT32_TYPES,
    INT_TYPES,
    binary_row,
    broadcast_shape,
    shapes_broadcast,
)
from chipsmith.tosa.operators.row import NAN_MODE, Meaning, Operand, Operation, OperatorRow, Values, flag

_CHAPTER = "Elementwise binary operators"


def _by_numpy(function: Callable[[Values, Values], Values]) -> Meaning:
    """The meaning of an operator that a numpy function computes in the operands' own type."""

    def meaning(operation: Operation, values: Sequence[Values]) -> Values:
        del operation
        return function(values[0], values[1])

    return meaning


def _by_shift(function: Callable[[Values, Values, int], Int64Array]) -> Meaning:
    """The meaning of a shift: `function` of value, amount and the type's bits."""

    def meaning(operation: Operation, values: Sequence[Values]) -> Values:
        return function(values[0], values[1], BITS[operation.output.dtype]).astype(operation.output.dtype.numpy)

    return meaning


def _arithmetic_right_shift(operation: Operation, values: Sequence[Values]) -> Values:
    shift = numerics.rounding_shift_right if operation.flag("round") else numerics.shift_right
    return shift(values[0], values[1]).astype(operation.output.dtype.numpy)


def _divide(operation: Operation, values: Sequence[Values]) -> Values:
    del operation
    return numerics.divide_towards_zero(values[0], values[1]).astype(np.int32)


def _multiply(operation: Operation, values: Sequence[Values]) -> Values:
    shift = operation.value("shift")
    if shift:
        return numerics.multiply_and_shift(values[0], values[1], shift).astype(np.int32)
    return np.multiply(values[0], values[1], dtype=np.int32)


def shift_is_legal(operation: Operation) -> bool:
    """The shift is one element from 0 to 63, and 0 unless the operands are int32."""
    if operation.shape("shift") != (1,):
        return False
    shift = operation.value("shift")
    return 0 <= shift <= 63 and (shift == 0 or operation.dtype("input1") is DType.INT32)


def _row(kind: str, summary: str, types: Sequence[dict[str, DType]], function: Callable[..., Values]) -> OperatorRow:
    return binary_row(kind=kind, chapter=_CHAPTER, summary=summary, types=types, meaning=_by_numpy(function))


ADD = _row("ADD", "Sum.", INT32_TYPES, np.add)
SUB = _row("SUB", "Difference.", INT32_TYPES, np.subtract)
BITWISE_AND = _row("BITWISE_AND", "Bitwise and.", INT_TYPES, np.bitwise_and)
BITWISE_OR = _row("BITWISE_OR", "Bitwise or.", INT_TYPES, np.bitwise_or)
BITWISE_XOR = _row("BITWISE_XOR", "Bitwise exclusive or.", INT_TYPES, np.bitwise_xor)
LOGICAL_AND = _row("LOGICAL_AND", "Logical and.", BOOL_TYPES, np.logical_and)
LOGICAL_OR = _row("LOGICAL_OR", "Logical or.", BOOL_TYPES, np.logical_or)
LOGICAL_XOR = _row("LOGICAL_XOR", "Logical exclusive or.", BOOL_TYPES, np.logical_xor)

MAXIMUM = binary_row(
    kind="MAXIMUM",
    chapter=_CHAPTER,
    summary="The larger of the two.",
    types=INT32_TYPES,
    attributes=(NAN_MODE,),
    meaning=_by_numpy(np.maximum),
)
MINIMUM = binary_row(
    kind="MINIMUM",
    chapter=_CHAPTER,
    summary="The smaller of the two.",
    types=INT32_TYPES,
    attributes=(NAN_MODE,),
    meaning=_by_numpy(np.minimum),
)
ARITHMETIC_RIGHT_SHIFT = binary_row(
    kind="ARITHMETIC_RIGHT_SHIFT",
    chapter=_CHAPTER,
    summary="Division by a power of two, rounded down, or halves up with `round`.",
    types=INT_TYPES,
    attributes=(flag("round"),),
    meaning=_arithmetic_right_shift,
)
LOGICAL_LEFT_SHIFT = binary_row(
    kind="LOGICAL_LEFT_SHIFT",
    chapter=_CHAPTER,
    summary="Bits moved to the left, zeros entering.",
    types=INT_TYPES,
    meaning=_by_shift(lambda value, shift, bits: numerics.shift_left(value, shift, bits=bits)),
)
LOGICAL_RIGHT_SHIFT = binary_row(
    kind="LOGICAL_RIGHT_SHIFT",
    chapter=_CHAPTER,
    summary="Bits moved to the right, zeros entering.",
    types=INT_TYPES,
    meaning=_by_shift(lambda value, shift, bits: numerics.logical_shift_right(value, shift, bits=bits)),
)
INTDIV = binary_row(
    kind="INTDIV",
    chapter=_CHAPTER,
    summary="Quotient, rounded towards zero.",
    types=INT32_TYPES,
    meaning=_divide,
)
MUL = OperatorRow(
    kind="MUL",
    chapter=_CHAPTER,
    summary="Product; of int32 operands divided by 2**shift, halves up, or its low 32 bits for shift 0.",
    inputs=(
        Operand(name="input1", type_name="in_t"),
        Operand(name="input2", type_name="in_t"),
        Operand(name="shift", type_name="i8_t", min_rank=1, max_rank=1, compile_time=True),
    ),
    output=Operand(name="output", type_name="out_t"),
    types=tuple({"in_t": dtype, "out_t": DType.INT32} for dtype in BITS),
    constraints=(shapes_broadcast, shift_is_legal),
    shape=broadcast_shape,
    meaning=_multiply,
)

ROWS = (
    ADD,
    ARITHMETIC_RIGHT_SHIFT,
    BITWISE_AND,
    BITWISE_OR,
    BITWISE_XOR,
    INTDIV,
    LOGICAL_AND,
    LOGICAL_LEFT_SHIFT,
    LOGICAL_OR,
    LOGICAL_RIGHT_SHIFT,
    LOGICAL_XOR,
    MAXIMUM,
    MINIMUM,
    MUL,
    SUB,
)
