"""Concat and Where: values of several tensors in one, at the scale of the QuantizeLinear behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.frontends.onnx.lowering import Handler, Lowering, Parameters, normalise_axis, refuse
from chipsmith.frontends.onnx.model import Node
from chipsmith.frontends.onnx.requantize import arrange, extend_rank, to_int8
from chipsmith.frontends.onnx.values import (
    Acc32,
    AffineInt8,
    Const,
    GraphValue,
    Integers,
    Lut,
    QuantisedConst,
    Shape,
    Value,
    dequantize_const,
)
from chipsmith.tosa.graph import DType

_MOST_JOINED = 64


def _concat(lower: Lowering, node: Node) -> Sequence[Value]:
    values = [lower.settle(node, index) for index in range(len(node.inputs))]
    computed = [value for value in values if isinstance(value, GraphValue)]
    if not computed:
        raise refuse(node, "it joins constants of different kinds")
    rank = len(computed[0].shape)
    axis, axes = normalise_axis(node.integer("axis", 0), rank, node), computed[0].axes
    parameters = lower.find_following(node)
    if all(isinstance(value, Integers) for value in values):
        return [join(lower, node, [arrange(lower.build, value, axes) for value in computed], axis)]
    if parameters is None:
        parameters = _find_common(values)
    if parameters is None:
        raise refuse(node, "its inputs have different scales, and no QuantizeLinear behind it names one for all")
    parts = [_narrow_part(lower, node, value, axes, parameters) for value in values]
    return [join(lower, node, parts, axis)]


def _find_common(values: Sequence[Value]) -> Parameters | None:
    """The scale that all inputs have, if it is one."""
    pairs = {(value.scale, value.zero_point) if isinstance(value, AffineInt8) else None for value in values}
    first = next(iter(pairs))
    return None if len(pairs) > 1 or first is None else Parameters(scale=first[0], zero_point=first[1], offset=0)


def _narrow_part(lower: Lowering, node: Node, value: Value, axes: Shape, parameters: Parameters) -> AffineInt8:
    build = lower.build
    if isinstance(value, Const | QuantisedConst):
        steps = np.rint(np.asarray(dequantize_const(value), np.float64) / parameters.scale) + parameters.zero_point
        array = np.clip(steps, -128, 127).transpose(axes)
        tensor, shape = build.constant(array, DType.INT8), value.shape
    elif isinstance(value, AffineInt8 | Lut | Acc32):
        value = arrange(build, value, axes) if not isinstance(value, Acc32) else value
        narrow = to_int8(build, value, scale=parameters.scale, zero_point=parameters.zero_point)
        moved_part = Integers(tensor=narrow, shape=value.shape, axes=value.axes)
        tensor, shape = arrange(build, moved_part, axes).tensor, value.shape
    else:
        raise refuse(node, "it joins real values and integers")
    return AffineInt8(tensor=tensor, shape=shape, axes=axes, scale=parameters.scale, zero_point=parameters.zero_point)


def join(lower: Lowering, node: Node, parts: Sequence[Any], axis: int) -> Any:
    """Values in one order of axes, side by side along an axis."""
    first = parts[0]
    others = {part.shape[:axis] + part.shape[axis + 1 :] for part in parts}
    if len(others) != 1:
        raise BadInput(f"{node.kind} '{node.name}': shapes {[list(part.shape) for part in parts]} do not join")
    tensors = [part.tensor for part in parts]
    position = first.axes.index(axis)
    while len(tensors) > 1:
        groups = [tensors[start : start + _MOST_JOINED] for start in range(0, len(tensors), _MOST_JOINED)]
        tensors = [lower.build.concat(group, position) for group in groups]
    size = sum(part.shape[axis] for part in parts)
    return replace(first, tensor=tensors[0], shape=(*first.shape[:axis], size, *first.shape[axis + 1 :]))


def _select(lower: Lowering, node: Node) -> Sequence[Value]:
    """SELECT by a constant condition, such as the mask of an attention."""
    condition = lower.value(node, 0)
    if not isinstance(condition, Const):
        raise refuse(node, "its condition is computed; only a constant is held")
    values = [lower.settle(node, index) for index in (1, 2)]
    parameters = lower.find_following(node) or _find_common(values)
    if parameters is None:
        raise refuse(node, "no QuantizeLinear behind it names the scale of both its values")
    shape = tuple(np.broadcast_shapes(condition.shape, *(value.shape for value in values)))
    axes = next(
        (value.axes for value in values if isinstance(value, GraphValue) and len(value.shape) == len(shape)), None
    )
    axes = tuple(range(len(shape))) if axes is None else axes
    parts = [_narrow_part(lower, node, _extend(lower, value, len(shape)), axes, parameters) for value in values]
    mask = condition.values.reshape((1,) * (len(shape) - condition.values.ndim) + condition.shape).transpose(axes)
    operands = (lower.build.constant(mask, DType.BOOL), *(part.tensor for part in parts))
    graph_shape = tuple(shape[axis] for axis in axes)
    return [replace(parts[0], tensor=lower.build.emit("SELECT", operands, graph_shape, DType.INT8), shape=shape)]


def _extend(lower: Lowering, value: Value, rank: int) -> Value:
    """The value with axes of size 1 in front."""
    if isinstance(value, GraphValue):
        return extend_rank(lower.build, value, rank)
    real = np.asarray(dequantize_const(value))
    return Const(values=real.reshape((1,) * (rank - real.ndim) + real.shape))


HANDLERS: Mapping[str, Handler] = {"Concat": _concat, "Where": _select}
