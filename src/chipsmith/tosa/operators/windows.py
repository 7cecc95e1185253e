"""Sliding windows over arrays, and exact integer matrix products by floating-point ones.

Arrays here have the layout (inferences, batch, *spatial, channels), or (images, *spatial, channels) where the
first two are one axis.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from chipsmith.tosa.operators.row import Values

Int32Array = npt.NDArray[np.int32]

_EXACT_IN_FLOAT32 = 1 << 24
_PART_ELEMENTS = 1 << 19
# OpenBLAS stays in one thread up to this many multiplications of one matrix product
_SINGLE_THREAD_PRODUCTS = 1 << 18
_FEWEST_SLICE_ROWS = 16


@dataclass(frozen=True, kw_only=True)
class SlidingWindow:
    """A window that slides over the spatial axes; each field has one entry (padding: before, after) an axis."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]

    def output_sizes(self, sizes: Sequence[int]) -> tuple[int, ...]:
        """How many positions the window takes on each axis, for input sizes; the last one may be ragged."""
        return tuple(
            (size + sum(pad) - 1 - (taps - 1) * dilation) // stride + 1
            for size, taps, stride, dilation, pad in zip(
                sizes, self.kernel, self.stride, self.dilation, self.padding, strict=True
            )
        )

    def divides(self, sizes: Sequence[int]) -> bool:
        """Whether the window fits the padded input, and its last position ends at the input's end."""
        spans = [
            size + sum(pad) - 1 - (taps - 1) * dilation
            for size, taps, dilation, pad in zip(sizes, self.kernel, self.dilation, self.padding, strict=True)
        ]
        return all(span >= 0 and span % stride == 0 for span, stride in zip(spans, self.stride, strict=True))


def pad_spatial(images: Values, padding: Sequence[tuple[int, int]], value: float) -> Values:
    """The images with `value` around their spatial axes."""
    if not any(before or after for before, after in padding):
        return images
    return np.pad(images, [(0, 0), *padding, (0, 0)], constant_values=value)


def taps(images: Values, window: SlidingWindow) -> Iterator[tuple[tuple[int, ...], Values]]:
    """For each kernel position the view (images, *output sizes, channels) of padded images that it reads."""
    sizes = _positions(images, window)
    for tap in product(*(range(size) for size in window.kernel)):
        steps = zip(tap, window.dilation, window.stride, sizes, strict=True)
        slices = [slice(t * dilation, t * dilation + (n - 1) * stride + 1, stride) for t, dilation, stride, n in steps]
        yield tap, images[(slice(None), *slices)]


def _positions(padded: Values, window: SlidingWindow) -> tuple[int, ...]:
    bare = SlidingWindow(
        kernel=window.kernel, stride=window.stride, dilation=window.dilation, padding=((0, 0),) * len(window.kernel)
    )
    return bare.output_sizes(padded.shape[1:-1])


def patches(images: Values, window: SlidingWindow) -> Values:
    """The matrix (images, positions, kernel elements x channels) of padded images: one row a window position."""
    sizes = _positions(images, window)
    count, *spatial_strides, channel_stride = images.strides
    view = np.lib.stride_tricks.as_strided(
        images,
        shape=(len(images), *sizes, *window.kernel, images.shape[-1]),
        strides=(
            count,
            *(s * step for s, step in zip(spatial_strides, window.stride, strict=True)),
            *(s * step for s, step in zip(spatial_strides, window.dilation, strict=True)),
            channel_stride,
        ),
        writeable=False,
    )
    return view.reshape(len(images), int(np.prod(sizes)), -1)


def convolve(images: Values, weights: Values, window: SlidingWindow) -> Int32Array:
    """Sums of window x weights, low 32 bits: centred images (n, *spatial, in), weights (out, *kernel, in).

    The images are padded with zeros; the result is (n, *positions, out).
    """
    matrix = weights.reshape(len(weights), -1).T
    dtype = exact_dtype(images, matrix)
    matrix = np.ascontiguousarray(matrix, dtype)
    padded = pad_spatial(images.astype(dtype), window.padding, 0)
    sizes = _positions(padded, window)
    out = np.empty((len(images), int(np.prod(sizes)), matrix.shape[1]), np.int32)
    for part in _parts(len(images), out.shape[1] * matrix.shape[0]):
        rows = patches(padded[part], window)
        out[part] = to_int32(_product(rows.reshape(-1, len(matrix)), matrix)).reshape(-1, *out.shape[1:])
    return out.reshape(len(images), *sizes, -1)


def _product(rows: Values, matrix: Values) -> Values:
    """rows @ matrix, in slices so small that the library computes each in the calling thread.

    Its threads wait for one another by spinning: products of few columns gain nothing from them on an idle
    machine, and on a busy one they were measured at 10 to 30 times the time of one thread.
    """
    slice_rows = _SINGLE_THREAD_PRODUCTS // matrix.size
    if slice_rows < _FEWEST_SLICE_ROWS or slice_rows >= len(rows):
        return np.asarray(np.matmul(rows, matrix))
    whole = len(rows) // slice_rows * slice_rows
    sliced = np.matmul(rows[:whole].reshape(-1, slice_rows, len(matrix)), matrix)
    return np.concatenate([sliced.reshape(whole, -1), np.matmul(rows[whole:], matrix)])


def filter_channels(images: Values, weights: Values, window: SlidingWindow) -> Int32Array:
    """Each channel's own M window sums, low 32 bits: centred images (n, h, w, C), weights (KH, KW, C, M).

    The images are padded with zeros; the result is (n, *positions, C, M).
    """
    sizes = window.output_sizes(images.shape[1:-1])
    out = np.zeros((len(images), *sizes, *weights.shape[2:]), np.int32)
    for part in _parts(len(images), out[:1].size):
        padded = pad_spatial(images[part].astype(np.int32), window.padding, 0)
        for tap, seen in taps(padded, window):
            out[part] += seen[..., None] * weights[tap].astype(np.int32)
    return out


def _parts(images: int, elements_each: int) -> Iterator[slice]:
    """Slices of images whose intermediate values stay small enough for the caches."""
    step = max(1, _PART_ELEMENTS // max(1, elements_each))
    for start in range(0, images, step):
        yield slice(start, start + step)


def multiply_matrices(left: Values, right: Values) -> Int32Array:
    """left @ right, low 32 bits, for centred integers of small magnitude (as int8 minus a zero point)."""
    dtype = exact_dtype(left, right)
    return to_int32(np.matmul(left.astype(dtype), right.astype(dtype)))


def exact_dtype(left: Values, right: Values) -> type[np.float32] | type[np.float64]:
    """The floating type in which left @ right is exact in any order of additions.

    No partial sum exceeds max|left| x the largest column sum of |right|; the narrow type holds all integers up
    to 2**24, the wide one up to 2**53, which int8 operands cannot reach.
    """
    largest = int(np.abs(left).max(initial=0))
    column_sum = int(np.abs(right).sum(axis=-2, dtype=np.int64).max(initial=0))
    return np.float32 if largest * column_sum < _EXACT_IN_FLOAT32 else np.float64


def to_int32(exact: Values) -> Int32Array:
    """The low 32 bits of integers held in floating point."""
    wide = exact if exact.dtype == np.float32 else exact.astype(np.int64)
    return wide.astype(np.int32)
