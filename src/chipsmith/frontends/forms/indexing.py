"""Elements chosen, or replaced, by indices that are constant or computed, and counted from 0 on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.frontends.forms.elementwise import apply_binary
from chipsmith.frontends.forms.logic import select
from chipsmith.frontends.forms.movement import add_axes
from chipsmith.frontends.forms.operands import place, reshape_operand
from chipsmith.frontends.forms.resampling import multiply_along
from chipsmith.frontends.forms.values import (
    Const,
    GraphValue,
    Value,
    materialise,
    natural_value,
    permute,
    reshape,
    restore_order,
)
from chipsmith.tosa.builder import GraphBuilder, Shape
from chipsmith.tosa.graph import DType

_LARGEST_MATRIX = 1 << 22
_NOWHERE = -(1 << 26)
"""Before every element of a tensor, also where another index is added, or several of these."""


def gather(build: GraphBuilder, table: Value, indices: Value, axis: int, *, dtype: DType = DType.FP32) -> GraphValue:
    """The elements of a table along an axis at INT32 indices from 0 on, whose axes take that axis's place.

    `dtype` is the type of a constant table. A computed index that is outside gives 0.
    """
    size, rank = table.shape[axis], len(table.shape)
    order = (axis, *(index for index in range(rank) if index != axis))
    rest = tuple(table.shape[index] for index in order[1:])
    rows = materialise(build, table, rank=rank, axes=order, dtype=dtype)
    flat = reshape_operand(build, indices, (1, math.prod(indices.shape)))
    table_rows = build.reshape(rows, (1, size, math.prod(rest)))
    tensor = build.reshape(_emit_gather(build, table_rows, flat), (*indices.shape, *rest))
    count = len(indices.shape)
    back = (*range(count, count + axis), *range(count), *range(count + axis, count + rank - 1))
    return permute(natural_value(build, tensor), back)


def gather_blocks(
    build: GraphBuilder, table: Value, indices: Value, *, batch_axes: int = 0, dtype: DType = DType.FP32
) -> GraphValue:
    """The blocks of a table (*batch, *sizes, *block) at places (*batch, ..., depth), which index `depth` axes each."""
    depth = indices.shape[-1]
    sizes, block = table.shape[batch_axes : batch_axes + depth], table.shape[batch_axes + depth :]
    batch, wanted = math.prod(table.shape[:batch_axes]), indices.shape[batch_axes:-1]
    rows = reshape_operand(build, table, (batch, math.prod(sizes), math.prod(block)))
    places = _flatten_places(build, indices, sizes)
    flat = reshape_operand(build, places, (batch, math.prod(wanted)))
    tensor = _emit_gather(build, place(build, rows, dtype), flat)
    return natural_value(build, build.reshape(tensor, (*table.shape[:batch_axes], *wanted, *block)))


def gather_elements(
    build: GraphBuilder, table: Value, indices: Value, axis: int, *, dtype: DType = DType.FP32
) -> GraphValue:
    """For each place of `indices`, the table's element at that place but for the axis, where the index stands."""
    rows = reshape_operand(build, table, (1, math.prod(table.shape), 1))
    flat = reshape_operand(
        build, _flatten_element_places(build, indices, table.shape, axis), (1, math.prod(indices.shape))
    )
    return natural_value(build, build.reshape(_emit_gather(build, place(build, rows, dtype), flat), indices.shape))


def scatter_blocks(build: GraphBuilder, target: GraphValue, indices: Value, updates: Value) -> GraphValue:
    """The target with blocks replaced at places (..., depth), which index its first `depth` axes.

    Raises BadInput where a constant place comes twice.
    """
    depth = indices.shape[-1]
    sizes, block = target.shape[:depth], target.shape[depth:]
    flat = reshape_operand(build, _flatten_places(build, indices, sizes), (1, math.prod(indices.shape[:-1])))
    return _scatter(build, target, flat, updates, (1, math.prod(sizes), math.prod(block)))


def scatter_elements(build: GraphBuilder, target: GraphValue, indices: Value, updates: Value, axis: int) -> GraphValue:
    """The target with elements replaced: each update's place is its own but for the axis, where the index stands.

    Raises BadInput where a constant place comes twice.
    """
    flat = reshape_operand(
        build, _flatten_element_places(build, indices, target.shape, axis), (1, math.prod(indices.shape))
    )
    return _scatter(build, target, flat, updates, (1, math.prod(target.shape), 1))


def add_blocks(build: GraphBuilder, target: GraphValue, indices: Const, updates: Value) -> GraphValue:
    """The target plus blocks at constant places (..., depth), which index its first `depth` axes and may come again."""
    depth = indices.shape[-1]
    flat = _flatten_places(build, indices, target.shape[:depth])
    return _add_rows(build, target, flat, updates, math.prod(target.shape[depth:]))


def add_elements(build: GraphBuilder, target: GraphValue, indices: Const, updates: Value, axis: int) -> GraphValue:
    """The target plus elements at constant places, which are as for scatter_elements and may come again."""
    flat = _flatten_element_places(build, indices, target.shape, axis)
    return _add_rows(build, target, flat, updates, 1)


def one_hot(build: GraphBuilder, indices: GraphValue, *, depth: int, axis: int, off: Value, on: Value) -> GraphValue:
    """A new axis of `depth` with `on` where its index is that of the computed INT32 `indices`, and `off` elsewhere.

    `off` and `on` are numbers of rank 0.
    """
    spread = add_axes(build, indices, (axis,))
    places = np.arange(depth).reshape([-1 if index == axis else 1 for index in range(len(spread.shape))])
    equal = apply_binary(build, "EQUAL", spread, Const(values=places), dtype=DType.BOOL)
    return select(build, equal, on, off)


def count_from_start(build: GraphBuilder, indices: Value, sizes: Sequence[int]) -> Value:
    """Indices of which negative ones count from an axis's end as the same from 0 on.

    Several sizes belong to the places along the last axis. Raises BadInput where a constant index is outside.
    """
    if isinstance(indices, GraphValue):
        return _raise_negative(build, indices, sizes)
    limits = np.array(sizes if len(sizes) > 1 else sizes[0], np.int64)  # a number keeps the indices' shape
    raised = np.where(indices.values < 0, indices.values + limits, indices.values).astype(np.int64)
    if (raised < 0).any() or (raised >= limits).any():
        raise BadInput(f"'{build.scope}': an index is outside of {' x '.join(map(str, sizes))}")
    return Const(values=raised)


def _raise_negative(build: GraphBuilder, indices: GraphValue, sizes: Sequence[int]) -> GraphValue:
    plain = restore_order(build, indices)
    rank = len(plain.shape)
    zero = build.constant(np.zeros((1,) * rank), DType.INT32)
    whole = build.constant(np.reshape(sizes, (*(1,) * (rank - 1), -1) if rank else ()), DType.INT32)
    below = build.binary("GREATER", zero, plain.tensor, DType.BOOL)
    raised = build.binary("ADD", plain.tensor, whole)
    tensor = build.emit("SELECT", (below, raised, plain.tensor), build.shape(plain.tensor), DType.INT32)
    return replace(plain, tensor=tensor)


def _flatten_places(build: GraphBuilder, indices: Value, sizes: Shape) -> Value:
    """Places (..., depth) as numbers (...) of the elements of a tensor of these sizes."""
    strides = np.cumprod((1, *sizes[:0:-1]))[::-1]
    steps = scale_index(build, indices, sizes=sizes, strides=strides.tolist())
    if isinstance(steps, Const):
        return Const(values=steps.values.sum(axis=-1))
    last = len(indices.shape) - 1
    total = build.reduce("REDUCE_SUM", place(build, steps), last)
    return natural_value(build, build.reshape(total, indices.shape[:-1]))


def _flatten_element_places(build: GraphBuilder, indices: Value, sizes: Shape, axis: int) -> Value:
    """The numbers, in a tensor of these sizes, of the places of `indices` with each index in the place of its axis."""
    strides = [math.prod(sizes[index + 1 :]) for index in range(len(sizes))]
    grid = np.indices(indices.shape, dtype=np.int64)
    others = sum(grid[index] * strides[index] for index in range(len(sizes)) if index != axis)
    steps = scale_index(build, indices, sizes=(sizes[axis],), strides=(strides[axis],))
    if isinstance(steps, Const):
        return Const(values=steps.values + others)
    offsets = build.constant(np.broadcast_to(others, indices.shape), DType.INT32)
    return natural_value(build, build.binary("ADD", place(build, steps), offsets))


def scale_index(build: GraphBuilder, indices: Value, *, sizes: Sequence[int], strides: Sequence[int]) -> Value:
    """How far indices of axes lead in a tensor: each times its stride; so far before it that sums with others stay
    there where it is outside of its axis, so that no index is taken for another place of the tensor.

    Several sizes and strides belong to the indices along the last axis.
    """
    rank = len(indices.shape)
    limits, factors = (np.reshape(each, (*(1,) * (rank - 1), -1) if rank else ()) for each in (sizes, strides))
    if isinstance(indices, Const):
        inside = (indices.values >= 0) & (indices.values < limits)
        return Const(values=np.where(inside, indices.values * factors, _NOWHERE))
    plain = restore_order(build, indices)
    zero, end, stride, nowhere = (
        build.constant(values, DType.INT32) for values in (limits * 0, limits, factors, limits * 0 + _NOWHERE)
    )
    below = build.binary("GREATER", zero, plain.tensor, DType.BOOL)
    beyond = build.binary("GREATER_EQUAL", plain.tensor, end, DType.BOOL)
    outside = build.binary("LOGICAL_OR", below, beyond, DType.BOOL)
    steps = build.multiply(plain.tensor, stride)
    chosen = build.emit("SELECT", (outside, nowhere, steps), build.shape(plain.tensor), DType.INT32)
    return replace(plain, tensor=chosen)


def _emit_gather(build: GraphBuilder, rows: str, indices: Value) -> str:
    """GATHER of rows (N, K, C) by indices (N, W)."""
    chosen = place(build, indices, DType.INT32)
    shape = (*build.shape(chosen), build.shape(rows)[2])
    return build.emit("GATHER", (rows, chosen), shape, build.dtype(rows))


def _scatter(build: GraphBuilder, target: GraphValue, flat: Value, updates: Value, rows: Shape) -> GraphValue:
    """SCATTER into the target as `rows` (1, K, C) at the row numbers (1, W)."""
    count = flat.shape[1]
    if isinstance(flat, Const) and len(np.unique(flat.values)) < count:
        raise BadInput(f"'{build.scope}': it writes a place twice")
    if count > rows[1]:
        raise BadInput(f"'{build.scope}': it writes {count} times to {rows[1]} places")
    dtype = build.dtype(target.tensor)
    operands = (
        build.reshape(restore_order(build, target).tensor, rows),
        place(build, flat, DType.INT32),
        place(build, reshape_operand(build, updates, (1, count, rows[2])), dtype),
    )
    tensor = build.emit("SCATTER", operands, rows, dtype)
    return natural_value(build, build.reshape(tensor, target.shape))


def _add_rows(build: GraphBuilder, target: GraphValue, flat: Value, updates: Value, columns: int) -> GraphValue:
    """The target plus the sums of the updates of each row, which are a product with a matrix of ones and zeros."""
    assert isinstance(flat, Const)
    rows, numbers = math.prod(target.shape) // columns, flat.values.reshape(-1)
    if rows * numbers.size > _LARGEST_MATRIX:
        raise BadInput(f"'{build.scope}': sums of {numbers.size} updates in {rows} places are too many")
    matrix = (np.arange(rows)[:, None] == numbers).astype(np.float32)
    given = reshape_operand(build, updates, (numbers.size, columns))
    if isinstance(given, Const):
        sums: Value = Const(values=(matrix @ given.values).reshape(target.shape))
    else:
        sums = reshape(build, multiply_along(build, given, 0, matrix), target.shape)
    return apply_binary(build, "ADD", target, sums)
