"""What a tensor of an author's network is while it is lowered: a tensor of the float graph, or a constant.

A value's `shape` is the author's. The graph's tensor holds its axes in the order `axes`, as numpy.transpose takes it:
an order costs no TRANSPOSE until an operator asks for another.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from chipsmith.errors import BadInput
from chipsmith.tosa.builder import Axes, GraphBuilder, Shape
from chipsmith.tosa.graph import DType


@dataclass(frozen=True, kw_only=True)
class GraphValue:
    """A tensor of the graph that stands for an author's tensor of `shape`."""

    tensor: str
    shape: Shape
    axes: Axes

    @property
    def natural(self) -> bool:
        """Whether the graph's tensor has the axes in the author's order."""
        return self.axes == tuple(range(len(self.axes)))


@dataclass(frozen=True, kw_only=True)
class Const:
    """A constant in the author's layout and type."""

    values: npt.NDArray[Any]

    @property
    def shape(self) -> Shape:
        """The constant's shape."""
        return tuple(self.values.shape)


Value: TypeAlias = GraphValue | Const
_AxisGroup: TypeAlias = tuple[Axes, Axes]
"""Old and new axes of a reshape that have the same elements."""


def natural_value(build: GraphBuilder, tensor: str) -> GraphValue:
    """The value of a tensor of the graph that has the author's order of axes."""
    shape = build.shape(tensor)
    return GraphValue(tensor=tensor, shape=shape, axes=tuple(range(len(shape))))


def permute(value: GraphValue, perm: Axes) -> GraphValue:
    """A transpose: axis i of the result is the value's axis perm[i]; the graph's tensor stays."""
    back = {axis: index for index, axis in enumerate(perm)}
    return GraphValue(
        tensor=value.tensor,
        shape=tuple(value.shape[axis] for axis in perm),
        axes=tuple(back[axis] for axis in value.axes),
    )


def arrange(build: GraphBuilder, value: GraphValue, axes: Axes) -> GraphValue:
    """The value with the graph's tensor in this order of axes."""
    perms = tuple(value.axes.index(axis) for axis in axes)
    return replace(value, tensor=build.transpose(value.tensor, perms), axes=axes)


def restore_order(build: GraphBuilder, value: GraphValue) -> GraphValue:
    """The value with the graph's tensor in the author's order of axes."""
    return arrange(build, value, tuple(range(len(value.shape))))


def extend_rank(build: GraphBuilder, value: GraphValue, rank: int) -> GraphValue:
    """The value with axes of size 1 in front, up to a rank."""
    more = rank - len(value.shape)
    if more <= 0:
        return value
    graph_shape = tuple(value.shape[axis] for axis in value.axes)
    axes = (*range(more), *(axis + more for axis in value.axes))
    tensor = build.reshape(value.tensor, (*(1,) * more, *graph_shape))
    return GraphValue(tensor=tensor, shape=(*(1,) * more, *value.shape), axes=axes)


def reshape(build: GraphBuilder, value: GraphValue, shape: Shape) -> GraphValue:
    """The same elements, in the author's order, under another shape.

    Axes that are joined are brought side by side in the graph's tensor, where they do not lie so; the others stay.
    Raises BadInput where the shape has another number of elements.
    """
    if math.prod(shape) != math.prod(value.shape) or min(shape, default=1) < 1:
        raise BadInput(f"'{build.scope}': {list(value.shape)} cannot take the shape {list(shape)}")
    groups = _order_groups(value, _pair_axes(value.shape, shape))
    old, new = (tuple(axis for group in groups for axis in group[side]) for side in (0, 1))
    if _leave_out_ones(value.axes, value.shape) != _leave_out_ones(old, value.shape):
        value = arrange(build, value, old)
    tensor = build.reshape(value.tensor, tuple(shape[axis] for axis in new))
    return GraphValue(tensor=tensor, shape=shape, axes=new)


def _leave_out_ones(axes: Axes, shape: Shape) -> Axes:
    return tuple(axis for axis in axes if shape[axis] != 1)


def _order_groups(value: GraphValue, groups: list[_AxisGroup]) -> list[_AxisGroup]:
    """Groups in the order that their largest axes have in the graph; new axes of size 1 stay before the next."""
    places = []
    place = len(value.axes)
    for old, _ in reversed(groups):
        if old:
            place = value.axes.index(max(old, key=lambda axis: value.shape[axis]))
        places.append(place)
    ranked = sorted(zip(reversed(places), range(len(groups)), strict=True))
    return [groups[index] for _, index in ranked]


def _pair_axes(old: Shape, new: Shape) -> list[_AxisGroup]:
    """The shortest runs of old and new axes, one after the other, that have as many elements each."""
    groups: list[_AxisGroup] = []
    left, right = 0, 0
    while left < len(old) or right < len(new):
        first, second = left, right
        left, right = min(left + 1, len(old)), min(right + 1, len(new))
        while math.prod(old[first:left]) != math.prod(new[second:right]):
            if math.prod(old[first:left]) < math.prod(new[second:right]):
                left += 1
            else:
                right += 1
        groups.append((tuple(range(first, left)), tuple(range(second, right))))
    return groups


def drop_axes(build: GraphBuilder, value: GraphValue, dropped: Axes) -> GraphValue:
    """The value without these axes, each of which has size 1."""
    kept = [axis for axis in range(len(value.shape)) if axis not in dropped]
    axes = tuple(kept.index(axis) for axis in value.axes if axis in kept)
    shape = tuple(value.shape[axis] for axis in kept)
    tensor = build.reshape(value.tensor, tuple(shape[axis] for axis in axes))
    return GraphValue(tensor=tensor, shape=shape, axes=axes)


def materialise(build: GraphBuilder, value: Value, *, rank: int, axes: Axes, dtype: DType = DType.FP32) -> str:
    """A tensor with axes of size 1 in front up to `rank`, in the order `axes`; a constant becomes a tensor here."""
    if isinstance(value, GraphValue):
        return arrange(build, extend_rank(build, value, rank), axes).tensor
    spread = value.values.reshape((1,) * (rank - value.values.ndim) + value.values.shape)
    return build.constant(np.transpose(spread, axes), dtype)
