"""Resizing: what PyTorch computes, by integers where they say the same and by matrices where they do not."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from float_values import applied, floats
from torch.nn import functional

from chipsmith.frontends.forms.resize import resize_linear, resize_nearest, resize_weighted
from chipsmith.frontends.forms.sampling import (
    CoordinateMapping,
    PositionRounding,
    antialiased_weights,
    cubic_weights,
    round_positions,
    sample_positions,
    triangle_kernel,
)
from chipsmith.frontends.forms.values import natural_value
from chipsmith.tosa.builder import GraphBuilder
from chipsmith.tosa.graph import DType

IMAGE = floats(1, 3, 6, 7)
RESULTS = [(12, 14), (9, 14), (3, 5), (13, 4), (6, 1)]


def positions_of(mapping, sizes):
    return {
        axis: sample_positions(mapping, size=IMAGE.shape[axis], count=count, scale=count / IMAGE.shape[axis])
        for axis, count in zip((2, 3), sizes, strict=True)
    }


@pytest.mark.parametrize("sizes", RESULTS)
@pytest.mark.parametrize("corners", [False, True])
def test_linear(sizes, corners):
    mapping = CoordinateMapping.ALIGN_CORNERS if corners else CoordinateMapping.HALF_PIXEL
    ours = applied(lambda build, x: resize_linear(build, x, positions_of(mapping, sizes)), IMAGE)
    theirs = functional.interpolate(torch.tensor(IMAGE), sizes, mode="bilinear", align_corners=corners)
    np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("sizes", RESULTS)
def test_nearest(sizes):
    positions = positions_of(CoordinateMapping.CORNER, sizes)
    chosen = {
        axis: (
            array,
            round_positions(
                array, PositionRounding.FLOOR, size=IMAGE.shape[axis], scale=len(array) / IMAGE.shape[axis]
            ),
        )
        for axis, array in positions.items()
    }
    ours = applied(lambda build, x: resize_nearest(build, x, chosen), IMAGE)
    np.testing.assert_array_equal(ours, functional.interpolate(torch.tensor(IMAGE), sizes, mode="nearest").numpy())


@pytest.mark.parametrize("sizes", RESULTS)
def test_cubic(sizes):
    matrices = {
        axis: cubic_weights(array, IMAGE.shape[axis], coefficient=-0.75, exclude_outside=False)
        for axis, array in positions_of(CoordinateMapping.HALF_PIXEL, sizes).items()
    }
    ours = applied(lambda build, x: resize_weighted(build, x, matrices), IMAGE)
    theirs = functional.interpolate(torch.tensor(IMAGE), sizes, mode="bicubic", align_corners=False)
    np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("sizes", RESULTS)
def test_antialiased(sizes):
    matrices = {
        axis: antialiased_weights(
            array,
            IMAGE.shape[axis],
            scale=len(array) / IMAGE.shape[axis],
            kernel=triangle_kernel,
            exclude_outside=True,
        )
        for axis, array in positions_of(CoordinateMapping.HALF_PIXEL, sizes).items()
    }
    ours = applied(lambda build, x: resize_weighted(build, x, matrices), IMAGE)
    theirs = functional.interpolate(torch.tensor(IMAGE), sizes, mode="bilinear", antialias=True)
    np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("count", "scale"), [(12, (2, 1)), (9, (3, 2)), (3, (1, 2))])
def test_integers_are_the_smallest(count, scale):
    """TOSA's scale along an axis: a numerator and a denominator, here twice as large for half pixels."""
    build = GraphBuilder()
    image = natural_value(build, build.enter("x", (1, 6, 6, 1), DType.FP32))
    positions = sample_positions(CoordinateMapping.HALF_PIXEL, size=6, count=count, scale=count / 6)
    result = resize_linear(build, image, {2: positions})
    graph = build.finish("net", [result.tensor])
    (operator,) = (operator for operator in graph.operators if operator.kind == "RESIZE")
    numerator, denominator, *_ = graph.constants[operator.inputs[1]]
    assert numerator * scale[1] == denominator * scale[0]
    assert numerator <= 2 * scale[0]


def test_an_enlargement_beyond_the_integers_is_a_product():
    build = GraphBuilder()
    image = natural_value(build, build.enter("x", (1, 1, 1999, 1), DType.FP32))
    positions = sample_positions(CoordinateMapping.HALF_PIXEL, size=1999, count=2003, scale=2003 / 1999)
    resize_linear(build, image, {2: positions})
    assert "CONV2D" in {operator.kind for operator in build.finish("net", []).operators}
