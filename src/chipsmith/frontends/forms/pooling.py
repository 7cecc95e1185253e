"""Poolings of (N, C, spatial axes): a value for each window and channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial, reduce

import numpy as np
import numpy.typing as npt

from chipsmith.errors import BadInput
from chipsmith.frontends.forms.convolution import convolve, lay_channels_last, lift_channels, zero_points
from chipsmith.frontends.forms.elementwise import apply_binary, apply_unary, number
from chipsmith.frontends.forms.movement import concatenate, take_every, tile
from chipsmith.frontends.forms.operands import slice_axis
from chipsmith.frontends.forms.padding import pad
from chipsmith.frontends.forms.reduction import reduce_axes
from chipsmith.frontends.forms.resampling import multiply_along
from chipsmith.frontends.forms.values import Const, GraphValue
from chipsmith.frontends.forms.windows import Pads, Window, trim, widen
from chipsmith.tosa.builder import GraphBuilder
from chipsmith.tosa.graph import AttributeValue


def pool_maximum(build: GraphBuilder, image: GraphValue, window: Window) -> GraphValue:
    """The greatest element of each window; padding counts for nothing.

    Raises BadInput where the padding is as large as the window.
    """
    _check_padding(build, window)
    if max(window.dilations) > 1:
        return _maximum_apart(build, image, window)
    return _pool_by_axes(build, "MAX_POOL2D", image, window)


def pool_average(build: GraphBuilder, image: GraphValue, window: Window, *, counted: Pads = ()) -> GraphValue:
    """The mean of each window; padding counts for nothing, but as zeros where it is within `counted`."""
    image, window = _write_padding(build, image, window, counted)
    _check_padding(build, window)
    if max(window.dilations) > 1:
        return _average_apart(build, image, window)
    return _pool_by_axes(build, "AVG_POOL2D", image, window)


def pool_norm(build: GraphBuilder, image: GraphValue, window: Window, *, order: float) -> GraphValue:
    """The norm of each window, (sum of |x| ** order) ** (1 / order); padding counts as zeros.

    The powers are added and not convolved: a convolution's input would be rounded to 8 bits, and with it small powers.
    """
    powers = _raise(build, apply_unary(build, "ABS", image), order)
    padded = pad(build, powers, ((0, 0), (0, 0), *window.pads))
    return _raise(build, _combine_apart(build, "ADD", padded, window), 1 / order)


def norm_of_all(build: GraphBuilder, image: GraphValue, *, order: float) -> GraphValue:
    """The norm of each channel over all spatial axes, which stay with size 1."""
    powers = _raise(build, apply_unary(build, "ABS", image), order)
    return _raise(build, reduce_axes(build, "REDUCE_SUM", powers, tuple(range(2, len(image.shape)))), 1 / order)


def pool_adaptively(build: GraphBuilder, image: GraphValue, sizes: Sequence[int]) -> GraphValue:
    """Means over windows that split each spatial axis into so many, evenly up to overlaps of an element."""
    for axis, count in enumerate(sizes, 2):
        bounds = split_evenly(image.shape[axis], count)
        matrix = np.zeros((count, image.shape[axis]))
        for row, (start, end) in enumerate(bounds):
            matrix[row, start:end] = 1 / (end - start)
        image = image if count == image.shape[axis] else multiply_along(build, image, axis, matrix)
    return image


def pool_maximum_adaptively(build: GraphBuilder, image: GraphValue, sizes: Sequence[int]) -> GraphValue:
    """Greatest elements of the windows of pool_adaptively."""
    for axis, count in enumerate(sizes, 2):
        parts = []
        for start, end in split_evenly(image.shape[axis], count):
            part = slice_axis(build, image, axis=axis, start=start, size=end - start)
            parts.append(reduce_axes(build, "REDUCE_MAX", part, (axis,)))
        image = parts[0] if count == 1 else concatenate(build, parts, axis)
    return image


def split_evenly(size: int, count: int) -> list[tuple[int, int]]:
    """Start and end of `count` windows that cover an axis: window i reaches from floor(i size / count) to the ceiling
    of (i + 1) size / count.
    """
    return [(index * size // count, -(-(index + 1) * size // count)) for index in range(count)]


def _check_padding(build: GraphBuilder, window: Window) -> None:
    for extent, pair in zip(window.extents, window.pads, strict=True):
        if max(pair) >= extent:
            raise BadInput(f"'{build.scope}': padding {list(pair)} is as large as the window of {extent}")


def _write_padding(build: GraphBuilder, image: GraphValue, window: Window, counted: Pads) -> tuple[GraphValue, Window]:
    """The image with the padding that counts around it, and the window with the rest."""
    if not any(map(any, counted)):
        return image, window
    pads = tuple(
        (before - own_before, after - own_after)
        for (before, after), (own_before, own_after) in zip(window.pads, counted, strict=True)
    )
    return pad(build, image, ((0, 0), (0, 0), *counted)), replace(window, pads=pads)


def _pool_by_axes(build: GraphBuilder, kind: str, image: GraphValue, window: Window) -> GraphValue:
    """Over two axes, then over the first of three: maxima of maxima, and means of means."""
    tensor, wide = lay_channels_last(build, image), widen(window)
    if len(wide.kernel) == 2:
        pooled = _pool_planes(build, kind, tensor, wide)
    else:
        batch, depth, height, width, channels = build.shape(tensor)
        planes = build.reshape(tensor, (batch * depth, height, width, channels))
        planes = _pool_planes(build, kind, planes, _choose_axes(wide, (1, 2)))
        area = build.shape(planes)[1] * build.shape(planes)[2]
        columns = build.reshape(planes, (batch, depth, area, channels))
        lengthwise = _choose_axes(wide, (0,))
        column = replace(
            lengthwise,
            kernel=(*lengthwise.kernel, 1),
            strides=(*lengthwise.strides, 1),
            dilations=(1, 1),
            pads=(*lengthwise.pads, (0, 0)),
        )
        pooled = _pool_planes(build, kind, columns, column)
    return lift_channels(build, pooled, (*image.shape[:2], *window.positions(image.shape[2:])))


def _choose_axes(window: Window, axes: Sequence[int]) -> Window:
    kernel, strides, dilations = (
        tuple(values[axis] for axis in axes) for values in (window.kernel, window.strides, window.dilations)
    )
    pads = tuple(window.pads[axis] for axis in axes)
    return Window(kernel=kernel, strides=strides, dilations=dilations, pads=pads)


def _pool_planes(build: GraphBuilder, kind: str, tensor: str, window: Window) -> str:
    """The operator on a tensor (N, H, W, C)."""
    source, exact = trim(build, tensor, window)
    batch, *sizes, channels = build.shape(source)
    attributes: dict[str, AttributeValue] = {
        "kernel": exact.kernel,
        "stride": exact.strides,
        "pad": tuple(width for pair in exact.pads for width in pair),
    }
    operands: tuple[str, ...] = (source,)
    if kind == "AVG_POOL2D":
        operands, attributes["acc_type"] = (source, *zero_points(build)), "FP32"
    shape = (batch, *exact.positions(sizes), channels)
    return build.emit(kind, operands, shape, build.dtype(source), attributes)


def _maximum_apart(build: GraphBuilder, image: GraphValue, window: Window) -> GraphValue:
    for axis, pair in enumerate(window.pads, 2):
        image = _surround_with_least(build, image, axis, pair)
    return _combine_apart(build, "MAXIMUM", image, window)


def _combine_apart(build: GraphBuilder, kind: str, padded: GraphValue, window: Window) -> GraphValue:
    """MAXIMUM or ADD of the elements of each window of a padded image, one after the other, an axis at a time."""
    axes = zip(window.kernel, window.extents, window.strides, window.dilations, strict=True)
    for axis, (taps, extent, stride, apart) in enumerate(axes, 2):
        count = (padded.shape[axis] - extent) // stride + 1
        parts = [
            _take_positions(build, padded, axis, range(tap * apart, tap * apart + (count - 1) * stride + 1, stride))
            for tap in range(taps)
        ]
        padded = reduce(partial(apply_binary, build, kind), parts)
    return padded


def _take_positions(build: GraphBuilder, value: GraphValue, axis: int, places: range) -> GraphValue:
    part = slice_axis(build, value, axis=axis, start=places.start, size=places.stop - places.start)
    return part if places.step == 1 else take_every(build, part, axis, places.step, len(places))


def _surround_with_least(build: GraphBuilder, image: GraphValue, axis: int, pair: tuple[int, int]) -> GraphValue:
    """The least elements along an axis around it: no maximum changes by them where a window has an element inside."""
    if not any(pair):
        return image
    value = reduce_axes(build, "REDUCE_MIN", image, (axis,))
    edges = [
        tile(build, value, tuple(width if index == axis else 1 for index in range(len(value.shape))))
        for width in pair
        if width
    ]
    parts = [edges[0], image] if pair[0] else [image]
    return concatenate(build, [*parts, *(edges[-1:] if pair[1] else [])], axis)


def _average_apart(build: GraphBuilder, image: GraphValue, window: Window) -> GraphValue:
    """Sums of dilated windows, each divided by the number of its elements inside of the image."""
    counts = _count_elements(window, image.shape[2:])
    sums = _sum_windows(build, image, window)
    return apply_binary(build, "MUL", sums, Const(values=(1 / counts)[None, None].astype(np.float32)))


def _count_elements(window: Window, sizes: Sequence[int]) -> npt.NDArray[np.float64]:
    """How many elements of the image each position of the window covers."""
    counts = np.ones(())
    for size, count, taps, stride, apart, (before, _) in zip(
        sizes, window.positions(sizes), window.kernel, window.strides, window.dilations, window.pads, strict=True
    ):
        places = (np.arange(count) * stride - before)[:, None] + np.arange(taps) * apart
        counts = np.multiply.outer(counts, ((places >= 0) & (places < size)).sum(axis=1))
    return np.maximum(counts, 1)


def _sum_windows(build: GraphBuilder, image: GraphValue, window: Window) -> GraphValue:
    """The sum of each window, by a convolution of each channel with ones."""
    channels = image.shape[1]
    weights = Const(values=np.ones((channels, 1, *window.kernel), np.float32))
    return convolve(build, image, weights, window=window, groups=channels)


def _raise(build: GraphBuilder, value: GraphValue, exponent: float) -> GraphValue:
    if exponent == 1:
        return value
    if exponent == 2:
        return apply_binary(build, "MUL", value, value)
    return apply_binary(build, "POW", value, number(exponent))
