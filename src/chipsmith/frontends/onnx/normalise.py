"""Softmax and its relatives, and the normalisations."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from chipsmith.frontends.forms.elementwise import apply_binary
from chipsmith.frontends.forms.normalise import (
    hardmax,
    invert_root,
    log_softmax,
    normalise_groups,
    normalise_length,
    normalise_responses,
    scale_and_shift,
    scale_by_root_mean_square,
    softmax,
    standardise,
)
from chipsmith.frontends.forms.operands import reshape_operand
from chipsmith.frontends.forms.reduction import average
from chipsmith.frontends.forms.values import Const, GraphValue, reshape
from chipsmith.frontends.onnx.lowering import Handler, Lowering, Value, normalise_axis, refuse
from chipsmith.frontends.onnx.model import Node
from chipsmith.tosa.builder import Axes, GraphBuilder, Shape

_AlongAxis: TypeAlias = Callable[[GraphBuilder, GraphValue, int], GraphValue]
_FIRST_ALONG_AN_AXIS = 13
"""The version from which Softmax is along a single axis; before, all axes from there on count as one."""
_FIRST_GROUPS_BY_CHANNEL = 21
"""The version from which GroupNormalization has a gain for each channel, and not for each group."""


def _along_axis(form: _AlongAxis) -> Handler:
    def lower_node(lower: Lowering, node: Node) -> Sequence[Value]:
        value, build, recent = lower.computed(node, 0), lower.build, lower.opset() >= _FIRST_ALONG_AN_AXIS
        axis = normalise_axis(node.integer("axis", -1 if recent else 1), len(value.shape), node)
        if recent or math.prod(value.shape[axis:]) == value.shape[axis]:
            return [form(build, value, axis)]
        flat = reshape(build, value, (math.prod(value.shape[:axis]), math.prod(value.shape[axis:])))
        return [reshape(build, form(build, flat, 1), value.shape)]

    return lower_node


def _read_last_axes(node: Node, rank: int) -> Axes:
    return tuple(range(normalise_axis(node.integer("axis", -1), rank, node), rank))


def _optional(lower: Lowering, node: Node, index: int) -> GraphValue | Const | None:
    return lower.value(node, index) if lower.has(node, index) else None


def _normalise_layer(lower: Lowering, node: Node) -> Sequence[Value]:
    """LayerNormalization, over the axes from `axis` on; its mean and inverse deviation where they are outputs."""
    value, build, epsilon = lower.computed(node, 0), lower.build, node.number("epsilon", 1e-5)
    axes = _read_last_axes(node, len(value.shape))
    normal = standardise(build, value, axes, epsilon=epsilon)
    result = scale_and_shift(build, normal, lower.value(node, 1), _optional(lower, node, 2))
    if not any(node.outputs[1:]):
        return [result]
    mean = average(build, value, axes)
    deviation = apply_binary(build, "SUB", value, mean)
    return [result, mean, invert_root(build, deviation, axes, epsilon=epsilon)]


def _normalise_root_mean_square(lower: Lowering, node: Node) -> Sequence[Value]:
    if any(node.outputs[1:]):
        raise refuse(node, "deviations as outputs are not held; export the network for inference")
    value = lower.computed(node, 0)
    axes = _read_last_axes(node, len(value.shape))
    normal = scale_by_root_mean_square(lower.build, value, axes, epsilon=node.number("epsilon", 1e-5))
    return [scale_and_shift(lower.build, normal, lower.value(node, 1), None)]


def _normalise_sum(lower: Lowering, node: Node) -> Sequence[Value]:
    """SkipLayerNormalization of onnxruntime: of the sum of two values and, where it has one, a bias."""
    if any(node.outputs[1:3]):
        raise refuse(node, "means and deviations as outputs are not held")
    build, simple = lower.build, node.kind == "SkipSimplifiedLayerNormalization"
    total = apply_binary(build, "ADD", lower.computed(node, 0), lower.value(node, 1))
    bias = _optional(lower, node, 3 if simple else 4)
    total = total if bias is None else apply_binary(build, "ADD", total, bias)
    axes, epsilon = (len(total.shape) - 1,), node.number("epsilon", 1e-12)
    normal = (scale_by_root_mean_square if simple else standardise)(build, total, axes, epsilon=epsilon)
    result = scale_and_shift(build, normal, lower.value(node, 2), None if simple else _optional(lower, node, 3))
    return [result, Const(values=np.zeros(0)), Const(values=np.zeros(0)), total]


def _normalise_instance(lower: Lowering, node: Node) -> Sequence[Value]:
    value = lower.computed(node, 0)
    normal = normalise_groups(lower.build, value, value.shape[1], epsilon=node.number("epsilon", 1e-5))
    return [_scale_channels(lower, node, normal, normal.shape[1])]


def _scale_channels(lower: Lowering, node: Node, value: GraphValue, count: int) -> GraphValue:
    """Inputs 1 and 2 as gain and bias, each of `count` elements for as many groups of channels."""
    spread: Shape = (1, -1, *(1,) * (len(value.shape) - 2))
    if count == value.shape[1]:
        operands = [reshape_operand(lower.build, lower.value(node, index), _resolve(spread, count)) for index in (1, 2)]
        return scale_and_shift(lower.build, value, *operands)
    constants = [lower.constant(node, index) for index in (1, 2)]
    gain, bias = (np.repeat(_present(array), value.shape[1] // count).reshape(spread) for array in constants)
    return scale_and_shift(lower.build, value, Const(values=gain), Const(values=bias))


def _resolve(spread: Shape, count: int) -> Shape:
    return tuple(count if size == -1 else size for size in spread)


def _present(array: npt.NDArray[Any] | None) -> npt.NDArray[Any]:
    assert array is not None
    return array


def _normalise_groups(lower: Lowering, node: Node) -> Sequence[Value]:
    value, groups = lower.computed(node, 0), node.integer("num_groups", 1)
    normal = normalise_groups(lower.build, value, groups, epsilon=node.number("epsilon", 1e-5))
    count = value.shape[1] if lower.opset() >= _FIRST_GROUPS_BY_CHANNEL else groups
    return [_scale_channels(lower, node, normal, count)]


def _normalise_batch(lower: Lowering, node: Node) -> Sequence[Value]:
    """A multiplication and an addition for each channel, by constant statistics."""
    if node.integer("training_mode", 0) or any(node.outputs[1:]):
        raise refuse(node, "it is in training; export the network for inference")
    value = lower.computed(node, 0)
    gain, bias, mean, variance = (_present(lower.constant(node, index)).astype(np.float64) for index in range(1, 5))
    factor = gain / np.sqrt(variance + node.number("epsilon", 1e-5))
    spread: Shape = (1, -1, *(1,) * (len(value.shape) - 2))
    if not node.integer("spatial", 1):
        spread = (1, *value.shape[1:])
    shift = bias - mean * factor
    return [
        scale_and_shift(lower.build, value, Const(values=factor.reshape(spread)), Const(values=shift.reshape(spread)))
    ]


def _normalise_length(lower: Lowering, node: Node) -> Sequence[Value]:
    value = lower.computed(node, 0)
    axis, order = normalise_axis(node.integer("axis", -1), len(value.shape), node), node.integer("p", 2)
    if order not in (1, 2):
        raise refuse(node, f"p = {order}; 1 and 2 are held")
    return [normalise_length(lower.build, value, axis, order=order)]


def _normalise_responses(lower: Lowering, node: Node) -> Sequence[Value]:
    return [
        normalise_responses(
            lower.build,
            lower.computed(node, 0),
            size=node.integer("size", 1),
            alpha=node.number("alpha", 1e-4),
            beta=node.number("beta", 0.75),
            offset=node.number("bias", 1.0),
        )
    ]


def _normalise_mean_and_variance(lower: Lowering, node: Node) -> Sequence[Value]:
    value = lower.computed(node, 0)
    axes = tuple(normalise_axis(axis, len(value.shape), node) for axis in node.integers("axes", (0, 2, 3)))
    return [standardise(lower.build, value, axes, epsilon=_LEAST_VARIANCE)]


_LEAST_VARIANCE = 1e-9

HANDLERS: Mapping[str, Handler] = {
    "Softmax": _along_axis(softmax),
    "LogSoftmax": _along_axis(log_softmax),
    "Hardmax": _along_axis(hardmax),
    "LayerNormalization": _normalise_layer,
    **dict.fromkeys(("RMSNormalization", "SimplifiedLayerNormalization"), _normalise_root_mean_square),
    **dict.fromkeys(("SkipLayerNormalization", "SkipSimplifiedLayerNormalization"), _normalise_sum),
    "InstanceNormalization": _normalise_instance,
    "GroupNormalization": _normalise_groups,
    "BatchNormalization": _normalise_batch,
    "LpNormalization": _normalise_length,
    "LRN": _normalise_responses,
    "MeanVarianceNormalization": _normalise_mean_and_variance,
}
