"""Views: other shapes of the same bytes, with numpy's strided arrays as the witness."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from chipsmith.compiler.lower.view import View, dense_strides, dense_view
from chipsmith.tosa.graph import DType, Tensor


def view_of(*shape, dtype=DType.INT8):
    return dense_view(Tensor(name="x", shape=shape, dtype=dtype), "x")


def elements(view):
    """What a view shows of a buffer whose element i is i."""
    size = view.dtype.size_bytes
    buffer = np.arange(256)
    strides = tuple(stride // size * buffer.itemsize for stride in view.strides)
    return np.lib.stride_tricks.as_strided(buffer[view.offset // size :], view.shape, strides, writeable=False)


def test_a_dense_view_is_row_major():
    view = view_of(2, 3, 4, dtype=DType.INT32)
    assert view.strides == dense_strides((2, 3, 4), 4) == (48, 16, 4)
    assert view.dense
    assert view.extent == (0, 96)


def test_a_transpose_moves_no_byte():
    nchw = view_of(1, 3, 4, 5)
    nhwc = nchw.transpose((0, 2, 3, 1))
    assert (nhwc.shape, nhwc.strides) == ((1, 4, 5, 3), (60, 5, 1, 20))
    assert not nhwc.dense
    np.testing.assert_array_equal(elements(nhwc), elements(nchw).transpose(0, 2, 3, 1))


def test_a_slice_starts_later_and_keeps_its_strides():
    region = view_of(4, 5, 6).slice((1, 2, 3), (2, 3, 2))
    assert (region.offset, region.strides) == (1 * 30 + 2 * 6 + 3, (30, 6, 1))
    assert region.extent == (45, 45 + 30 + 12 + 1 + 1)


def test_a_reversed_view_starts_at_its_end():
    backwards = view_of(2, 5).reverse(1)
    assert (backwards.offset, backwards.strides) == (4, (5, -1))
    assert backwards.extent == (0, 10)


def test_a_broadcast_dimension_stands_still():
    assert view_of(2, 1, 4).broadcast((2, 3, 4)).strides == (4, 0, 1)
    assert view_of(2, 1, 4).broadcast((2, 1, 4)).strides == (4, 4, 1)


@pytest.mark.parametrize(
    ("view", "shape", "strides"),
    [
        (view_of(4, 6), (2, 2, 6), (12, 6, 1)),
        (view_of(4, 6), (24,), (1,)),
        (view_of(4, 6).slice((0, 0), (4, 3)), (2, 2, 3), (12, 6, 1)),
        (view_of(4, 6).slice((0, 0), (4, 3)), (12,), None),
        (view_of(4, 6).transpose((1, 0)), (24,), None),
        (view_of(4, 6).transpose((1, 0)), (3, 2, 4), (2, 1, 6)),
        (view_of(4, 6).reverse(0), (2, 2, 6), (-12, -6, 1)),
    ],
)
def test_a_shape_is_a_view_where_no_copy_is_needed(view, shape, strides):
    shaped = view.reshape(shape)
    assert (shaped and shaped.strides) == strides


@pytest.mark.parametrize("seed", range(30))
def test_chains_of_views_show_what_numpy_shows(seed):
    rng = np.random.default_rng(seed)
    view = view_of(*rng.integers(1, 6, 3), dtype=[DType.INT8, DType.INT32][seed % 2])
    shown = elements(view)
    for _ in range(6):
        view, shown = _next(rng, view, shown)
        np.testing.assert_array_equal(elements(view), shown)
        low, high = view.extent
        wanted = shown * view.dtype.size_bytes
        assert (low, high) == (wanted.min(), wanted.max() + view.dtype.size_bytes)


def _next(rng, view: View, shown):
    match rng.integers(4):
        case 0:
            order = tuple(int(axis) for axis in rng.permutation(len(view.shape)))
            return view.transpose(order), shown.transpose(order)
        case 1:
            size = tuple(int(rng.integers(1, extent + 1)) for extent in view.shape)
            start = tuple(int(rng.integers(extent - mine + 1)) for extent, mine in zip(view.shape, size, strict=True))
            region = tuple(slice(first, first + mine) for first, mine in zip(start, size, strict=True))
            return view.slice(start, size), shown[region]
        case 2:
            axis = int(rng.integers(len(view.shape)))
            return view.reverse(axis), np.flip(shown, axis)
        case _:
            shape = (view.shape[0], 1, *view.shape[1:])
            other = view.reshape(shape)
            assert other == replace(view, shape=shape, strides=other.strides)
            return other, shown.reshape(shape)
