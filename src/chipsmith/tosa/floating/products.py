"""Float convolutions and matrix products: sums of windows x weights by the matrix products of numpy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product

import numpy as np

from chipsmith.tosa.floating.row import FloatRow
from chipsmith.tosa.operators.convolution import convolution_window, pad_or_crop
from chipsmith.tosa.operators.row import Operation, Values
from chipsmith.tosa.operators.windows import SlidingWindow, pad_spatial, patches, taps

_PART_ELEMENTS = 1 << 19
"""Elements of the patches that are multiplied at once: they stay in the caches."""

_Kernel = Callable[[Operation, Values, Values], Values]


def _convolution(kernel: _Kernel, operation: Operation, values: Sequence[Values]) -> Values:
    """Apply `kernel` to images (inferences x batch, ...), once where the weights are shared; add the bias."""
    image, weight, bias = values[:3]
    if len(weight) == 1:
        out = kernel(operation, image.reshape(-1, *image.shape[2:]), weight[0])
    else:
        images = np.broadcast_to(image, (len(weight), *image.shape[1:]))
        out = np.stack([kernel(operation, *pair) for pair in zip(images, weight, strict=True)])
    sums = out.reshape(-1, *operation.output.shape)
    return np.add(sums, bias.reshape(len(bias), *(1,) * (sums.ndim - 2), -1))


def _dense(operation: Operation, values: Sequence[Values]) -> Values:
    return _convolution(_dense_kernel, operation, values)


def _dense_kernel(operation: Operation, images: Values, weight: Values) -> Values:
    return convolve_floats(images, weight, convolution_window(operation))


def convolve_floats(images: Values, weights: Values, window: SlidingWindow) -> Values:
    """Sums of window x weights of images (n, *spatial, in) with weights (out, *kernel, in): (n, *positions, out)."""
    matrix = weights.reshape(len(weights), -1).T
    padded = pad_spatial(images, window.padding, 0)
    sizes = window.output_sizes(images.shape[1:-1])
    out = np.empty((len(images), *sizes, len(weights)), np.float32)
    for image, rows, seen in _parts(padded, window, sizes, len(matrix)):
        target = out[image, rows]
        target[...] = np.matmul(patches(seen, window).reshape(-1, len(matrix)), matrix).reshape(target.shape)
    return out


def _parts(
    padded: Values, window: SlidingWindow, sizes: Sequence[int], patch_elements: int
) -> Iterator[tuple[slice, slice, Values]]:
    """Blocks of images, or of rows of a single image, with what the window reads for them."""
    row_elements = int(np.prod(sizes[1:])) * patch_elements
    images = max(1, _PART_ELEMENTS // (row_elements * sizes[0]))
    rows = sizes[0] if images > 1 else max(1, _PART_ELEMENTS // row_elements)
    span = (window.kernel[0] - 1) * window.dilation[0] + 1
    for image, row in product(range(0, len(padded), images), range(0, sizes[0], rows)):
        count = min(rows, sizes[0] - row)
        start = row * window.stride[0]
        end = start + (count - 1) * window.stride[0] + span
        yield slice(image, image + images), slice(row, row + count), padded[image : image + images, start:end]


def _depthwise(operation: Operation, values: Sequence[Values]) -> Values:
    return _convolution(_depthwise_kernel, operation, values)


def _depthwise_kernel(operation: Operation, images: Values, weight: Values) -> Values:
    """Weights (KH, KW, C, M); each channel of a single image is filtered at a time, tap by tap."""
    window = convolution_window(operation)
    channels, multiplier = weight.shape[2:]
    if channels == 1:
        return convolve_floats(images, np.moveaxis(weight, 3, 0), window)
    sizes = window.output_sizes(images.shape[1:-1])
    out = np.zeros((len(images), *sizes, channels, multiplier), np.float32)
    for image, sums in zip(images, out, strict=True):
        padded = pad_spatial(image[None], window.padding, 0)
        for tap, seen in taps(padded, window):
            sums += seen[0][..., None] * weight[tap]
    return out.reshape(len(images), *sizes, -1)


def _transposed(operation: Operation, values: Sequence[Values]) -> Values:
    return _convolution(_transposed_kernel, operation, values)


def _transposed_kernel(operation: Operation, images: Values, weight: Values) -> Values:
    """Each input pixel adds its weighted kernel to the output; the output padding then pads or crops."""
    out_channels, *kernel, channels = weight.shape
    stride = operation.integers("stride")
    sizes = [(size - 1) * step + span for size, step, span in zip(images.shape[1:-1], stride, kernel, strict=True)]
    canvas = np.zeros((len(images), *sizes, out_channels), np.float32)
    for ky, kx in product(*map(range, kernel)):
        rows = slice(ky, ky + (images.shape[1] - 1) * stride[0] + 1, stride[0])
        columns = slice(kx, kx + (images.shape[2] - 1) * stride[1] + 1, stride[1])
        pixels = images.reshape(-1, channels) @ weight[:, ky, kx].T
        canvas[:, rows, columns] += pixels.reshape(*images.shape[:-1], out_channels)
    return pad_or_crop(canvas, operation.integers("out_pad"))


def _multiply_matrices(operation: Operation, values: Sequence[Values]) -> Values:
    """A constant right operand of a single batch meets all inferences in one product."""
    del operation
    left, right = values[:2]
    if right.shape[:2] == (1, 1) and left.shape[1] == 1:
        flat: Values = np.matmul(left.reshape(-1, left.shape[-1]), right[0, 0])
        return flat.reshape(*left.shape[:-1], right.shape[-1])
    return np.asarray(np.matmul(left, right))


_OPERANDS = ("input", "weight", "bias", "input_zp", "weight_zp")
ROWS = (
    FloatRow(kind="CONV2D", operands=_OPERANDS, meaning=_dense),
    FloatRow(kind="CONV3D", operands=_OPERANDS, meaning=_dense),
    FloatRow(kind="DEPTHWISE_CONV2D", operands=_OPERANDS, meaning=_depthwise),
    FloatRow(kind="TRANSPOSE_CONV2D", operands=_OPERANDS, meaning=_transposed),
    FloatRow(kind="MATMUL", operands=("A", "B", "A_zp", "B_zp"), meaning=_multiply_matrices),
)
