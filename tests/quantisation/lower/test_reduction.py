"""Sums, products, extremes and their places along an axis; windows; images at other sizes."""

from __future__ import annotations

import numpy as np
import pytest
from lowering_witness import (
    SOURCES,
    assert_nearly_exact,
    assert_rounded_right,
    compare,
    number,
    plan_by_range,
    random_inputs,
    real_constant,
    write_graph,
)

from chipsmith.tosa.builder import GraphBuilder
from chipsmith.tosa.graph import DType


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("kind", ["REDUCE_SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PRODUCT"])
@pytest.mark.parametrize("axis", [1, 2, 3])
def test_reductions(source, kind, axis):
    graph = write_graph(lambda build: build.reduce(kind, SOURCES[source](build), axis), x=(1, 4, 6, 3))
    assert_rounded_right(graph)
    assert_nearly_exact(graph)
    assert_nearly_exact(graph, wide=["x"])


def test_a_mean():
    def write(build: GraphBuilder) -> str:
        return build.multiply(build.reduce("REDUCE_SUM", "x", 1), number(build, 0.2, rank=2))

    assert_rounded_right(write_graph(write, x=(3, 5)))


def test_a_sum_that_int32_would_not_hold_in_its_own_steps():
    graph = write_graph(lambda build: build.reduce("REDUCE_SUM", build.binary("ADD", "x", "x"), 1), x=(1, 5000))
    assert_nearly_exact(graph)


@pytest.mark.parametrize("source", SOURCES)
def test_the_place_of_a_maximum(source):
    def write(build: GraphBuilder) -> str:
        return build.emit("ARGMAX", (SOURCES[source](build),), (1, 4, 3), DType.INT32, {"axis": 2})

    graph = write_graph(write, x=(1, 4, 6, 3))
    inputs = random_inputs(graph)
    (comparison,) = compare(graph, plan_by_range(graph, inputs), inputs).values()
    np.testing.assert_array_equal(comparison.exact, comparison.integer)


def pool(build: GraphBuilder, source: str, *, kind: str, pad: tuple[int, ...], shape: tuple[int, ...]) -> str:
    attributes = {"kernel": (2, 2), "stride": (1, 1), "pad": pad}
    if kind == "MAX_POOL2D":
        return build.emit(kind, (source,), shape, DType.FP32, attributes)
    zero = real_constant(build, [0.0])
    return build.emit(kind, (source, zero, zero), shape, DType.FP32, {**attributes, "acc_type": "FP32"})


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("padded", [False, True])
def test_greatest_of_a_window(source, padded):
    pad, shape = ((1, 0, 1, 0), (1, 4, 6, 3)) if padded else ((0,) * 4, (1, 3, 5, 3))
    graph = write_graph(
        lambda build: pool(build, SOURCES[source](build), kind="MAX_POOL2D", pad=pad, shape=shape), x=(1, 4, 6, 3)
    )
    assert_rounded_right(graph)


@pytest.mark.parametrize("padded", [False, True])
def test_mean_of_a_window(padded):
    """Padding is outside of the mean."""
    pad, shape = ((1, 0, 1, 0), (1, 4, 6, 3)) if padded else ((0,) * 4, (1, 3, 5, 3))
    graph = write_graph(lambda build: pool(build, "x", kind="AVG_POOL2D", pad=pad, shape=shape), x=(1, 4, 6, 3))
    assert_rounded_right(graph)
    assert_nearly_exact(graph)
    assert_nearly_exact(graph, wide=["x"])


@pytest.mark.parametrize("mode", ["NEAREST", "BILINEAR"])
def test_images_at_another_size(mode):
    def write(build: GraphBuilder) -> str:
        places = ([-1, -1], [1, 1]) if mode == "BILINEAR" else ([0, 0], [2, 2])
        numbers = ([4, 2, 4, 2], *places)
        operands = ("x", *(build.shape_constant(group) for group in numbers))
        return build.emit("RESIZE", operands, (1, 8, 12, 3), DType.FP32, {"mode": mode})

    graph = write_graph(write, x=(1, 4, 6, 3))
    assert_rounded_right(graph)
    assert_nearly_exact(graph, tolerance=1e-6)
    assert_nearly_exact(graph, wide=["x"], tolerance=1e-6 if mode == "BILINEAR" else 1e-2)
