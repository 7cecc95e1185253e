"""CONV2D, CONV3D, DEPTHWISE_CONV2D and TRANSPOSE_CONV2D: weighted sums over windows, in int32."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np

from chipsmith.tosa.graph import DType
from chipsmith.tosa.operators.loops import AffineIndex, LoopNest, loop
from chipsmith.tosa.operators.row import (
    ACC_TYPE_INT32,
    MAX_KERNEL,
    Attribute,
    Operand,
    Operation,
    OperatorRow,
    Shape,
    Values,
    flag,
    integers,
)
from chipsmith.tosa.operators.rules import strides_are_positive, zero_points_have_one_element
from chipsmith.tosa.operators.windows import (
    Int32Array,
    SlidingWindow,
    convolve,
    filter_channels,
    multiply_matrices,
    pad_spatial,
)

_CHAPTER = "Tensor operators"
_TYPES = ({"in_t": DType.INT8, "weight_t": DType.INT8, "out_t": DType.INT32},)


def convolution_window(operation: Operation) -> SlidingWindow:
    """The window of CONV2D, CONV3D or DEPTHWISE_CONV2D."""
    pad = operation.integers("pad")
    return SlidingWindow(
        kernel=_kernel(operation),
        stride=operation.integers("stride"),
        dilation=operation.integers("dilation"),
        padding=tuple(zip(pad[0::2], pad[1::2], strict=True)),
    )


def _kernel(operation: Operation) -> Shape:
    """Kernel sizes of the weights: KH, KW, C, M for a depthwise convolution, else OC, (KD,) KH, KW, IC."""
    weight = operation.shape("weight")
    return weight[:2] if operation.operator.kind == "DEPTHWISE_CONV2D" else weight[1:-1]


def _output_channels(operation: Operation) -> int:
    weight = operation.shape("weight")
    return weight[2] * weight[3] if operation.operator.kind == "DEPTHWISE_CONV2D" else weight[0]


def padding_is_not_negative(operation: Operation) -> bool:
    """Padding is 0 or more and at most 8192."""
    return all(0 <= pad <= MAX_KERNEL for pad in operation.integers("pad"))


def dilations_are_positive(operation: Operation) -> bool:
    """Dilations are at least 1, and dilation times kernel size is at most 8192."""
    dilations = operation.integers("dilation")
    spans = (dilation * size for dilation, size in zip(dilations, _kernel(operation), strict=True))
    return min(dilations) >= 1 and max(spans) <= MAX_KERNEL


def kernel_is_small_enough(operation: Operation) -> bool:
    """Kernel sizes are at most 8192."""
    return max(_kernel(operation)) <= MAX_KERNEL


def channels_agree(operation: Operation) -> bool:
    """The weights have as many input channels as the input."""
    weight = operation.shape("weight")
    channels = weight[2] if operation.operator.kind == "DEPTHWISE_CONV2D" else weight[-1]
    return channels == operation.shape("input")[-1]


def bias_fits(operation: Operation) -> bool:
    """The bias has one element, or one an output channel."""
    return operation.shape("bias")[0] in (1, _output_channels(operation))


def window_divides(operation: Operation) -> bool:
    """The window fits the padded input and its strides end exactly at the input's end."""
    return convolution_window(operation).divides(operation.shape("input")[1:-1])


def output_padding_is_not_too_negative(operation: Operation) -> bool:
    """Output padding crops less than the kernel size on each side, and is at most 8192."""
    kernel = np.repeat(_kernel(operation), 2)
    pads = operation.integers("out_pad")
    return all(-size < pad <= MAX_KERNEL for pad, size in zip(pads, kernel, strict=True))


def _transposed_sizes(operation: Operation) -> Shape:
    pad = operation.integers("out_pad")
    sizes = operation.shape("input")[1:-1]
    strides, kernel = operation.integers("stride"), _kernel(operation)
    return tuple(
        (sizes[axis] - 1) * strides[axis] + pad[2 * axis] + pad[2 * axis + 1] + kernel[axis] for axis in range(2)
    )


def output_is_not_empty(operation: Operation) -> bool:
    """The output, cropped by the output padding, has at least one row and one column."""
    return min(_transposed_sizes(operation)) >= 1


def _convolution_shape(operation: Operation) -> Shape:
    batch, *sizes, _ = operation.shape("input")
    return (batch, *convolution_window(operation).output_sizes(sizes), _output_channels(operation))


def _transposed_shape(operation: Operation) -> Shape:
    return (operation.shape("input")[0], *_transposed_sizes(operation), _output_channels(operation))


def _centred(operation: Operation, values: Sequence[Values]) -> tuple[Values, Values]:
    """Input and weights minus their zero points."""
    image = values[0].astype(np.int16) - np.int16(operation.value("input_zp"))
    weight = values[1].astype(np.int16) - np.int16(operation.value("weight_zp"))
    return image, weight


_Kernel = Callable[[Operation, Values, Values], Int32Array]


def _convolution(operation: Operation, values: Sequence[Values], kernel: _Kernel) -> Values:
    """Apply `kernel` to images (inferences x batch, ...), once where the weights are shared; add the bias."""
    image, weight = _centred(operation, values)
    inferences = max(len(image), len(weight))
    if len(weight) == 1:
        out = kernel(operation, image.reshape(-1, *image.shape[2:]), weight[0])
    else:
        images = np.broadcast_to(image, (inferences, *image.shape[1:]))
        out = np.stack([kernel(operation, *pair) for pair in zip(images, weight, strict=True)])
    return _with_bias(out.reshape(-1, *operation.output.shape), values[2])


def _with_bias(sums: Int32Array, bias: Values) -> Values:
    """Add a bias (inferences, channels or 1); int32 additions wrap."""
    spread = bias.reshape(len(bias), *(1,) * (sums.ndim - 2), -1)
    if len(bias) <= len(sums):
        return np.add(sums, spread, out=sums)
    return np.add(sums, spread)


def _dense(operation: Operation, values: Sequence[Values]) -> Values:
    return _convolution(operation, values, _dense_kernel)


def _dense_kernel(operation: Operation, images: Values, weight: Values) -> Int32Array:
    return convolve(images, weight, convolution_window(operation))


def _depthwise(operation: Operation, values: Sequence[Values]) -> Values:
    return _convolution(operation, values, _depthwise_kernel)


def _depthwise_kernel(operation: Operation, images: Values, weight: Values) -> Int32Array:
    """Weights (KH, KW, C, M); one channel in is an ordinary convolution, otherwise each channel is filtered."""
    window = convolution_window(operation)
    if weight.shape[2] == 1:
        return convolve(images, np.moveaxis(weight, 3, 0), window)
    return filter_channels(images, weight, window)


def _transposed(operation: Operation, values: Sequence[Values]) -> Values:
    return _convolution(operation, values, _transposed_kernel)


def _transposed_kernel(operation: Operation, images: Values, weight: Values) -> Int32Array:
    """Each input pixel adds its weighted kernel to the output; the output padding then pads or crops."""
    out_channels, *kernel, channels = weight.shape
    stride = operation.integers("stride")
    products = multiply_matrices(images, weight.reshape(-1, channels).T)
    products = products.reshape(*images.shape[:-1], out_channels, *kernel)
    sizes = [(size - 1) * step + taps_ for size, step, taps_ in zip(images.shape[1:-1], stride, kernel, strict=True)]
    canvas = np.zeros((len(images), *sizes, out_channels), np.int32)
    for ky, kx in product(*map(range, kernel)):
        rows = slice(ky, ky + (images.shape[1] - 1) * stride[0] + 1, stride[0])
        columns = slice(kx, kx + (images.shape[2] - 1) * stride[1] + 1, stride[1])
        canvas[:, rows, columns] += products[..., ky, kx]
    return pad_or_crop(canvas, operation.integers("out_pad"))


def pad_or_crop(canvas: Values, pad: Sequence[int]) -> Values:
    """Images with rows and columns added (zeros) or taken away: top, bottom, left, right."""
    top, bottom, left, right = pad
    height, width = canvas.shape[1:3]
    kept = canvas[:, max(-top, 0) : height - max(-bottom, 0), max(-left, 0) : width - max(-right, 0)]
    return pad_spatial(kept, [(max(top, 0), max(bottom, 0)), (max(left, 0), max(right, 0))], 0)


_OUTPUT_LOOPS, _KERNEL_LOOPS = ("od", "oy", "ox"), ("kd", "ky", "kx")
_INPUT_LOOPS = ("iy", "ix")


def _window_loops(operation: Operation) -> tuple[dict[str, int], tuple[AffineIndex, ...], tuple[AffineIndex, ...]]:
    """Bounds of output and kernel loops, the spatial indices of the input, and those of the output."""
    window = convolution_window(operation)
    axes = len(window.kernel)
    outs, taps = _OUTPUT_LOOPS[-axes:], _KERNEL_LOOPS[-axes:]
    sizes = operation.output.shape[1:-1]
    bounds = dict(zip((*outs, *taps), (*sizes, *window.kernel), strict=True))
    seen = tuple(
        AffineIndex(coefficients={outs[i]: window.stride[i], taps[i]: window.dilation[i]}, offset=-window.padding[i][0])
        for i in range(axes)
    )
    return bounds, seen, tuple(map(loop, outs))


def _dense_loop_nest(operation: Operation) -> LoopNest:
    bounds, seen, written = _window_loops(operation)
    weight, kernel = operation.shape("weight"), _KERNEL_LOOPS[-len(seen) :]
    return LoopNest(
        bounds={"n": operation.output.shape[0], "oc": weight[0], **bounds, "ic": weight[-1]},
        reads={
            "input": (loop("n"), *seen, loop("ic")),
            "weight": (loop("oc"), *map(loop, kernel), loop("ic")),
        },
        write=(loop("n"), *written, loop("oc")),
    )


def _depthwise_loop_nest(operation: Operation) -> LoopNest:
    bounds, seen, written = _window_loops(operation)
    *_, channels, multiplier = operation.shape("weight")
    return LoopNest(
        bounds={"n": operation.output.shape[0], "c": channels, "m": multiplier, **bounds},
        reads={
            "input": (loop("n"), *seen, loop("c")),
            "weight": (loop("ky"), loop("kx"), loop("c"), loop("m")),
        },
        write=(loop("n"), *written, AffineIndex(coefficients={"c": multiplier, "m": 1})),
    )


def _transposed_loop_nest(operation: Operation) -> LoopNest:
    """The loops run over the input; steps outside of the cropped output add nothing."""
    batch, *sizes, channels = operation.shape("input")
    stride, pad, kernel = operation.integers("stride"), operation.integers("out_pad"), _kernel(operation)
    taps = _KERNEL_LOOPS[-2:]
    spatial = dict(zip((*_INPUT_LOOPS, *taps), (*sizes, *kernel), strict=True))
    written = tuple(
        AffineIndex(coefficients={_INPUT_LOOPS[i]: stride[i], taps[i]: 1}, offset=pad[2 * i]) for i in range(2)
    )
    return LoopNest(
        bounds={"n": batch, "oc": _output_channels(operation), **spatial, "ic": channels},
        reads={
            "input": (loop("n"), *map(loop, _INPUT_LOOPS), loop("ic")),
            "weight": (loop("oc"), *map(loop, taps), loop("ic")),
        },
        write=(loop("n"), *written, loop("oc")),
    )


def _operands(rank: int) -> tuple[Operand, ...]:
    return (
        Operand(name="input", type_name="in_t", min_rank=rank, max_rank=rank),
        Operand(name="weight", type_name="weight_t", min_rank=rank, max_rank=rank),
        Operand(name="bias", type_name="out_t", min_rank=1, max_rank=1),
        Operand(name="input_zp", type_name="in_t", min_rank=1, max_rank=1, compile_time=True),
        Operand(name="weight_zp", type_name="weight_t", min_rank=1, max_rank=1, compile_time=True),
    )


_COMMON = (strides_are_positive, channels_agree, bias_fits, zero_points_have_one_element)
_WINDOWED = (padding_is_not_negative, dilations_are_positive, *_COMMON, window_divides)


def _windowed_attributes(axes: int) -> tuple[Attribute, ...]:
    return (
        integers("pad", 2 * axes),
        integers("stride", axes),
        integers("dilation", axes),
        flag("local_bound"),
        ACC_TYPE_INT32,
    )


CONV2D = OperatorRow(
    kind="CONV2D",
    chapter=_CHAPTER,
    summary="Convolution of (N, H, W, IC) with weights (OC, KH, KW, IC); padding counts as the zero point.",
    inputs=_operands(4),
    output=Operand(name="output", type_name="out_t", min_rank=4, max_rank=4),
    types=_TYPES,
    attributes=_windowed_attributes(2),
    constraints=_WINDOWED,
    shape=_convolution_shape,
    meaning=_dense,
    loop_nest=_dense_loop_nest,
)

CONV3D = OperatorRow(
    kind="CONV3D",
    chapter=_CHAPTER,
    summary="Convolution of (N, D, H, W, IC) with weights (OC, KD, KH, KW, IC).",
    inputs=_operands(5),
    output=Operand(name="output", type_name="out_t", min_rank=5, max_rank=5),
    types=_TYPES,
    attributes=_windowed_attributes(3),
    constraints=_WINDOWED,
    shape=_convolution_shape,
    meaning=_dense,
    loop_nest=_dense_loop_nest,
)

DEPTHWISE_CONV2D = OperatorRow(
    kind="DEPTHWISE_CONV2D",
    chapter=_CHAPTER,
    summary="Convolution of each channel of (N, H, W, C) with its own M kernels, weights (KH, KW, C, M).",
    inputs=_operands(4),
    output=Operand(name="output", type_name="out_t", min_rank=4, max_rank=4),
    types=_TYPES,
    attributes=_windowed_attributes(2),
    constraints=_WINDOWED,
    shape=_convolution_shape,
    meaning=_depthwise,
    loop_nest=_depthwise_loop_nest,
)

TRANSPOSE_CONV2D = OperatorRow(
    kind="TRANSPOSE_CONV2D",
    chapter=_CHAPTER,
    summary="Convolution's transpose: each pixel of (N, H, W, IC) adds its weighted kernel to the output.",
    inputs=_operands(4),
    output=Operand(name="output", type_name="out_t", min_rank=4, max_rank=4),
    types=_TYPES,
    attributes=(integers("out_pad", 4), integers("stride", 2), flag("local_bound"), ACC_TYPE_INT32),
    constraints=(kernel_is_small_enough, *_COMMON, output_padding_is_not_too_negative, output_is_not_empty),
    shape=_transposed_shape,
    meaning=_transposed,
    loop_nest=_transposed_loop_nest,
)

ROWS = (CONV2D, CONV3D, DEPTHWISE_CONV2D, TRANSPOSE_CONV2D)
