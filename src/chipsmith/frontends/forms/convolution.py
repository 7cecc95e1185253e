"""Convolutions of (N, C, spatial axes) over one to three spatial axes, whole or in groups of channels."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.frontends.forms.operands import join_tensors, permute_operand, place, reshape_operand, slice_operand
from chipsmith.frontends.forms.values import Const, GraphValue, Value, arrange
from chipsmith.frontends.forms.windows import Window, channels_last, trim, widen
from chipsmith.tosa.builder import GraphBuilder, Shape
from chipsmith.tosa.graph import AttributeValue, DType


def convolve(
    build: GraphBuilder,
    image: GraphValue,
    weights: Value,
    *,
    bias: Value | None = None,
    window: Window,
    groups: int = 1,
) -> GraphValue:
    """The convolution with weights (O, C / groups, *kernel) and a bias (O,), both constant or computed.

    Raises BadInput where they do not fit the image.
    """
    outputs, inputs, *kernel = weights.shape
    if groups < 1 or outputs % groups or tuple(kernel) != window.kernel or inputs * groups != image.shape[1]:
        raise refuse_weights(build, image, weights, groups)
    bias = read_bias(build, bias, outputs)
    source, wide = trim(build, lay_channels_last(build, image), widen(window))
    kernels = reshape_operand(build, weights, (outputs, inputs, *wide.kernel))
    if groups == image.shape[1] > 1 and len(wide.kernel) == 2:
        tensor = _filter_channels(build, source, kernels, bias, wide)
    else:
        tensor = _convolve_groups(build, source, kernels, bias, wide, groups)
    return lift_channels(build, tensor, (image.shape[0], outputs, *window.positions(image.shape[2:])))


def refuse_weights(build: GraphBuilder, image: GraphValue, weights: Value, groups: int) -> BadInput:
    """The refusal of weights that do not fit an image."""
    return BadInput(
        f"'{build.scope}': weights of {list(weights.shape)} in {groups} groups do not fit an input of "
        f"{list(image.shape)}"
    )


def lay_channels_last(build: GraphBuilder, image: GraphValue) -> str:
    """The image as a tensor (N, spatial axes, C) with two spatial axes at least."""
    tensor = arrange(build, image, channels_last(len(image.shape))).tensor
    batch, *sizes, channels = build.shape(tensor)
    return build.reshape(tensor, (batch, *(1,) * (2 - len(sizes)), *sizes, channels))


def lift_channels(build: GraphBuilder, tensor: str, shape: Shape) -> GraphValue:
    """The value (N, C, spatial axes) of a tensor (N, spatial axes, C), which has axes of size 1 too many or none."""
    axes = channels_last(len(shape))
    return GraphValue(tensor=build.reshape(tensor, tuple(shape[axis] for axis in axes)), shape=shape, axes=axes)


def read_bias(build: GraphBuilder, bias: Value | None, outputs: int) -> Value:
    """The bias with an element an output channel; zeros where there is none."""
    if bias is None:
        return Const(values=np.zeros(outputs, np.float32))
    if int(np.prod(bias.shape)) != outputs:
        raise BadInput(f"'{build.scope}': a bias of {list(bias.shape)} does not fit {outputs} channels")
    return reshape_operand(build, bias, (outputs,))


def zero_points(build: GraphBuilder) -> tuple[str, str]:
    """The zero points of a product's operands, which are 0 in floating point."""
    return build.constant([0.0], DType.FP32), build.constant([0.0], DType.FP32)


def _filter_channels(build: GraphBuilder, source: str, kernels: Value, bias: Value, window: Window) -> str:
    """DEPTHWISE_CONV2D, whose weights (KH, KW, C, M) have the results of a channel last."""
    channels, outputs = build.shape(source)[-1], kernels.shape[0]
    by_channel = reshape_operand(build, kernels, (channels, outputs // channels, *window.kernel))
    weight = place(build, permute_operand(by_channel, (2, 3, 0, 1)))
    operands = (source, weight, place(build, bias), *zero_points(build))
    return _emit(build, "DEPTHWISE_CONV2D", operands, window, outputs)


def _convolve_groups(build: GraphBuilder, source: str, kernels: Value, bias: Value, window: Window, groups: int) -> str:
    """An operator for each group, their results side by side."""
    shape, last = build.shape(source), len(window.kernel) + 1
    inputs, outputs = kernels.shape[1], kernels.shape[0] // groups
    weight = permute_operand(kernels, (0, *range(2, last + 1), 1))
    kind = "CONV2D" if len(window.kernel) == 2 else "CONV3D"
    parts = []
    for group in range(groups):
        part = build.slice(source, (*(0,) * last, group * inputs), (*shape[:-1], inputs))
        rows, addend = (
            place(build, slice_operand(build, value, axis=0, start=group * outputs, size=outputs))
            for value in (weight, bias)
        )
        parts.append(_emit(build, kind, (part, rows, addend, *zero_points(build)), window, outputs))
    return join_tensors(build, parts, last)


def _emit(build: GraphBuilder, kind: str, operands: tuple[str, ...], window: Window, outputs: int) -> str:
    batch, *sizes, _ = build.shape(operands[0])
    attributes: Mapping[str, AttributeValue] = {
        "pad": tuple(width for pair in window.pads for width in pair),
        "stride": window.strides,
        "dilation": window.dilations,
        "local_bound": False,
        "acc_type": "FP32",
    }
    return build.emit(kind, operands, (batch, *window.positions(sizes), outputs), DType.FP32, attributes)
