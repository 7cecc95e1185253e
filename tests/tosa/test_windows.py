"""Integer products by floating-point ones are exact, however large the sums."""

from __future__ import annotations

import numpy as np
import pytest

from chipsmith.tosa.operators.windows import SlidingWindow, convolve, exact_dtype, filter_channels, multiply_matrices

POINT = SlidingWindow(kernel=(1, 1), stride=(1, 1), dilation=(1, 1), padding=((0, 0), (0, 0)))


@pytest.mark.parametrize(("depth", "dtype"), [(257, np.float32), (259, np.float64), (4099, np.float64)])
def test_the_largest_sums_of_int8(depth, dtype):
    left, right = np.full((1, depth), -255, np.int16), np.full((depth, 1), 255, np.int16)
    assert exact_dtype(left, right) is dtype
    assert multiply_matrices(left, right) == -255 * 255 * depth


def test_odd_sums_near_the_bound_keep_their_last_bit():
    right = np.ones((65793, 1), np.int16)
    left = np.full((1, 65793), 255, np.int16)
    left[0, 0] = 254
    assert multiply_matrices(left, right) == 255 * 65793 - 1


def test_sums_beyond_int32_wrap():
    left, right = np.full((1, 40000), -255, np.int16), np.full((40000, 1), 255, np.int16)
    assert multiply_matrices(left, right) == (-255 * 255 * 40000 + (1 << 31)) % (1 << 32) - (1 << 31)


@pytest.mark.parametrize("images", [1, 3, 64])
def test_convolution_in_parts_is_convolution(images):
    generator = np.random.default_rng(images)
    image = generator.integers(-255, 256, (images, 40, 33, 5)).astype(np.int16)
    weight = generator.integers(-255, 256, (2, 3, 2, 5)).astype(np.int16)
    window = SlidingWindow(kernel=(3, 2), stride=(2, 3), dilation=(2, 1), padding=((1, 2), (0, 1)))
    sums = convolve(image, weight, window)
    padded = np.pad(image, ((0, 0), (1, 2), (0, 1), (0, 0))).astype(np.int64)
    for oy, ox in ((0, 0), (7, 4), (sums.shape[1] - 1, sums.shape[2] - 1)):
        seen = padded[:, 2 * oy : 2 * oy + 5 : 2, 3 * ox : 3 * ox + 2]
        np.testing.assert_array_equal(sums[:, oy, ox], np.einsum("nyxc,oyxc->no", seen, weight))


def test_channels_filtered_in_parts():
    image = np.arange(100 * 90 * 90 * 2, dtype=np.int32).reshape(100, 90, 90, 2) % 511 - 255
    weight = np.array([2, 3], np.int16).reshape(1, 1, 2, 1)
    np.testing.assert_array_equal(filter_channels(image, weight, POINT)[..., 0], image * [2, 3])
