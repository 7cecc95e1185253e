"""Constants that mask scores are raised to where they still count for nothing; all others stay."""

from __future__ import annotations

import numpy as np
import pytest

from chipsmith.frontends.forms.normalise import softmax
from chipsmith.frontends.forms.values import natural_value
from chipsmith.quantisation.masks import MASKED_SCORE, bound_masks
from chipsmith.quantisation.network import FloatNetwork
from chipsmith.tosa.builder import GraphBuilder
from chipsmith.tosa.floating.evaluate import evaluate_floats
from chipsmith.tosa.graph import DType

LOWEST = float(np.finfo(np.float32).min)
KEPT = np.array([[[1.0, 1.0, 0.0, 1.0]]], np.float32)


def masked_scores(build, mask):
    """Scores of which a computed mask of ones and zeros keeps some: (1 - mask) * lowest is added to them."""
    scores = build.enter("scores", (1, 3, 4), DType.FP32)
    left_out = build.binary("SUB", build.constant([[[1.0]]], DType.FP32), build.enter("mask", (1, 1, 4), DType.FP32))
    return build.binary("ADD", scores, build.multiply(left_out, mask))


def network(build, *outputs):
    return FloatNetwork(graph=build.finish("net", outputs), inputs=(), outputs=())


def test_mask_of_a_softmax_is_bounded_and_changes_nothing():
    build = GraphBuilder()
    mask = build.constant([[[LOWEST]]], DType.FP32)
    total = natural_value(build, masked_scores(build, mask))
    before = network(build, softmax(build, total, 2).tensor)
    after = bound_masks(before)
    assert after.graph.constants[mask] == MASKED_SCORE
    inputs = {"scores": np.random.default_rng(0).normal(size=(1, 1, 3, 4)).astype(np.float32), "mask": KEPT[None]}
    expected, bounded = (evaluate_floats(net.graph, inputs, keep=net.graph.outputs) for net in (before, after))
    for name in before.graph.outputs:
        np.testing.assert_array_equal(bounded[name], expected[name])


@pytest.mark.parametrize("reader", ["output", "another operator"])
def test_a_mask_that_comes_to_something_else_stays(reader):
    build = GraphBuilder()
    mask = build.constant([[[LOWEST]]], DType.FP32)
    total = masked_scores(build, mask)
    shares = softmax(build, natural_value(build, total), 2).tensor
    other = total if reader == "output" else build.unary("TANH", total)
    before = network(build, shares, other)
    assert bound_masks(before) is before
