"""AVG_POOL2D and MAX_POOL2D: one value a window and channel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chipsmith import numerics
from chipsmith.numerics import RoundingMode
from chipsmith.tosa.graph import DType
from chipsmith.tosa.operators.row import (
    ACC_TYPE_INT32,
    MAX_KERNEL,
    NAN_MODE,
    Operand,
    Operation,
    OperatorRow,
    Shape,
    Values,
    integers,
)
from chipsmith.tosa.operators.rules import strides_are_positive, zero_points_have_one_element
from chipsmith.tosa.operators.windows import Int32Array, SlidingWindow, pad_spatial, taps

_CHAPTER = "Tensor operators"
_TYPES = ({"in_out_t": DType.INT8},)
_WINDOW_ATTRIBUTES = (integers("kernel", 2), integers("stride", 2), integers("pad", 4))


def pooling_window(operation: Operation) -> SlidingWindow:
    """The window of a pooling operator."""
    pad = operation.integers("pad")
    return SlidingWindow(
        kernel=operation.integers("kernel"),
        stride=operation.integers("stride"),
        dilation=(1, 1),
        padding=tuple(zip(pad[0::2], pad[1::2], strict=True)),
    )


def kernel_is_positive(operation: Operation) -> bool:
    """Kernel sizes are at least 1 and at most 8192."""
    return all(1 <= size <= MAX_KERNEL for size in operation.integers("kernel"))


def padding_is_smaller_than_the_kernel(operation: Operation) -> bool:
    """Padding is 0 or more, and on each side smaller than the kernel."""
    top, bottom, left, right = operation.integers("pad")
    height, width = operation.integers("kernel")
    return min(top, bottom, left, right) >= 0 and max(top, bottom) < height and max(left, right) < width


def window_divides(operation: Operation) -> bool:
    """The window fits the padded input and its strides end exactly at the input's end."""
    return pooling_window(operation).divides(operation.shape("input")[1:-1])


def _shape(operation: Operation) -> Shape:
    batch, height, width, channels = operation.shape("input")
    return (batch, *pooling_window(operation).output_sizes((height, width)), channels)


def window_counts(operation: Operation) -> Int32Array:
    """How many input pixels, padding excluded, each window position of a pooling covers: (OH, OW)."""
    window = pooling_window(operation)
    ones = np.ones((1, *operation.shape("input")[1:3], 1), np.int32)
    return _sums(ones, window)[0, :, :, 0]


def _sums(images: Values, window: SlidingWindow) -> Int32Array:
    padded = pad_spatial(images, window.padding, 0)
    sums = np.zeros((len(images), *window.output_sizes(images.shape[1:-1]), images.shape[-1]), np.int32)
    for _, seen in taps(padded, window):
        sums += seen
    return sums


def _average(operation: Operation, values: Sequence[Values]) -> Values:
    images = values[0].reshape(-1, *values[0].shape[2:]).astype(np.int32) - operation.value("input_zp")
    sums = _sums(images, pooling_window(operation))
    scale = numerics.reciprocal_scale(window_counts(operation)[..., None])
    means = numerics.apply_scale_32(sums, scale.multiplier, scale.shift, rounding_mode=RoundingMode.SINGLE_ROUND)
    means = numerics.saturate(means + operation.value("output_zp"), bits=8)
    return means.astype(np.int8).reshape(-1, *operation.output.shape)


def _maximum(operation: Operation, values: Sequence[Values]) -> Values:
    images = values[0].reshape(-1, *values[0].shape[2:])
    window = pooling_window(operation)
    padded = pad_spatial(images, window.padding, numerics.lowest(8))
    _, highest = next(taps(padded, window))
    for _, seen in taps(padded, window):
        highest = np.maximum(highest, seen)
    return highest.reshape(-1, *operation.output.shape)


AVG_POOL2D = OperatorRow(
    kind="AVG_POOL2D",
    chapter=_CHAPTER,
    summary="Mean of a window over (N, H, W, C), padding excluded, by a rounded reciprocal.",
    inputs=(
        Operand(name="input", type_name="in_out_t", min_rank=4, max_rank=4),
        Operand(name="input_zp", type_name="in_out_t", min_rank=1, max_rank=1, compile_time=True),
        Operand(name="output_zp", type_name="in_out_t", min_rank=1, max_rank=1, compile_time=True),
    ),
    output=Operand(name="output", type_name="in_out_t", min_rank=4, max_rank=4),
    types=_TYPES,
    attributes=(*_WINDOW_ATTRIBUTES, ACC_TYPE_INT32),
    constraints=(
        kernel_is_positive,
        strides_are_positive,
        padding_is_smaller_than_the_kernel,
        zero_points_have_one_element,
        window_divides,
    ),
    shape=_shape,
    meaning=_average,
)

MAX_POOL2D = OperatorRow(
    kind="MAX_POOL2D",
    chapter=_CHAPTER,
    summary="Maximum of a window over (N, H, W, C), padding excluded.",
    inputs=(Operand(name="input", type_name="in_out_t", min_rank=4, max_rank=4),),
    output=Operand(name="output", type_name="in_out_t", min_rank=4, max_rank=4),
    types=_TYPES,
    attributes=(*_WINDOW_ATTRIBUTES, NAN_MODE),
    constraints=(kernel_is_positive, strides_are_positive, padding_is_smaller_than_the_kernel, window_divides),
    shape=_shape,
    meaning=_maximum,
)

ROWS = (AVG_POOL2D, MAX_POOL2D)
