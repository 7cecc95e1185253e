"""Element by element: tables of an int8 tensor, sums and products of several, scales by channel."""

from __future__ import annotations

import numpy as np
import pytest
from lowering_witness import (
    assert_nearly_exact,
    assert_rounded_right,
    compare,
    convolve,
    cover,
    int8_weights,
    lower,
    number,
    plan_by_range,
    random_inputs,
    real_constant,
    write_graph,
)

from chipsmith.errors import OperatorRefused
from chipsmith.quantisation.plan import QuantisationPlan
from chipsmith.tosa.builder import GraphBuilder
from chipsmith.tosa.graph import DType

BINARY = ("ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM")
FUNCTIONS = ("EXP", "SIGMOID", "TANH", "ERF", "SIN", "COS", "ABS", "CEIL", "FLOOR")
OF_POSITIVE = ("LOG", "RECIPROCAL", "RSQRT")


def emit(build: GraphBuilder, kind: str, left: str, right: str) -> str:
    return build.multiply(left, right) if kind == "MUL" else build.binary(kind, left, right)


@pytest.mark.parametrize("kind", BINARY)
@pytest.mark.parametrize("other", [(3, 5), (1, 5), (3, 1)], ids=str)
def test_two_tensors(kind, other):
    graph = write_graph(lambda build: emit(build, kind, "x", "y"), x=(3, 5), y=other)
    assert_rounded_right(graph)
    assert_nearly_exact(graph, tolerance=1e-6)
    assert_nearly_exact(graph, wide=["x"], tolerance=1e-6)


@pytest.mark.parametrize("kind", BINARY)
@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (3, 1), (3, 5)], ids=str)
def test_a_constant(kind, shape):
    constant = np.random.default_rng(1).normal(size=shape)
    graph = write_graph(lambda build: emit(build, kind, "x", real_constant(build, constant)), x=(3, 5))
    assert_rounded_right(graph)
    assert_nearly_exact(graph)
    assert_nearly_exact(graph, wide=["x"])


@pytest.mark.parametrize("factors", [[0.5, 2.0, 3.0, 0.1], [-0.5, 2.0, 0.0, -1.0], [0.0] * 4, [-1.5] * 4], ids=str)
def test_factors_and_sums_behind_a_product(factors):
    """What is left of a batch normalisation: another scale for each channel, of either sign or zero."""

    def write(build: GraphBuilder) -> str:
        product = convolve(build, "x", int8_weights((4, 1, 1, 3), axis=0), np.ones(4), shape=(1, 4, 6, 4))
        scaled = build.multiply(product, real_constant(build, np.reshape(factors, (1, 1, 1, 4))))
        return build.binary("ADD", scaled, real_constant(build, np.reshape([0.3, -0.2, 0.1, 0.9], (1, 1, 1, 4))))

    graph = write_graph(write, x=(1, 4, 6, 3))
    assert_rounded_right(graph)
    assert_nearly_exact(graph, tolerance=1e-3)


@pytest.mark.parametrize("kind", FUNCTIONS)
def test_functions(kind):
    graph = write_graph(lambda build: build.unary(kind, "x"), x=(3, 50))
    assert_rounded_right(graph, low=-4, high=4)
    assert_nearly_exact(graph, low=-4, high=4)
    assert_nearly_exact(graph, low=-4, high=4, wide=["x"])


@pytest.mark.parametrize("kind", FUNCTIONS)
def test_functions_of_a_sum(kind):
    """A sum that the plan does not round is int32: no table of 256 entries."""
    graph = write_graph(lambda build: build.unary(kind, build.binary("ADD", "x", "y")), x=(3, 50), y=(3, 50))
    assert_rounded_right(graph, low=-2, high=2)
    assert_nearly_exact(graph, low=-2, high=2)


@pytest.mark.parametrize("kind", OF_POSITIVE)
def test_functions_of_positive_numbers(kind):
    graph = write_graph(lambda build: build.unary(kind, "x"), x=(3, 50))
    assert_rounded_right(graph, low=0.2, high=4)
    assert_nearly_exact(graph, low=0.2, high=4, wide=["x"])
    of_sum = write_graph(lambda build: build.unary(kind, build.binary("ADD", "x", "y")), x=(3, 50), y=(3, 50))
    assert_rounded_right(of_sum, low=0.1, high=2)
    assert_nearly_exact(of_sum, low=0.1, high=2)


@pytest.mark.parametrize("low", [-4, 1])
def test_a_quotient(low):
    graph = write_graph(lambda build: build.multiply("x", build.unary("RECIPROCAL", "y")), x=(3, 50), y=(3, 50))
    assert_rounded_right(graph, low=low, high=low + 3)
    assert_nearly_exact(graph, low=low, high=low + 3)


@pytest.mark.parametrize("exponent", [0.5, 2.0, 3.0, -1.0, -0.5, 1.7, [0.5, 1.0, 2.0, 0.5, 3.0]], ids=str)
def test_constant_powers(exponent):
    constant = np.reshape(exponent, (1, -1))
    graph = write_graph(lambda build: build.binary("POW", "x", real_constant(build, constant)), x=(3, 5))
    assert_rounded_right(graph, low=0.1, high=3)
    assert_nearly_exact(graph, low=0.1, high=3, wide=["x"])


def test_computed_powers():
    graph = write_graph(lambda build: build.binary("POW", "x", "y"), x=(3, 50), y=(3, 50))
    assert_rounded_right(graph, low=0.1, high=2)
    assert_nearly_exact(graph, low=0.1, high=2)


def test_too_many_exponents_are_refused_by_the_operators_name():
    exponents = np.linspace(0.1, 2, 20).reshape(1, 20)
    graph = write_graph(lambda build: build.binary("POW", "x", real_constant(build, exponents)), x=(3, 20))
    with pytest.raises(OperatorRefused, match="POW 'node': 20 different exponents"):
        lower(graph, QuantisationPlan(tensors={"x": cover(-1, 1)}))


def write_gelu(build: GraphBuilder) -> str:
    half = build.multiply("x", number(build, 0.5, rank=2))
    error = build.unary("ERF", build.multiply("x", number(build, 2**-0.5, rank=2)))
    return build.multiply(half, build.binary("ADD", error, number(build, 1.0, rank=2)))


def test_a_chain_of_a_single_tensor_is_a_table():
    graph = write_graph(write_gelu, x=(3, 50))
    inputs = random_inputs(graph, low=-4, high=4)
    lowered = lower(graph, plan_by_range(graph, inputs, graph.outputs))
    assert [op.kind for op in lowered.graph.operators] == ["TABLE"]
    assert_rounded_right(graph, low=-4, high=4)
    assert_nearly_exact(graph, low=-4, high=4, wide=["x"])


def write_leaky(build: GraphBuilder) -> str:
    positive = build.binary("GREATER", "x", number(build, 0.0, rank=2), DType.BOOL)
    small = build.multiply("x", number(build, 0.2, rank=2))
    return build.emit("SELECT", (positive, "x", small), (3, 50), DType.FP32)


def test_comparisons_and_choices_of_a_single_tensor_are_a_table():
    graph = write_graph(write_leaky, x=(3, 50))
    inputs = random_inputs(graph)
    lowered = lower(graph, plan_by_range(graph, inputs, graph.outputs))
    assert [op.kind for op in lowered.graph.operators] == ["TABLE"]
    assert_rounded_right(graph)


def clamp(build: GraphBuilder, source: str, low: float, high: float) -> str:
    limits = {"min_val": low, "max_val": high}
    return build.emit("CLAMP", (source,), build.shape(source), DType.FP32, limits)


@pytest.mark.parametrize("limits", [(0.0, np.inf), (0.0, 0.6), (-0.3, 0.2)], ids=str)
def test_limits(limits):
    of_input = write_graph(lambda build: clamp(build, "x", *limits), x=(3, 50))
    of_sum = write_graph(lambda build: clamp(build, build.binary("ADD", "x", "y"), *limits), x=(3, 50), y=(3, 50))
    for graph in (of_input, of_sum):
        assert_rounded_right(graph)
        assert_nearly_exact(graph)
        assert_nearly_exact(graph, wide=["x"])


def test_a_relu_and_what_is_before_it_have_ranges_of_their_own():
    def write(build: GraphBuilder) -> list[str]:
        before = convolve(build, "x", int8_weights((4, 1, 1, 3), axis=0), np.ones(4), shape=(1, 4, 6, 4))
        return [clamp(build, before, 0.0, np.inf), before]

    graph = write_graph(write, x=(1, 4, 6, 3))
    assert_rounded_right(graph)
    inputs = random_inputs(graph)
    relu, before = compare(graph, plan_by_range(graph, inputs, graph.outputs[:1]), inputs).values()
    assert relu.steps <= 1.01
    assert before.relative < 1e-4


@pytest.mark.parametrize("shape", [(), (1,), (1, 2, 1, 2, 3, 2)], ids=str)
def test_ranks(shape):
    def write(build: GraphBuilder) -> str:
        shifted = build.binary("ADD", build.unary("TANH", "x"), number(build, 0.3, rank=len(shape)))
        return build.multiply(shifted, "y")

    assert_rounded_right(write_graph(write, x=shape, y=shape))


def test_a_constant_that_is_not_a_number_is_refused():
    graph = write_graph(lambda build: build.binary("ADD", "x", real_constant(build, [[np.nan, 1.0]])), x=(3, 2))
    with pytest.raises(OperatorRefused, match="ADD 'node': a constant is not a number"):
        lower(graph, QuantisationPlan(tensors={"x": cover(-1, 1)}))


@pytest.mark.parametrize("far", [-1e9, -np.inf])
def test_a_mask_costs_the_numbers_beside_it_nothing(far):
    mask = np.where(np.random.default_rng(1).random((3, 5)) > 0.5, 0.0, far)
    graph = write_graph(lambda build: build.binary("ADD", "x", real_constant(build, mask)), x=(3, 5))
    plan = QuantisationPlan(tensors={"x": cover(-1, 1), "node": cover(-8, 1)})
    (comparison,) = compare(graph, plan, random_inputs(graph)).values()
    assert comparison.steps <= 1.01
