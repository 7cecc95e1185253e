"""Softmax and normalisations are known again in a float graph, whoever wrote them out."""

from __future__ import annotations

import numpy as np
import pytest

from chipsmith.frontends.forms.normalise import scale_by_root_mean_square, softmax, standardise
from chipsmith.frontends.forms.values import GraphValue, natural_value
from chipsmith.quantisation.regions import RegionKind, find_regions
from chipsmith.tosa.builder import GraphBuilder
from chipsmith.tosa.graph import DType

SHAPE = (2, 5, 8)


@pytest.fixture
def build():
    return GraphBuilder()


@pytest.fixture
def x(build) -> GraphValue:
    return natural_value(build, build.enter("x", SHAPE, DType.FP32))


def number(build, value):
    return build.constant(np.full((1, 1, 1), value), DType.FP32)


def test_softmax_is_a_region_from_its_input_to_its_output(build, x):
    y = softmax(build, x, 1)
    (region,) = find_regions(build.finish("g", [y.tensor]))
    assert (region.kind, region.input, region.output, region.axes) == (RegionKind.SOFTMAX, "x", y.tensor, (1,))
    assert len(region.operators) == 6


def test_softmax_without_the_maximum_is_the_same(build, x):
    exponentials = build.unary("EXP", "x")
    total = build.unary("RECIPROCAL", build.reduce("REDUCE_SUM", exponentials, 2))
    y = build.multiply(total, exponentials)
    (region,) = find_regions(build.finish("g", [y]))
    assert (region.kind, region.input, region.axes) == (RegionKind.SOFTMAX, "x", (2,))


@pytest.mark.parametrize("axes", [(2,), (1, 2)])
def test_standardisation_with_its_factor_and_epsilon(build, x, axes):
    y = standardise(build, x, axes, epsilon=1e-3)
    (region,) = find_regions(build.finish("g", [y.tensor]))
    assert (region.kind, region.input, region.axes, region.centred) == (RegionKind.NORMALISATION, "x", axes, True)
    assert region.factor == pytest.approx(1 / np.prod([SHAPE[axis] for axis in axes]))
    assert region.epsilon == pytest.approx(1e-3)


def test_root_mean_square_is_not_centred(build, x):
    y = scale_by_root_mean_square(build, x, (2,), epsilon=1e-5)
    (region,) = find_regions(build.finish("g", [y.tensor]))
    assert (region.centred, region.input, region.output) == (False, "x", y.tensor)


def test_an_author_who_writes_powers_and_a_quotient(build, x):
    """As exporters wrote LayerNorm before ONNX had it: Pow 2, Sqrt, Div."""
    mean = build.multiply(number(build, 1 / 8), build.reduce("REDUCE_SUM", "x", 2))
    deviation = build.binary("SUB", "x", mean)
    square = build.binary("POW", deviation, number(build, 2))
    variance = build.multiply(build.reduce("REDUCE_SUM", square, 2), number(build, 1 / 8))
    root = build.binary("POW", build.binary("ADD", number(build, 1e-6), variance), number(build, 0.5))
    y = build.multiply(deviation, build.unary("RECIPROCAL", root))
    (region,) = find_regions(build.finish("g", [y]))
    assert (region.input, region.output, region.centred, region.axes) == ("x", y, True, (2,))


def test_a_length_without_epsilon(build, x):
    square = build.multiply("x", "x")
    y = build.multiply("x", build.unary("RSQRT", build.reduce("REDUCE_SUM", square, 1)))
    (region,) = find_regions(build.finish("g", [y]))
    assert (region.factor, region.epsilon, region.centred) == (1.0, 0.0, False)


def test_a_reader_outside_or_a_rounded_tensor_inside_makes_it_no_region(build, x):
    y = softmax(build, x, 1)
    graph = build.finish("g", [y.tensor])
    inner = next(operator.outputs[0] for operator in graph.operators if operator.kind == "EXP")
    assert find_regions(graph, rounded={inner}) == ()
    assert find_regions(build.finish("g", [y.tensor, inner])) == ()
    assert len(find_regions(graph, rounded={"x", y.tensor})) == 1


def test_another_mean_is_no_centre(build, x):
    """d = x minus something else is an input of the region, not a part of it."""
    mean = build.multiply(build.reduce("REDUCE_SUM", "x", 2), number(build, 1 / 7))
    deviation = build.binary("SUB", "x", mean)
    y = scale_by_root_mean_square(build, natural_value(build, deviation), (2,), epsilon=1e-5)
    (region,) = find_regions(build.finish("g", [y.tensor]))
    assert (region.centred, region.input) == (False, deviation)
