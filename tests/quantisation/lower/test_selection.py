"""Comparisons, logic, choices, and conversion between reals, integers and masks."""

from __future__ import annotations

import numpy as np
import pytest
from lowering_witness import (
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
from chipsmith.tosa.graph import DType, Graph


def assert_same(graph: Graph) -> None:
    """Integers and masks have no steps to be off by."""
    inputs = random_inputs(graph)
    for comparison in compare(graph, plan_by_range(graph, inputs), inputs).values():
        np.testing.assert_array_equal(comparison.exact, comparison.integer)


def greater(build: GraphBuilder, left: str, right: str) -> str:
    return build.binary("GREATER", left, right, DType.BOOL)


@pytest.mark.parametrize("kind", ["EQUAL", "GREATER", "GREATER_EQUAL"])
def test_comparisons(kind):
    assert_same(write_graph(lambda build: build.binary(kind, "x", "y", DType.BOOL), x=(3, 5), y=(1, 5)))
    assert_same(write_graph(lambda build: build.binary(kind, "x", number(build, 0.1, rank=2), DType.BOOL), x=(3, 5)))


@pytest.mark.parametrize("kind", ["LOGICAL_AND", "LOGICAL_OR", "LOGICAL_XOR"])
def test_logic(kind):
    def write(build: GraphBuilder) -> str:
        low = build.unary("LOGICAL_NOT", greater(build, "x", number(build, 0.1, rank=2)))
        return build.binary(kind, greater(build, "x", "y"), low)

    assert_same(write_graph(write, x=(3, 5), y=(3, 5)))


def test_a_computed_choice():
    def write(build: GraphBuilder) -> str:
        return build.emit("SELECT", (greater(build, "x", "y"), "x", "y"), (3, 5), DType.FP32)

    graph = write_graph(write, x=(3, 5), y=(3, 5))
    assert_rounded_right(graph)
    assert_nearly_exact(graph)


def test_a_choice_by_an_input_and_of_a_constant():
    def write(build: GraphBuilder) -> str:
        mask = build.enter("mask", (3, 5), DType.BOOL)
        return build.emit("SELECT", (mask, "x", real_constant(build, [[2.0]])), (3, 5), DType.FP32)

    graph = write_graph(write, x=(3, 5))
    assert_rounded_right(graph)
    assert_nearly_exact(graph)


def test_slopes_by_channel():
    slopes = np.random.default_rng(1).random((1, 5))

    def write(build: GraphBuilder) -> str:
        below = build.multiply("x", real_constant(build, slopes))
        return build.emit("SELECT", (greater(build, "x", number(build, 0.0, rank=2)), "x", below), (3, 5), DType.FP32)

    assert_rounded_right(write_graph(write, x=(3, 5)))


def test_reals_become_integers_by_rounding():
    assert_same(write_graph(lambda build: build.unary("CAST", build.unary("EXP", "x"), DType.INT32), x=(3, 5)))

    def write(build: GraphBuilder) -> str:
        tens = build.multiply(build.binary("ADD", "x", "y"), number(build, 10.0, rank=2))
        return build.unary("CAST", tens, DType.INT32)

    assert_same(write_graph(write, x=(3, 5), y=(3, 5)))


def test_integers_become_reals():
    def write(build: GraphBuilder) -> str:
        counts = build.enter("counts", (3, 5), DType.INT32)
        return build.multiply("x", build.unary("CAST", counts, DType.FP32))

    assert_rounded_right(write_graph(write, x=(3, 5)))


def test_masks_become_reals():
    def write(build: GraphBuilder) -> str:
        return build.multiply("x", build.unary("CAST", greater(build, "x", "y"), DType.FP32))

    assert_rounded_right(write_graph(write, x=(3, 5), y=(3, 5)))


@pytest.mark.parametrize("target", [DType.BOOL, DType.INT32])
def test_truth_of_a_real(target):
    def write(build: GraphBuilder) -> str:
        return build.unary("CAST", build.unary("CAST", "x", DType.BOOL), target)

    assert_same(write_graph(write, x=(3, 5)))


def test_integers_are_counted_with():
    def write(build: GraphBuilder) -> list[str]:
        counts = build.enter("counts", (3, 5), DType.INT32)
        three = build.constant([[3]], DType.INT32)
        sums = build.binary("ADD", counts, three)
        return [
            build.multiply(sums, counts),
            build.binary("MAXIMUM", counts, three),
            build.reduce("REDUCE_SUM", counts, 1),
            build.binary("EQUAL", counts, three, DType.BOOL),
            build.tile(counts, (2, 1)),
        ]

    assert_same(write_graph(write))
