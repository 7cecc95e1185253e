"""Operators that move elements and change none, of tensors of any type."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from chipsmith.errors import BadInput
from chipsmith.frontends.forms.operands import join_tensors, slice_axis
from chipsmith.frontends.forms.values import (
    GraphValue,
    Value,
    extend_rank,
    materialise,
    permute,
    reshape,
    restore_order,
)
from chipsmith.tosa.builder import Axes, GraphBuilder, Shape
from chipsmith.tosa.graph import DType

_MOST_RUNS = 12
"""Blocks that are cut out and joined; indices that ask for more are a GATHER."""


def reverse(build: GraphBuilder, value: GraphValue, axis: int) -> GraphValue:
    """The elements along an axis in the opposite order."""
    attributes = {"axis": value.axes.index(axis)}
    tensor = build.emit("REVERSE", (value.tensor,), build.shape(value.tensor), build.dtype(value.tensor), attributes)
    return replace(value, tensor=tensor)


def concatenate(build: GraphBuilder, values: Sequence[Value], axis: int) -> GraphValue:
    """Values joined along an axis, at least one of them computed.

    Raises BadInput where their other sizes differ.
    """
    first = next(value for value in values if isinstance(value, GraphValue))
    if len({(*value.shape[:axis], *value.shape[axis + 1 :]) for value in values}) != 1:
        raise BadInput(f"'{build.scope}': shapes {[list(value.shape) for value in values]} do not join")
    dtype, rank = build.dtype(first.tensor), len(first.shape)
    tensors = [materialise(build, value, rank=rank, axes=first.axes, dtype=dtype) for value in values]
    size = sum(value.shape[axis] for value in values)
    shape = (*first.shape[:axis], size, *first.shape[axis + 1 :])
    return GraphValue(tensor=join_tensors(build, tensors, first.axes.index(axis)), shape=shape, axes=first.axes)


def split(build: GraphBuilder, value: GraphValue, axis: int, sizes: Sequence[int]) -> list[GraphValue]:
    """Blocks of these sizes, one behind the other along an axis; BadInput where they do not make it up."""
    if sum(sizes) != value.shape[axis] or min(sizes) < 1:
        raise BadInput(
            f"'{build.scope}': parts of {list(sizes)} do not make up axis {axis} of size {value.shape[axis]}"
        )
    starts = np.cumsum([0, *sizes[:-1]]).tolist()
    return [
        slice_axis(build, value, axis=axis, start=start, size=size) for start, size in zip(starts, sizes, strict=True)
    ]


def take(build: GraphBuilder, value: GraphValue, axis: int, indices: Sequence[int]) -> GraphValue:
    """The elements at constant indices along an axis, negative ones counted from its end.

    Raises BadInput where there are none, or one is outside.
    """
    size = value.shape[axis]
    if not len(indices) or min(indices) < -size or max(indices) >= size:
        raise BadInput(f"'{build.scope}': {_describe(indices)} outside of axis {axis} of size {size}")
    runs = split_runs([index % size for index in indices])
    if len(runs) > _MOST_RUNS and build.dtype(value.tensor) is not DType.BOOL:
        return _gather_rows(build, value, axis, np.array(indices) % size)
    parts = [_take_run(build, value, axis, run) for run in runs]
    return parts[0] if len(parts) == 1 else concatenate(build, parts, axis)


def take_slice(build: GraphBuilder, value: GraphValue, axis: int, chosen: range) -> GraphValue:
    """The elements at the indices of a range along an axis; BadInput where there are none."""
    if not chosen:
        raise BadInput(f"'{build.scope}': nothing is left of axis {axis}")
    return _take_run(build, value, axis, (chosen.start, chosen.step, len(chosen)))


def _describe(indices: Sequence[int]) -> str:
    return f"indices {min(indices)} to {max(indices)} are" if len(indices) else "no index is chosen: nothing is"


def split_runs(indices: Sequence[int]) -> list[tuple[int, int, int]]:
    """The indices as runs (first index, step, count), each as long as the step stays the same."""
    runs: list[tuple[int, int, int]] = []
    start = 0
    while start < len(indices):
        end = start + 1
        step = indices[end] - indices[start] if end < len(indices) else 1
        while end < len(indices) and indices[end] - indices[end - 1] == step:
            end += 1
        if end - start == 2 and step not in (-1, 0, 1) and end < len(indices):
            end, step = start + 1, 1  # two that happen to lie apart: the second may begin a longer run
        runs.append((indices[start], step, end - start))
        start = end
    return runs


def _take_run(build: GraphBuilder, value: GraphValue, axis: int, run: tuple[int, int, int]) -> GraphValue:
    start, step, count = run
    last = start + step * (count - 1)
    block = slice_axis(build, value, axis=axis, start=min(start, last), size=abs(last - start) + 1)
    if step == 0:
        return tile(build, block, tuple(count if index == axis else 1 for index in range(len(value.shape))))
    block = reverse(build, block, axis) if step < 0 and count > 1 else block
    return block if abs(step) == 1 or count == 1 else take_every(build, block, axis, abs(step), count)


def take_every(build: GraphBuilder, value: GraphValue, axis: int, step: int, count: int) -> GraphValue:
    """The first of every `step` elements, `count` of them: the axis as rows of `step`, of which a column stays."""
    position, shape = value.axes.index(axis), build.shape(value.tensor)
    missing = max(count * step - shape[position], 0)
    widths = [(0, missing if index == position else 0) for index in range(len(shape))]
    padded = build.pad(value.tensor, widths, 0) if missing else value.tensor
    starts, whole = (0,) * len(shape), (*shape[:position], count * step, *shape[position + 1 :])
    outer, inner = math.prod(shape[:position]), math.prod(shape[position + 1 :])
    rows = build.reshape(build.slice(padded, starts, whole), (outer, count, step, inner))
    column = build.slice(rows, (0, 0, 0, 0), (outer, count, 1, inner))
    tensor = build.reshape(column, (*shape[:position], count, *shape[position + 1 :]))
    sizes = tuple(count if index == axis else size for index, size in enumerate(value.shape))
    return GraphValue(tensor=tensor, shape=sizes, axes=value.axes)


def _gather_rows(build: GraphBuilder, value: GraphValue, axis: int, indices: npt.NDArray[np.int64]) -> GraphValue:
    """GATHER by constant indices, with whatever lies before the axis in the graph as its batch."""
    position, shape = value.axes.index(axis), build.shape(value.tensor)
    outer, inner = math.prod(shape[:position]), math.prod(shape[position + 1 :])
    rows = build.reshape(value.tensor, (outer, shape[position], inner))
    chosen = build.constant(np.tile(indices, (outer, 1)), DType.INT32)
    dtype = build.dtype(value.tensor)
    tensor = build.emit("GATHER", (rows, chosen), (outer, len(indices), inner), dtype)
    plain = build.reshape(tensor, (*shape[:position], len(indices), *shape[position + 1 :]))
    sizes = tuple(len(indices) if index == axis else size for index, size in enumerate(value.shape))
    return GraphValue(tensor=plain, shape=sizes, axes=value.axes)


def tile(build: GraphBuilder, value: GraphValue, multiples: Sequence[int]) -> GraphValue:
    """The value repeated so many times along each axis."""
    tensor = build.tile(value.tensor, tuple(multiples[axis] for axis in value.axes))
    shape = tuple(size * times for size, times in zip(value.shape, multiples, strict=True))
    return GraphValue(tensor=tensor, shape=shape, axes=value.axes)


def broadcast(build: GraphBuilder, value: GraphValue, shape: Shape) -> GraphValue:
    """The value repeated along axes of size 1 and new ones in front; BadInput where it does not take the shape."""
    try:
        wanted = np.broadcast_shapes(value.shape, shape)
    except ValueError as error:
        raise BadInput(f"'{build.scope}': {list(value.shape)} does not broadcast to {list(shape)}") from error
    wider = extend_rank(build, value, len(wanted))
    return tile(build, wider, tuple(new // old for new, old in zip(wanted, wider.shape, strict=True)))


def add_axes(build: GraphBuilder, value: GraphValue, added: Sequence[int]) -> GraphValue:
    """The value with axes of size 1 at these places of the result."""
    rank = len(value.shape) + len(added)
    kept = [axis for axis in range(rank) if axis not in added]
    if value.natural:
        axes: Axes = tuple(range(rank))
    else:
        axes = (*sorted(added), *(kept[axis] for axis in value.axes))
    old = iter(value.shape)
    shape = tuple(1 if axis in added else next(old) for axis in range(rank))
    tensor = build.reshape(value.tensor, tuple(shape[axis] for axis in axes))
    return GraphValue(tensor=tensor, shape=shape, axes=axes)


def split_axis(build: GraphBuilder, value: GraphValue, axis: int, sizes: Sequence[int]) -> GraphValue:
    """The axis as several of these sizes, the first the outermost; the order of the graph's tensor stays."""
    more, position = len(sizes) - 1, value.axes.index(axis)
    shape = (*value.shape[:axis], *sizes, *value.shape[axis + 1 :])
    moved = [index + more if index > axis else index for index in value.axes]
    axes = (*moved[:position], *range(axis, axis + more + 1), *moved[position + 1 :])
    return GraphValue(tensor=build.reshape(value.tensor, tuple(shape[index] for index in axes)), shape=shape, axes=axes)


def merge_axes(build: GraphBuilder, value: GraphValue, axis: int, count: int) -> GraphValue:
    """`count` axes from `axis` on as a single one, the first the outermost."""
    first, merged = value.axes.index(axis), tuple(range(axis, axis + count))
    if value.axes[first : first + count] != merged:
        value = restore_order(build, value)
        first = axis
    shape = (*value.shape[:axis], math.prod(value.shape[axis : axis + count]), *value.shape[axis + count :])
    kept = (*value.axes[: first + 1], *value.axes[first + count :])
    axes = tuple(index - count + 1 if index > axis else index for index in kept)
    return GraphValue(tensor=build.reshape(value.tensor, tuple(shape[index] for index in axes)), shape=shape, axes=axes)


def roll(build: GraphBuilder, value: GraphValue, axis: int, shift: int) -> GraphValue:
    """The elements along an axis moved on by `shift`, the last ones back to the front."""
    size = value.shape[axis]
    return take(build, value, axis, [(index - shift) % size for index in range(size)])


def depth_to_space(build: GraphBuilder, value: GraphValue, block: int, *, channels_first: bool) -> GraphValue:
    """(N, C * block**2, H, W) as (N, C, H * block, W * block).

    The channels count the result's channels first and the places of a block then, or the other way round.
    """
    batch, channels, height, width = value.shape
    inner = channels // block**2
    if block < 1 or inner * block**2 != channels:
        raise BadInput(f"'{build.scope}': {channels} channels are no blocks of {block} x {block}")
    split_shape = (batch, inner, block, block) if channels_first else (batch, block, block, inner)
    perm = (0, 1, 4, 2, 5, 3) if channels_first else (0, 3, 4, 1, 5, 2)
    parts = permute(reshape(build, value, (*split_shape, height, width)), perm)
    return reshape(build, parts, (batch, inner, height * block, width * block))


def space_to_depth(build: GraphBuilder, value: GraphValue, block: int, *, channels_first: bool) -> GraphValue:
    """(N, C, H, W) as (N, C * block**2, H / block, W / block), the inverse of depth_to_space."""
    batch, channels, height, width = value.shape
    if block < 1 or height % block or width % block:
        raise BadInput(f"'{build.scope}': {height} x {width} are no blocks of {block} x {block}")
    parts = reshape(build, value, (batch, channels, height // block, block, width // block, block))
    moved = permute(parts, (0, 1, 3, 5, 2, 4) if channels_first else (0, 3, 5, 1, 2, 4))
    return reshape(build, moved, (batch, channels * block**2, height // block, width // block))
