"""Convolutions and their transposes: what PyTorch computes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from float_values import applied, floats
from torch.nn import functional

from chipsmith.errors import BadInput
from chipsmith.frontends.forms.convolution import convolve
from chipsmith.frontends.forms.transposed import convolve_transposed
from chipsmith.frontends.forms.values import Const, natural_value
from chipsmith.frontends.forms.windows import Window, make_window
from chipsmith.tosa.builder import GraphBuilder
from chipsmith.tosa.graph import DType

IMAGE, CHANNELS_LAST = floats(2, 6, 9, 8), (0, 2, 3, 1)


def assert_close(ours, theirs):
    np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("groups", [1, 2, 3, 6])
@pytest.mark.parametrize("order", [None, CHANNELS_LAST])
def test_convolution_in_groups(groups, order):
    weights, bias = floats(12, 6 // groups, 3, 2), floats(12)

    def form(build, image):
        window = make_window(build, sizes=(9, 8), kernel=(3, 2), strides=(2, 1), pads=((1, 1), (0, 1)))
        return convolve(build, image, Const(values=weights), bias=Const(values=bias), window=window, groups=groups)

    padded = functional.pad(torch.tensor(IMAGE), (0, 1, 1, 1))
    theirs = functional.conv2d(padded, torch.tensor(weights), torch.tensor(bias), stride=(2, 1), groups=groups)
    assert_close(applied(form, IMAGE, order=order), theirs)


def test_computed_weights_and_bias():
    arrays = [IMAGE, floats(4, 6, 3, 3), floats(4)]

    def form(build, image, weights, bias):
        window = make_window(build, sizes=(9, 8), kernel=(3, 3))
        return convolve(build, image, weights, bias=bias, window=window)

    assert_close(applied(form, *arrays), functional.conv2d(*map(torch.tensor, arrays)))


@pytest.mark.parametrize("groups", [1, 2, 12])
@pytest.mark.parametrize("computed", [False, True])
def test_transposed_convolution_in_groups(groups, computed):
    """Many groups are a convolution of the image with zeros between."""
    image, weights = floats(1, 12, 5, 4), floats(12, 3, 3, 3)

    def form(build, image, *given):
        window = Window(kernel=(3, 3), strides=(2, 3), dilations=(1, 2), pads=((1, 1), (0, 2)))
        kernels = given[0] if computed else Const(values=weights)
        return convolve_transposed(build, image, kernels, window=window, extra=(1, 0), groups=groups)

    whole = functional.conv_transpose2d(
        torch.tensor(image), torch.tensor(weights), stride=(2, 3), dilation=(1, 2), groups=groups, output_padding=(1, 1)
    )
    ours = applied(form, image, weights) if computed else applied(form, image)
    assert_close(ours, whole[:, :, 1:-1, :-3])


def test_a_window_that_does_not_fit_is_named():
    build = GraphBuilder()
    build.scope = "layer1"
    with pytest.raises(BadInput, match=r"'layer1': a window of \[5, 3\] does not fit an input of \[4, 8\]"):
        make_window(build, sizes=(4, 8), kernel=(3, 3), dilations=(2, 1))


def test_a_bias_that_does_not_fit_is_named():
    build = GraphBuilder()
    build.scope = "layer1"
    image = natural_value(build, build.enter("x", (1, 3, 8, 8), DType.FP32))
    window = make_window(build, sizes=(8, 8), kernel=(1, 1))
    weights, bias = Const(values=floats(4, 3, 1, 1)), Const(values=floats(3))
    with pytest.raises(BadInput, match=r"'layer1': a bias of \[3\] does not fit 4 channels"):
        convolve(build, image, weights, bias=bias, window=window)
