"""Float pooling and resizing of images (N, H, W, C)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from chipsmith.tosa.floating.row import FloatRow
from chipsmith.tosa.operators.image import ResizeAxis, resize_axes
from chipsmith.tosa.operators.pooling import pooling_window, window_counts
from chipsmith.tosa.operators.row import Operation, Values
from chipsmith.tosa.operators.windows import SlidingWindow, pad_spatial, taps


def _combine(images: Values, window: SlidingWindow, function: Callable[..., Values], padding: float) -> Values:
    """A function of two values over all of a window: over its rows, then over its columns."""
    padded = pad_spatial(images, window.padding, padding)
    for axis in range(2):
        padded = _combine_axis(padded, window, function, axis)
    return padded


def _combine_axis(images: Values, window: SlidingWindow, function: Callable[..., Values], axis: int) -> Values:
    kernel, stride = [1, 1], [1, 1]
    kernel[axis], stride[axis] = window.kernel[axis], window.stride[axis]
    line = SlidingWindow(kernel=(*kernel,), stride=(*stride,), dilation=(1, 1), padding=((0, 0), (0, 0)))
    views = (seen for _, seen in taps(images, line))
    combined = np.array(next(views))
    for seen in views:
        function(combined, seen, out=combined)
    return combined


def _average(operation: Operation, values: Sequence[Values]) -> Values:
    images = values[0].reshape(-1, *values[0].shape[2:])
    sums = _combine(images, pooling_window(operation), np.add, 0)
    means = sums / window_counts(operation)[..., None].astype(np.float32)
    return means.reshape(-1, *operation.output.shape)


def _maximum(operation: Operation, values: Sequence[Values]) -> Values:
    images = values[0].reshape(-1, *values[0].shape[2:])
    highest = _combine(images, pooling_window(operation), np.maximum, -np.inf)
    return highest.reshape(-1, *operation.output.shape)


def _resize(operation: Operation, values: Sequence[Values]) -> Values:
    """Rows first, then columns."""
    blend = _bilinear if operation.name("mode") == "BILINEAR" else _nearest
    y, x = resize_axes(operation)
    return blend(blend(values[0], y, 2), x, 3)


def _bilinear(image: Values, axis: ResizeAxis, position: int) -> Values:
    before, behind, distance = axis.neighbours()
    weight = (distance / axis.numerator).astype(np.float32).reshape(-1, *(1,) * (image.ndim - 1 - position))
    first, second = np.take(image, before, axis=position), np.take(image, behind, axis=position)
    blended: Values = first * (np.float32(1) - weight) + second * weight
    return blended


def _nearest(image: Values, axis: ResizeAxis, position: int) -> Values:
    return np.take(image, axis.nearest(), axis=position)


ROWS = (
    FloatRow(kind="AVG_POOL2D", operands=("input", "input_zp", "output_zp"), meaning=_average),
    FloatRow(kind="MAX_POOL2D", operands=("input",), meaning=_maximum),
    FloatRow(kind="RESIZE", operands=("input", "scale", "offset", "border"), meaning=_resize),
)
