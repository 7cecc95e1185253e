"""Products of matrices: by constant weights as 1 x 1 convolutions, of two computed values as MATMUL."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from chipsmith.errors import BadInput
from chipsmith.frontends.forms.values import (
    Const,
    GraphValue,
    Value,
    drop_axes,
    extend_rank,
    natural_value,
    permute,
    reshape,
    restore_order,
)
from chipsmith.tosa.builder import GraphBuilder, Shape, pointwise_attributes
from chipsmith.tosa.graph import DType

_POINTWISE = pointwise_attributes("FP32")


def apply_linear(
    build: GraphBuilder, value: GraphValue, weights: npt.NDArray[Any], bias: npt.NDArray[Any] | None = None
) -> GraphValue:
    """value (..., K) times the transpose of weights (N, K), plus a bias (N,). Raises BadInput where they do not fit."""
    columns, inner = weights.shape
    if not value.shape or value.shape[-1] != inner:
        raise BadInput(
            f"'{build.scope}': a value of shape {list(value.shape)} does not fit weights of {inner} rows and "
            f"{columns} columns"
        )
    rows = math.prod(value.shape[:-1])
    operands = (
        build.reshape(restore_order(build, value).tensor, (rows, 1, 1, inner)),
        build.constant(weights.reshape(columns, 1, 1, inner), DType.FP32),
        build.constant(np.zeros(columns) if bias is None else bias, DType.FP32),
        build.constant([0.0], DType.FP32),
        build.constant([0.0], DType.FP32),
    )
    product = build.emit("CONV2D", operands, (rows, 1, 1, columns), DType.FP32, _POINTWISE)
    return natural_value(build, build.reshape(product, (*value.shape[:-1], columns)))


def multiply_matrices(build: GraphBuilder, left: Value, right: Value) -> GraphValue:
    """The product as numpy.matmul has it: vectors are a row or a column, axes before the last two broadcast.

    One of the two is computed. Raises BadInput where they do not fit.
    """
    if isinstance(right, Const) and isinstance(left, GraphValue) and _is_plain(right, left):
        return _multiply_weights(build, left, right)
    if isinstance(left, Const) and isinstance(right, GraphValue) and _is_plain(left, right) and len(right.shape) > 1:
        return _mix_rows(build, left, right)
    return _multiply_stacks(build, left, right)


def _is_plain(constant: Const, other: GraphValue) -> bool:
    """Whether a constant is a single matrix, or a vector, that adds no axes to the product."""
    return set(constant.shape[:-2]) <= {1} and len(constant.shape) <= max(len(other.shape), 2)


def _multiply_weights(build: GraphBuilder, left: GraphValue, right: Const) -> GraphValue:
    """left (..., K) times a constant (K, N) or (K,)."""
    if right.values.ndim == 1:
        product = apply_linear(build, left, right.values[None])
        return drop_axes(build, product, (len(product.shape) - 1,))
    return apply_linear(build, left, right.values.reshape(right.shape[-2:]).T)


def _mix_rows(build: GraphBuilder, left: Const, right: GraphValue) -> GraphValue:
    """A constant (M, K) or (K,) times right (..., K, N): rows of the right value are mixed."""
    turned = _swap_last(right)
    if left.values.ndim == 1:
        product = apply_linear(build, turned, left.values[None])
        return drop_axes(build, product, (len(product.shape) - 1,))
    return _swap_last(apply_linear(build, turned, left.values.reshape(left.shape[-2:])))


def _swap_last(value: GraphValue) -> GraphValue:
    rank = len(value.shape)
    return permute(value, (*range(rank - 2), rank - 1, rank - 2))


def _multiply_stacks(build: GraphBuilder, left: Value, right: Value) -> GraphValue:
    """A product of two matrices for each index of the axes before the last two."""
    first, second = _as_matrices(build, left, 0), _as_matrices(build, right, 1)
    batch, rows, columns = _read_sizes(build, first.shape, second.shape)
    zero_points = [build.constant([0.0], DType.FP32) for _ in range(2)]
    operands = (_stack(build, first, batch), _stack(build, second, batch), *zero_points)
    product = build.emit("MATMUL", operands, (math.prod(batch), rows, columns), DType.FP32)
    result = natural_value(build, build.reshape(product, (*batch, rows, columns)))
    rank = len(result.shape)
    vectors = [axis for axis, value in ((rank - 2, left), (rank - 1, right)) if len(value.shape) == 1]
    return drop_axes(build, result, tuple(vectors)) if vectors else result


def _as_matrices(build: GraphBuilder, value: Value, axis: int) -> GraphValue:
    """A factor as a tensor of the graph; a vector gets an axis of size 1 in front (0) or behind (1)."""
    if isinstance(value, Const):
        value = natural_value(build, build.constant(value.values, DType.FP32))
    if len(value.shape) != 1:
        return value
    return reshape(build, value, (1, *value.shape) if axis == 0 else (*value.shape, 1))


def _read_sizes(build: GraphBuilder, left: Shape, right: Shape) -> tuple[Shape, int, int]:
    try:
        batch = tuple(np.broadcast_shapes(left[:-2], right[:-2]))
    except ValueError:
        batch = None
    if batch is None or left[-1] != right[-2]:
        raise BadInput(f"'{build.scope}': {list(left)} and {list(right)} are no factors of a product")
    return batch, left[-2], right[-1]


def _stack(build: GraphBuilder, value: GraphValue, batch: Shape) -> str:
    """The matrices as (N, rows, columns), repeated where the batch asks for more."""
    whole = restore_order(build, extend_rank(build, value, len(batch) + 2))
    multiples = (*(wide // own for wide, own in zip(batch, whole.shape[:-2], strict=True)), 1, 1)
    return build.reshape(build.tile(whole.tensor, multiples), (math.prod(batch), *whole.shape[-2:]))
