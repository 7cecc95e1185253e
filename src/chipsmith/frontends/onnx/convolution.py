"""Conv, ConvTranspose and average pooling as integer convolutions over (N, ..., C)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chipsmith.errors import BadInput
from chipsmith.frontends.onnx.lowering import Handler, Lowering, refuse
from chipsmith.frontends.onnx.model import Node
from chipsmith.frontends.onnx.requantize import arrange
from chipsmith.frontends.onnx.scales import Reals
from chipsmith.frontends.onnx.values import Acc32, AffineInt8, Axes, QuantisedConst, Shape, Value
from chipsmith.tosa.graph import AttributeValue, DType

Pads = tuple[tuple[int, int], ...]
_DIMENSIONS = (1, 2, 3)


@dataclass(frozen=True, kw_only=True)
class Window:
    """A window over the spatial axes as a node describes it, its padding worked out."""

    kernel: Shape
    strides: Shape
    dilations: Shape
    pads: Pads

    def outputs(self, sizes: Shape) -> Shape:
        """How many positions it takes, the last ones not beyond the padded input."""
        return tuple(
            (size + sum(pad) - (kernel - 1) * dilation - 1) // stride + 1
            for size, kernel, stride, dilation, pad in zip(
                sizes, self.kernel, self.strides, self.dilations, self.pads, strict=True
            )
        )


def read_window(node: Node, kernel: Shape, sizes: Shape) -> Window:
    """The window of Conv and of poolings; BadInput where it does not fit the input."""
    ones = (1,) * len(kernel)
    strides, dilations = node.integers("strides", ones), node.integers("dilations", ones)
    if not len(kernel) == len(sizes) == len(strides) == len(dilations) or min((*strides, *dilations, *kernel)) < 1:
        raise BadInput(f"{node.kind} '{node.name}': kernel, strides and dilations do not fit its input")
    window = Window(kernel=kernel, strides=strides, dilations=dilations, pads=_read_pads(node, kernel, sizes))
    if min(window.outputs(sizes)) < 1:
        raise BadInput(f"{node.kind} '{node.name}': a window of {list(kernel)} does not fit an input of {list(sizes)}")
    return window


def _read_pads(node: Node, kernel: Shape, sizes: Shape) -> Pads:
    mode = node.text("auto_pad", "NOTSET")
    if mode in ("NOTSET", "VALID", ""):
        flat = node.integers("pads", (0,) * 2 * len(kernel)) if mode != "VALID" else (0,) * 2 * len(kernel)
        if len(flat) != 2 * len(kernel) or min(flat) < 0:
            raise BadInput(f"{node.kind} '{node.name}': pads {list(flat)} do not fit {len(kernel)} axes")
        return tuple(zip(flat[: len(kernel)], flat[len(kernel) :], strict=True))
    strides, dilations = (node.integers(name, (1,) * len(kernel)) for name in ("strides", "dilations"))
    return tuple(
        _split_same(max((-(-size // stride) - 1) * stride + (taps - 1) * dilation + 1 - size, 0), mode)
        for size, stride, taps, dilation in zip(sizes, strides, kernel, dilations, strict=True)
    )


def _split_same(total: int, mode: str) -> tuple[int, int]:
    """The odd element of SAME padding stands at the end for UPPER, at the beginning for LOWER."""
    less, more = total // 2, total - total // 2
    return (less, more) if mode == "SAME_UPPER" else (more, less)


def channels_last_axes(rank: int) -> Axes:
    """The order (N, spatial axes, C) of the axes of (N, C, spatial axes)."""
    return (0, *range(2, rank), 1)


def _convolve(lower: Lowering, node: Node) -> Sequence[Value]:
    image, weights = lower.read_affine(node, 0), read_weights(lower, node, 1)
    dimensions = len(image.shape) - 2
    if dimensions not in _DIMENSIONS or weights.integers.ndim != len(image.shape):
        raise refuse(node, f"an input of rank {len(image.shape)} with weights of rank {weights.integers.ndim}")
    groups, out_channels = node.integer("group", 1), weights.shape[0]
    if groups < 1 or out_channels % groups or weights.shape[1] * groups != image.shape[1]:
        raise BadInput(f"{node.kind} '{node.name}': weights of {weights.shape} do not fit {image.shape}")
    window = read_window(node, weights.shape[2:], image.shape[2:])
    return [
        emit_convolution(lower, node, image, weights, window, groups, _read_whole_bias(lower, node, image, weights))
    ]


def read_weights(lower: Lowering, node: Node, index: int) -> QuantisedConst:
    """The quantised constant at a node's input, with one zero point."""
    value = lower.value(node, index)
    if not isinstance(value, QuantisedConst):
        raise refuse(node, f"its weights '{node.inputs[index]}' must be constants behind a DequantizeLinear")
    if np.unique(value.zero_point).size > 1:
        raise refuse(node, "its weights have several zero points; quantise them symmetrically")
    return value


def narrow_weights(weights: QuantisedConst, node: Node) -> tuple[npt.NDArray[np.int64], int]:
    """Weights and zero point in the range of int8: unsigned ones are shifted by 128."""
    integers, zero_point = weights.integers, int(weights.zero_point[0])
    shift = 128 if max(integers.max(initial=0), zero_point) > 127 else 0
    if (
        min(integers.min(initial=0), zero_point) - shift < -128
        or max(integers.max(initial=0), zero_point) - shift > 127
    ):
        raise refuse(node, "its weights are wider than 8 bits")
    return integers - shift, zero_point - shift


def read_bias(lower: Lowering, node: Node, index: int, scale: Reals, factor: float) -> npt.NDArray[np.int64] | None:
    """The bias in steps of `scale`: a quantised one keeps its integers, as its scale is that of the products."""
    if not lower.has(node, index):
        return None
    value = lower.value(node, index)
    if (
        isinstance(value, QuantisedConst)
        and np.allclose(value.scale * factor, scale, rtol=1e-5)
        and not value.zero_point.any()
    ):
        return np.asarray(value.integers, np.int64)
    real = lower.constant(node, index)
    assert real is not None
    flat = np.rint(real.astype(np.float64).reshape(-1) * factor / scale)
    if np.isnan(flat).any():
        raise BadInput(f"{node.kind} '{node.name}': its bias is not a number")
    return np.asarray(np.clip(flat, -(1 << 30), 1 << 30), np.int64)


def _read_whole_bias(lower: Lowering, node: Node, image: AffineInt8, weights: QuantisedConst) -> npt.NDArray[np.int64]:
    bias = read_bias(lower, node, 2, weights.scale * image.scale, 1.0)
    channels = weights.shape[0]
    if bias is None:
        return np.zeros(channels, np.int64)
    if bias.size not in (1, channels):
        raise BadInput(f"{node.kind} '{node.name}': a bias of {bias.size} does not fit {channels} channels")
    return np.broadcast_to(bias.reshape(-1), (channels,))


def emit_convolution(
    lower: Lowering,
    node: Node,
    image: AffineInt8,
    weights: QuantisedConst,
    window: Window,
    groups: int,
    bias: npt.NDArray[np.int64],
) -> Acc32:
    """The convolution of (N, C, ...) with weights (OC, C / groups, ...) that are quantised along axis 0."""
    build = lower.build
    if weights.scale.size > 1 and weights.axis != 0:
        raise refuse(node, "its weights have scales along an axis that is not their output channel")
    integers, zero_point = narrow_weights(weights, node)
    flat, window = _widen(lower, image, window)
    integers = integers.reshape(*integers.shape[:2], *window.kernel)
    source, window = _crop(lower, flat, window)
    centred = np.abs(integers - zero_point).reshape(len(integers), -1).sum(axis=1)
    reach = max(128 + image.zero_point, 127 - image.zero_point)
    sizes = window.outputs(build.tensor(source).shape[1:-1])
    tensor = _emit_groups(lower, source, image.zero_point, integers, zero_point, window, groups, bias)
    shape = (image.shape[0], len(integers), *sizes[len(sizes) - (len(image.shape) - 2) :])
    graph_shape = tuple((shape[axis]) for axis in channels_last_axes(len(shape)))
    return Acc32(
        tensor=build.reshape(tensor, graph_shape),
        shape=shape,
        axes=channels_last_axes(len(shape)),
        scale=weights.scale * image.scale,
        bound=(centred * reach + np.abs(bias)).astype(np.float64),
    )


def _widen(lower: Lowering, image: AffineInt8, window: Window) -> tuple[str, Window]:
    """The graph's tensor as (N, spatial, C) with two spatial axes at least."""
    tensor = arrange(lower.build, image, channels_last_axes(len(image.shape))).tensor
    if len(window.kernel) > 1:
        return tensor, window
    batch, size, channels = lower.build.tensor(tensor).shape
    wider = Window(
        kernel=(1, *window.kernel),
        strides=(1, *window.strides),
        dilations=(1, *window.dilations),
        pads=((0, 0), *window.pads),
    )
    return lower.build.reshape(tensor, (batch, 1, size, channels)), wider


def _crop(lower: Lowering, tensor: str, window: Window) -> tuple[str, Window]:
    """TOSA's window ends exactly at the padded input's end: what ONNX leaves over is taken off."""
    shape = lower.build.tensor(tensor).shape
    sizes, pads = [], []
    for size, kernel, stride, dilation, (before, after) in zip(
        shape[1:-1], window.kernel, window.strides, window.dilations, window.pads, strict=True
    ):
        surplus = (size + before + after - (kernel - 1) * dilation - 1) % stride
        pads.append((before, max(after - surplus, 0)))
        sizes.append(size - max(surplus - after, 0))
    kept = (shape[0], *sizes, shape[-1])
    cropped = lower.build.slice(tensor, (0,) * len(kept), kept)
    return cropped, Window(kernel=window.kernel, strides=window.strides, dilations=window.dilations, pads=tuple(pads))


def _emit_groups(
    lower: Lowering,
    source: str,
    input_zero_point: int,
    integers: npt.NDArray[np.int64],
    weight_zero_point: int,
    window: Window,
    groups: int,
    bias: npt.NDArray[np.int64],
) -> str:
    """One operator, or one for each group where groups are neither one nor as many as channels."""
    build = lower.build
    zero_points = (build.constant([input_zero_point], DType.INT8), build.constant([weight_zero_point], DType.INT8))
    shape = build.tensor(source).shape
    out = (shape[0], *window.outputs(shape[1:-1]))
    attributes: dict[str, AttributeValue] = {
        "pad": tuple(width for pair in window.pads for width in pair),
        "stride": window.strides,
        "dilation": window.dilations,
        "local_bound": False,
        "acc_type": "INT32",
    }
    if groups == shape[-1] and groups > 1 and len(window.kernel) == 2:
        weight = integers.reshape(groups, -1, *window.kernel).transpose(2, 3, 0, 1)
        operands = (source, build.constant(weight, DType.INT8), build.constant(bias, DType.INT32), *zero_points)
        return build.emit("DEPTHWISE_CONV2D", operands, (*out, len(integers)), DType.INT32, attributes)
    kind = "CONV2D" if len(window.kernel) == 2 else "CONV3D"
    parts = []
    for group in range(groups):
        channels, each = shape[-1] // groups, len(integers) // groups
        start = (*(0,) * (len(shape) - 1), group * channels)
        part = build.slice(source, start, (*shape[:-1], channels))
        rows = slice(group * each, (group + 1) * each)
        weight = np.moveaxis(integers[rows], 1, -1)
        operands = (part, build.constant(weight, DType.INT8), build.constant(bias[rows], DType.INT32), *zero_points)
        parts.append(build.emit(kind, operands, (*out, each), DType.INT32, attributes))
    return parts[0] if groups == 1 else build.concat(parts, len(out))


def _convolve_transposed(lower: Lowering, node: Node) -> Sequence[Value]:
    """ConvTranspose with weights (C, OC / groups, KH, KW); dilated weights have zeros between."""
    image, weights = lower.read_affine(node, 0), read_weights(lower, node, 1)
    if len(image.shape) != 4 or weights.integers.ndim != 4:
        raise refuse(node, "only images with two spatial axes are held")
    groups = node.integer("group", 1)
    if groups != 1:
        raise refuse(node, f"{groups} groups are not held; 1 is")
    if weights.scale.size > 1 and weights.axis != 1:
        raise refuse(node, "its weights have scales along their input channel; quantise them per tensor")
    integers, zero_point = narrow_weights(weights, node)
    dilations, strides = node.integers("dilations", (1, 1)), node.integers("strides", (1, 1))
    kernels = _dilate(integers.transpose(1, 2, 3, 0), zero_point, dilations)
    out_pad, shape = _read_output_padding(node, image.shape, kernels.shape, strides)
    bias = read_bias(lower, node, 2, weights.scale * image.scale, 1.0)
    bias = np.zeros(len(kernels), np.int64) if bias is None else np.broadcast_to(bias, (len(kernels),))
    build = lower.build
    operands = (
        arrange(build, image, channels_last_axes(4)).tensor,
        build.constant(kernels, DType.INT8),
        build.constant(bias, DType.INT32),
        build.constant([image.zero_point], DType.INT8),
        build.constant([zero_point], DType.INT8),
    )
    attributes: dict[str, AttributeValue] = {
        "out_pad": out_pad,
        "stride": strides,
        "local_bound": False,
        "acc_type": "INT32",
    }
    graph_shape = (shape[0], shape[2], shape[3], shape[1])
    centred = np.abs(kernels - zero_point).reshape(len(kernels), -1).sum(axis=1)
    reach = max(128 + image.zero_point, 127 - image.zero_point)
    return [
        Acc32(
            tensor=build.emit("TRANSPOSE_CONV2D", operands, graph_shape, DType.INT32, attributes),
            shape=shape,
            axes=channels_last_axes(4),
            scale=weights.scale * image.scale,
            bound=(centred * reach + np.abs(bias)).astype(np.float64),
        )
    ]


def _dilate(kernels: npt.NDArray[np.int64], zero_point: int, dilations: Shape) -> npt.NDArray[np.int64]:
    """(OC, KH, KW, C) with elements of no weight between."""
    channels, height, width, depth = kernels.shape
    sizes = ((height - 1) * dilations[0] + 1, (width - 1) * dilations[1] + 1)
    spread = np.full((channels, *sizes, depth), zero_point, np.int64)
    spread[:, :: dilations[0], :: dilations[1]] = kernels
    return spread


def _read_output_padding(node: Node, image: Shape, kernels: Shape, strides: Shape) -> tuple[Shape, Shape]:
    """TOSA's output padding (top, bottom, left, right), and the shape of ONNX's result."""
    if "output_shape" in node.attributes or node.text("auto_pad", "NOTSET") not in ("NOTSET", "VALID"):
        raise refuse(node, "output_shape and auto_pad are not held; give pads and output_padding")
    pads, extra = node.integers("pads", (0,) * 4), node.integers("output_padding", (0, 0))
    padding: list[int] = []
    sizes: list[int] = []
    for axis in range(2):
        before, after = -pads[axis], extra[axis] - pads[axis + 2]
        padding += [before, after]
        sizes.append((image[axis + 2] - 1) * strides[axis] + kernels[axis + 1] + before + after)
    return tuple(padding), (image[0], kernels[0], *sizes)


HANDLERS: Mapping[str, Handler] = {"Conv": _convolve, "ConvTranspose": _convolve_transposed}
