"""Operators element by element: of one value, and of two that broadcast."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.frontends.forms.values import Const, GraphValue, Value, extend_rank, materialise
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
    shape, axes = _align(build, left, right)
    operand_type = next(build.dtype(value.tensor) for value in (left, right) if isinstance(value, GraphValue))
    first, second = (
        materialise(build, value, rank=len(shape), axes=axes, dtype=operand_type) for value in (left, right)
    )
    tensor = build.multiply(first, second) if kind == "MUL" else build.binary(kind, first, second, dtype)
    return GraphValue(tensor=tensor, shape=shape, axes=axes)


def _align(build: GraphBuilder, left: Value, right: Value) -> tuple[Shape, Axes]:
    try:
        shape = tuple(np.broadcast_shapes(left.shape, right.shape))
    except ValueError as error:
        raise BadInput(
            f"'{build.scope}': shapes {list(left.shape)} and {list(right.shape)} do not broadcast"
        ) from error
    computed = [extend_rank(build, value, len(shape)) for value in (left, right) if isinstance(value, GraphValue)]
    return shape, max(computed, key=lambda value: int(np.prod(value.shape))).axes


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
