"""Comparisons, truth values, and choices by them."""

from __future__ import annotations

from dataclasses import replace

from chipsmith.frontends.forms.elementwise import align, apply_binary, number
from chipsmith.frontends.forms.values import Const, GraphValue, Value, materialise
from chipsmith.tosa.builder import GraphBuilder
from chipsmith.tosa.graph import DType


def compare(build: GraphBuilder, kind: str, left: Value, right: Value) -> GraphValue:
    """EQUAL, GREATER or GREATER_EQUAL of numbers, which broadcast."""
    return apply_binary(build, kind, left, right, dtype=DType.BOOL)


def equal(build: GraphBuilder, left: Value, right: Value) -> GraphValue:
    """Where two values are the same, numbers or truth values."""
    types = [build.dtype(value.tensor) for value in (left, right) if isinstance(value, GraphValue)]
    if types[0] is DType.BOOL:
        return negate_truth(build, apply_binary(build, "LOGICAL_XOR", left, right))
    return compare(build, "EQUAL", left, right)


def negate_truth(build: GraphBuilder, value: GraphValue) -> GraphValue:
    """Not."""
    return replace(value, tensor=build.unary("LOGICAL_NOT", value.tensor))


def truth_of(build: GraphBuilder, value: GraphValue) -> GraphValue:
    """Where numbers are not 0."""
    return negate_truth(build, compare(build, "EQUAL", value, number(0.0)))


def number_of(build: GraphBuilder, value: GraphValue) -> GraphValue:
    """1.0 for true and 0.0 for false."""
    return select(build, value, number(1.0), number(0.0))


def select(build: GraphBuilder, condition: Value, if_true: Value, if_false: Value) -> GraphValue:
    """The first value where the condition is true, else the second; all three broadcast.

    Raises BadInput where the shapes do not.
    """
    operands = (condition, if_true, if_false)
    shape, axes = align(build, operands)
    dtype = _choice_type(build, if_true, if_false)
    tensors = [
        materialise(build, value, rank=len(shape), axes=axes, dtype=kind)
        for value, kind in zip(operands, (DType.BOOL, dtype, dtype), strict=True)
    ]
    tensor = build.emit("SELECT", tensors, tuple(shape[axis] for axis in axes), dtype)
    return GraphValue(tensor=tensor, shape=shape, axes=axes)


def _choice_type(build: GraphBuilder, if_true: Value, if_false: Value) -> DType:
    for value in (if_true, if_false):
        if isinstance(value, GraphValue):
            return build.dtype(value.tensor)
    kinds = {value.values.dtype.kind for value in (if_true, if_false) if isinstance(value, Const)}
    return DType.FP32 if "f" in kinds else DType.BOOL if kinds == {"b"} else DType.INT32
