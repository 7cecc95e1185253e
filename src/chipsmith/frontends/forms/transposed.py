"""Transposed convolutions of (N, C, spatial axes): each element adds its weighted kernel to the result."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.frontends.forms.convolution import (
    convolve,
    lay_channels_last,
    lift_channels,
    read_bias,
    refuse_weights,
    zero_points,
)
from chipsmith.frontends.forms.movement import reverse
from chipsmith.frontends.forms.operands import (
    join_tensors,
    permute_operand,
    place,
    reshape_operand,
    slice_axis,
    slice_operand,
    spread_operand,
)
from chipsmith.frontends.forms.values import Const, GraphValue, Value, reshape
from chipsmith.frontends.forms.windows import Window, make_window
from chipsmith.tosa.builder import GraphBuilder, Shape
from chipsmith.tosa.graph import AttributeValue, DType

_MOST_OPERATORS = 8
"""Groups that are operators of their own; more are a convolution in groups of the image with zeros between."""

_Edges: TypeAlias = tuple[tuple[int, int], ...]
"""What each spatial axis of the whole result gains before and behind; negative where it is cut."""


@dataclass(frozen=True, kw_only=True)
class _Kernels:
    """Weights (C, O / groups, *kernel) whose dilation is written out as zeros, and how they are laid down."""

    weights: Value
    bias: Value
    strides: Shape
    edges: _Edges
    groups: int


def convolve_transposed(
    build: GraphBuilder,
    image: GraphValue,
    weights: Value,
    *,
    bias: Value | None = None,
    window: Window,
    extra: Sequence[int] = (),
    groups: int = 1,
) -> GraphValue:
    """The transposed convolution with weights (C, O / groups, *kernel) and a bias (O,), constant or computed.

    `window.pads` is what is cut off before and after each spatial axis, `extra` what is added behind.
    Raises BadInput where weights do not fit the image, or nothing is left of the result.
    """
    inputs, outputs, *kernel = weights.shape
    if groups < 1 or inputs != image.shape[1] or inputs % groups or tuple(kernel) != window.kernel:
        raise refuse_weights(build, image, weights, groups)
    edges = _find_edges(window, extra or (0,) * len(kernel))
    sizes = _find_sizes(build, image.shape[2:], window, edges)
    for axis, apart in enumerate(window.dilations, 2):
        weights = spread_operand(build, weights, axis=axis, apart=apart)
    bias = read_bias(build, bias, outputs * groups)
    kernels = _Kernels(weights=weights, bias=bias, strides=window.strides, edges=edges, groups=groups)
    if len(kernel) > 2 or groups > _MOST_OPERATORS:
        return _convolve_spread(build, image, kernels)
    return lift_channels(build, _add_kernels(build, image, kernels), (image.shape[0], outputs * groups, *sizes))


def fold_windows(build: GraphBuilder, columns: GraphValue, *, sizes: Sequence[int], window: Window) -> GraphValue:
    """Windows (N, C * elements, positions) laid down side by side as (N, C, *sizes); where they overlap they add up.

    The opposite of cutting an image of these sizes, padded, into windows. Raises BadInput where the positions are not
    those of the window.
    """
    taps, positions = math.prod(window.kernel), window.positions(sizes)
    batch, channels = columns.shape[0], columns.shape[1] // taps
    patches = reshape(build, columns, (batch * channels, taps, *positions))
    weights = np.eye(taps, dtype=np.float32).reshape(taps, 1, *window.kernel)
    surplus = zip(window.spans(sizes), positions, window.strides, strict=True)
    extra = [span - (count - 1) * stride for span, count, stride in surplus]
    image = convolve_transposed(build, patches, Const(values=weights), window=window, extra=extra)
    return reshape(build, image, (batch, channels, *sizes))


def _find_edges(window: Window, extra: Sequence[int]) -> _Edges:
    return tuple((-before, more - after) for (before, after), more in zip(window.pads, extra, strict=True))


def _find_sizes(build: GraphBuilder, sizes: Shape, window: Window, edges: _Edges) -> Shape:
    results = tuple(
        (size - 1) * stride + extent + sum(edge)
        for size, stride, extent, edge in zip(sizes, window.strides, window.extents, edges, strict=True)
    )
    if min(results) < 1:
        raise BadInput(f"'{build.scope}': nothing is left of the result, whose sizes would be {list(results)}")
    return results


def _add_kernels(build: GraphBuilder, image: GraphValue, kernels: _Kernels) -> str:
    """TRANSPOSE_CONV2D for each group, their results side by side."""
    source = lay_channels_last(build, image)
    inputs, outputs = image.shape[1] // kernels.groups, kernels.weights.shape[1]
    missing = 4 - len(kernels.weights.shape)
    extents = (*(1,) * missing, *kernels.weights.shape[2:])
    weights = reshape_operand(build, kernels.weights, (image.shape[1], outputs, *extents))
    parts = []
    for group in range(kernels.groups):
        part = build.slice(source, (0, 0, 0, group * inputs), (*build.shape(source)[:-1], inputs))
        rows = slice_operand(build, weights, axis=0, start=group * inputs, size=inputs)
        own = _Kernels(
            weights=permute_operand(rows, (1, 2, 3, 0)),
            bias=slice_operand(build, kernels.bias, axis=0, start=group * outputs, size=outputs),
            strides=(*(1,) * missing, *kernels.strides),
            edges=(*((0, 0),) * missing, *kernels.edges),
            groups=1,
        )
        parts.append(_add_group(build, part, own))
    return join_tensors(build, parts, 3)


def _add_group(build: GraphBuilder, source: str, kernels: _Kernels) -> str:
    """TRANSPOSE_CONV2D with weights (O, KH, KW, C). It cuts less than a kernel from a side; SLICE cuts the rest."""
    outputs, *extents, _ = kernels.weights.shape
    batch, *sizes, _ = build.shape(source)
    padding = np.maximum(np.array(kernels.edges), 1 - np.array(extents)[:, None])
    whole = (np.array(sizes) - 1) * np.array(kernels.strides) + np.array(extents)
    attributes: dict[str, AttributeValue] = {
        "out_pad": tuple(padding.reshape(-1).tolist()),
        "stride": kernels.strides,
        "local_bound": False,
        "acc_type": "FP32",
    }
    operands = (source, place(build, kernels.weights), place(build, kernels.bias), *zero_points(build))
    shape = (batch, *(whole + padding.sum(axis=1)).tolist(), outputs)
    tensor = build.emit("TRANSPOSE_CONV2D", operands, shape, DType.FP32, attributes)
    surplus = (padding - np.array(kernels.edges))[:, 0].tolist()
    kept = (whole + np.array(kernels.edges).sum(axis=1)).tolist()
    return build.slice(tensor, (0, *surplus, 0), (batch, *kept, outputs))


def _convolve_spread(build: GraphBuilder, image: GraphValue, kernels: _Kernels) -> GraphValue:
    """The convolution with mirrored kernels of the image that has zeros between its elements."""
    extents = kernels.weights.shape[2:]
    margins = [
        (extent - 1 + before, extent - 1 + behind)
        for extent, (before, behind) in zip(extents, kernels.edges, strict=True)
    ]
    spread: Value = image
    for axis, apart in enumerate(kernels.strides, 2):
        spread = spread_operand(build, spread, axis=axis, apart=apart)
    assert isinstance(spread, GraphValue)
    for axis, (before, behind) in enumerate(margins, 2):
        start = max(-before, 0)
        spread = slice_axis(build, spread, axis=axis, start=start, size=spread.shape[axis] - start - max(-behind, 0))
    pads = tuple((max(before, 0), max(behind, 0)) for before, behind in margins)
    window = make_window(build, sizes=spread.shape[2:], kernel=extents, pads=pads)
    weights = _turn(build, kernels)
    return convolve(build, spread, weights, bias=kernels.bias, window=window, groups=kernels.groups)


def _turn(build: GraphBuilder, kernels: _Kernels) -> Value:
    """The weights (O, C / groups, *kernel) of the convolution, mirrored along their spatial axes."""
    inputs, outputs, *extents = kernels.weights.shape
    each = inputs // kernels.groups
    by_group = reshape_operand(build, kernels.weights, (kernels.groups, each, outputs, *extents))
    turned = permute_operand(by_group, (0, 2, 1, *range(3, 3 + len(extents))))
    weights = reshape_operand(build, turned, (kernels.groups * outputs, each, *extents))
    axes = tuple(range(2, len(weights.shape)))
    if isinstance(weights, Const):
        return Const(values=np.flip(weights.values, axes))
    for axis in axes:
        weights = reverse(build, weights, axis)
    return weights
