"""Softmax and normalisations as a whole, on any axes."""

from __future__ import annotations

import numpy as np
import pytest
from lowering_witness import (
    assert_nearly_exact,
    assert_rounded_right,
    compare,
    cover,
    lower,
    plan_by_range,
    random_inputs,
    real_constant,
    write_graph,
)

from chipsmith.frontends.forms.normalise import scale_by_root_mean_square, softmax, standardise
from chipsmith.frontends.forms.values import natural_value
from chipsmith.quantisation.plan import QuantisationPlan
from chipsmith.tosa.builder import GraphBuilder
from chipsmith.tosa.graph import DType

AXES = [(2,), (1, 2), (0,), (0, 2)]


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("wide", [(), ("x",)], ids=["int8", "int16"])
def test_softmax(axis, wide):
    graph = write_graph(lambda build: softmax(build, natural_value(build, "x"), axis).tensor, x=(3, 4, 5))
    assert_rounded_right(graph, low=-6, high=6, wide=wide)
    assert_nearly_exact(graph, low=-6, high=6, wide=wide, tolerance=3e-3)


def test_softmax_of_a_sum_and_of_a_table():
    def write(build: GraphBuilder) -> list[str]:
        sums = natural_value(build, build.binary("ADD", "x", "y"))
        return [softmax(build, sums, 1).tensor, softmax(build, natural_value(build, build.unary("EXP", "x")), 1).tensor]

    assert_rounded_right(write_graph(write, x=(3, 5), y=(3, 5)), low=-3, high=3)


@pytest.mark.parametrize("far", [-1e9, -np.inf])
def test_softmax_of_masked_scores(far):
    """A score that the mask takes out has nothing of the probability, and costs the others no accuracy."""
    kept = np.random.default_rng(1).random((3, 5)) > 0.4

    def write(build: GraphBuilder) -> str:
        operands = (build.constant(kept, DType.BOOL), "x", real_constant(build, [[far]]))
        build.scope = "scores"
        scores = build.emit("SELECT", operands, (3, 5), DType.FP32)
        build.scope = "probabilities"
        return softmax(build, natural_value(build, scores), 1).tensor

    graph = write_graph(write, x=(3, 5))
    tensors = {"x": cover(-3, 3), "scores": cover(-32, 3), graph.outputs[0]: cover(0, 1)}
    (comparison,) = compare(graph, QuantisationPlan(tensors=tensors), random_inputs(graph, low=-3, high=3)).values()
    assert comparison.steps <= 1.01
    assert (comparison.integer[:, ~kept] == 0).all()


@pytest.mark.parametrize("axes", AXES, ids=str)
@pytest.mark.parametrize("form", [standardise, scale_by_root_mean_square])
@pytest.mark.parametrize("wide", [(), ("x",)], ids=["int8", "int16"])
def test_normalisation(axes, form, wide):
    graph = write_graph(lambda build: form(build, natural_value(build, "x"), axes, epsilon=1e-5).tensor, x=(3, 4, 5))
    assert_rounded_right(graph, low=-1, high=4, wide=wide)
    assert_nearly_exact(graph, low=-1, high=4, wide=wide, tolerance=1e-3)


def test_normalisation_of_very_many_elements():
    graph = write_graph(
        lambda build: standardise(build, natural_value(build, "x"), (1, 2), epsilon=1e-5).tensor, x=(1, 512, 512)
    )
    inputs = {name: data[:1] for name, data in random_inputs(graph, low=-1, high=4).items()}
    (comparison,) = compare(graph, plan_by_range(graph, inputs), inputs).values()
    assert comparison.relative < 1e-3


def test_a_region_is_lowered_as_a_whole():
    graph = write_graph(lambda build: softmax(build, natural_value(build, "x"), 1).tensor, x=(3, 5))
    lowered = lower(graph, plan_by_range(graph, random_inputs(graph), graph.outputs))
    assert [op.kind for op in lowered.graph.operators].count("TABLE") == 2
