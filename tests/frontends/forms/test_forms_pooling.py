"""Poolings: what PyTorch computes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from float_values import applied, floats
from torch.nn import functional

from chipsmith.errors import BadInput
from chipsmith.frontends.forms.pooling import (
    pool_adaptively,
    pool_average,
    pool_maximum,
    pool_maximum_adaptively,
)
from chipsmith.frontends.forms.windows import make_window, pad_to_ceiling
from chipsmith.tosa.builder import GraphBuilder

IMAGE = floats(1, 3, 9, 7)
SIZES = [(3, 7), (2, 3), (5, 4), (1, 1)]


def pooled(pool, *, sizes=(9, 7), order=None, **attributes):
    def form(build, image):
        window = make_window(build, sizes=sizes, kernel=(3, 3), **attributes)
        return pool(build, image, pad_to_ceiling(window, sizes))

    return applied(form, IMAGE, order=order)


@pytest.mark.parametrize("order", [None, (0, 2, 3, 1)])
@pytest.mark.parametrize("apart", [1, 2])
def test_greatest_elements_to_a_ceiling(order, apart):
    ours = pooled(pool_maximum, order=order, strides=(2, 2), dilations=(apart, apart), pads=((1, 1), (1, 1)))
    theirs = functional.max_pool2d(torch.tensor(IMAGE), 3, 2, 1, apart, ceil_mode=True)
    np.testing.assert_array_equal(ours, theirs.numpy())


@pytest.mark.parametrize("counts", [False, True])
def test_means_to_a_ceiling(counts):
    """The elements that a ceiling adds never count."""
    pads = ((1, 1), (1, 1))

    def average(build, image, window):
        return pool_average(build, image, window, counted=pads if counts else ())

    ours = pooled(average, strides=(2, 2), pads=pads)
    theirs = functional.avg_pool2d(torch.tensor(IMAGE), 3, 2, 1, ceil_mode=True, count_include_pad=counts)
    np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("sizes", SIZES)
def test_adaptive_poolings(sizes):
    image = torch.tensor(IMAGE)
    means = applied(lambda build, x: pool_adaptively(build, x, sizes), IMAGE)
    np.testing.assert_allclose(means, functional.adaptive_avg_pool2d(image, sizes).numpy(), rtol=1e-5, atol=1e-6)
    greatest = applied(lambda build, x: pool_maximum_adaptively(build, x, sizes), IMAGE)
    np.testing.assert_array_equal(greatest, functional.adaptive_max_pool2d(image, sizes).numpy())


def test_padding_as_large_as_the_window_is_refused():
    with pytest.raises(BadInput, match=r"padding \[3, 0\] is as large as the window of 3"):
        pooled(pool_maximum, pads=((3, 0), (0, 0)))


def test_numbers_for_another_count_of_axes_are_refused():
    with pytest.raises(BadInput, match="do not fit 3 spatial axes"):
        make_window(GraphBuilder(), sizes=(4, 4, 4), kernel=(2, 2))
