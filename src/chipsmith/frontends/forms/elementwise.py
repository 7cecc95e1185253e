"""Operators element by element: of one value, and of two that broadcast."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.frontends.forms.values import Const, GraphValue, Value, materialise
from chipsmith.tosa.builder import Axes, GraphBuilder, Shape
from chipsmith.tosa.graph import DType


def apply_unary(build: GraphBuilder, kind: str, value: GraphValue) -> GraphValue:
    """A TOSA operator of a single tensor without attributes: EXP, LOG, TANH, SIGMOID, ERF, ABS, CEIL, FLOOR, ..."""
    return replace(value, tensor=build.unary(kind, value.tensor))


def apply_binary(
    build: GraphBuilder, kind: str, left: Value, right: Value, *, dtype: DType | None = None
) -> GraphValue:
    """A TOSA operator of two tensors, which broadcast; the axes lie as those of the larger value.

    `dtype` is the result's where it is not the operands'. Raises BadInput where the shapes do not broadcast.
    """
    shape, axes = align(build, (left, right))
    operand_type = next(build.dtype(value.tensor) for value in (left, right) if isinstance(value, GraphValue))
    first, second = (
        materialise(build, value, rank=len(shape), axes=axes, dtype=operand_type) for value in (left, right)
    )
    tensor = build.multiply(first, second) if kind == "MUL" else build.binary(kind, first, second, dtype)
    return GraphValue(tensor=tensor, shape=shape, axes=axes)


def align(build: GraphBuilder, values: Sequence[Value]) -> tuple[Shape, Axes]:
    """The shape that values broadcast to, and the order of axes of the largest that is computed.

    Raises BadInput where they do not broadcast.
    """
    try:
        shape = tuple(np.broadcast_shapes(*(value.shape for value in values)))
    except ValueError as error:
        shapes = " and ".join(str(list(value.shape)) for value in values)
        raise BadInput(f"'{build.scope}': shapes {shapes} do not broadcast") from error
    computed = [value for value in values if isinstance(value, GraphValue)]
    largest = max(computed, key=lambda value: math.prod(value.shape))
    more = len(shape) - len(largest.shape)
    return shape, (*range(more), *(axis + more for axis in largest.axes))


def clamp(build: GraphBuilder, value: GraphValue, low: float, high: float) -> GraphValue:
    """Limited to low ... high; infinite limits leave a side open."""
    attributes = {"min_val": float(low), "max_val": float(high)}
    tensor = build.emit("CLAMP", (value.tensor,), build.shape(value.tensor), DType.FP32, attributes)
    return replace(value, tensor=tensor)


def divide(build: GraphBuilder, left: Value, right: Value) -> GraphValue:
    """left / right, as a product with the reciprocal."""
    if isinstance(right, Const):
        with np.errstate(divide="ignore"):
            return apply_binary(build, "MUL", left, Const(values=1.0 / right.values.astype(np.float64)))
    return apply_binary(build, "MUL", left, apply_unary(build, "RECIPROCAL", right))


def number(value: float) -> Const:
    """A constant of rank 0, which goes with values of any shape."""
    return Const(values=np.array(value, np.float32))


def add_number(build: GraphBuilder, value: GraphValue, term: float) -> GraphValue:
    """x + term."""
    return value if term == 0 else apply_binary(build, "ADD", value, number(term))


def multiply_number(build: GraphBuilder, value: GraphValue, factor: float) -> GraphValue:
    """x * factor."""
    return value if factor == 1 else apply_binary(build, "MUL", value, number(factor))
