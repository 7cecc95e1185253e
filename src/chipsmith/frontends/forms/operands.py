"""Operands that may be constants or computed, moved before they enter an operator: constants at no cost."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from chipsmith.frontends.forms.values import Const, GraphValue, Value, permute, reshape, restore_order
from chipsmith.tosa.builder import Axes, GraphBuilder, Shape
from chipsmith.tosa.graph import DType

_MOST_JOINED = 64
"""Operands of a CONCAT at most."""


def reshape_operand(build: GraphBuilder, value: Value, shape: Shape) -> Value:
    """The same elements, in the author's order, under another shape."""
    return Const(values=value.values.reshape(shape)) if isinstance(value, Const) else reshape(build, value, shape)


def permute_operand(value: Value, perm: Axes) -> Value:
    """A transpose: axis i of the result is the value's axis perm[i]."""
    return Const(values=value.values.transpose(perm)) if isinstance(value, Const) else permute(value, perm)


def slice_operand(build: GraphBuilder, value: Value, *, axis: int, start: int, size: int) -> Value:
    """`size` elements along an axis, from `start` on."""
    if isinstance(value, Const):
        return Const(values=value.values.take(range(start, start + size), axis=axis))
    return slice_axis(build, value, axis=axis, start=start, size=size)


def slice_axis(build: GraphBuilder, value: GraphValue, *, axis: int, start: int, size: int) -> GraphValue:
    """`size` elements of a computed value along an axis, from `start` on."""
    shape = tuple(size if index == axis else whole for index, whole in enumerate(value.shape))
    starts = tuple(start if index == axis else 0 for index in value.axes)
    tensor = build.slice(value.tensor, starts, tuple(shape[index] for index in value.axes))
    return GraphValue(tensor=tensor, shape=shape, axes=value.axes)


def place(build: GraphBuilder, value: Value, dtype: DType = DType.FP32) -> str:
    """The value as a tensor of the graph with its author's order of axes; `dtype` is a constant's."""
    if isinstance(value, Const):
        return build.constant(value.values, dtype)
    return restore_order(build, value).tensor


def join_tensors(build: GraphBuilder, tensors: Sequence[str], axis: int) -> str:
    """Tensors joined along an axis, by as many CONCATs as their number asks for."""
    while len(tensors) > 1:
        parts = [tensors[start : start + _MOST_JOINED] for start in range(0, len(tensors), _MOST_JOINED)]
        tensors = [build.concat(part, axis) if len(part) > 1 else part[0] for part in parts]
    return tensors[0]


def spread_operand(build: GraphBuilder, value: Value, *, axis: int, apart: int) -> Value:
    """The value with `apart` - 1 zeros between elements that are neighbours along an axis."""
    if apart == 1 or value.shape[axis] == 1:
        return value
    size = (value.shape[axis] - 1) * apart + 1
    if isinstance(value, Const):
        spread = np.zeros((*value.shape[:axis], size, *value.shape[axis + 1 :]), value.values.dtype)
        spread[(slice(None),) * axis + (slice(None, None, apart),)] = value.values
        return Const(values=spread)
    return _spread_axis(build, value, axis, apart, size)


def _spread_axis(build: GraphBuilder, value: GraphValue, axis: int, apart: int, size: int) -> GraphValue:
    """Rows of `apart` elements, of which the first are the value's; those behind the last are cut off."""
    position = value.axes.index(axis)
    before = build.shape(value.tensor)
    front, back = before[:position], before[position + 1 :]
    rows = build.reshape(value.tensor, (math.prod(front), before[position], 1, math.prod(back)))
    filled = build.pad(rows, ((0, 0), (0, 0), (0, apart - 1), (0, 0)), 0)
    shape = (*value.shape[:axis], before[position] * apart, *value.shape[axis + 1 :])
    tensor = build.reshape(filled, tuple(shape[index] for index in value.axes))
    return slice_axis(build, GraphValue(tensor=tensor, shape=shape, axes=value.axes), axis=axis, start=0, size=size)
