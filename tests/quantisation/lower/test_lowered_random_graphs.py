"""Random float graphs, planned and lowered: near to the rounded float graph, and the same bits on a chip."""

from __future__ import annotations

import numpy as np
import pytest
from lowering_witness import assert_compiles, lower, quantise_inputs
from random_float_graphs import random_float_graph

from chipsmith.quantisation.network import FloatNetwork
from chipsmith.quantisation.quantise import quantise
from chipsmith.quantisation.rounding import evaluate_rounded
from chipsmith.tosa.graph import Array, Graph
from chipsmith.tosa.reference import evaluate_batch

MOST = 0.05
"""A step that a chain of operators makes larger is more than a step at its end."""


def random_reals(graph: Graph, seed: int) -> dict[str, Array]:
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=(16, *graph.tensor(name).shape)).astype(np.float32) for name in graph.inputs}


@pytest.mark.parametrize("seed", range(60))
def test_random_graphs(seed):
    graph = random_float_graph(seed)
    inputs = random_reals(graph, seed)
    result = quantise(FloatNetwork(graph=graph, inputs=(), outputs=()), inputs)
    lowered = lower(result.network.graph, result.plan)
    integers = evaluate_batch(lowered.graph, quantise_inputs(lowered, inputs))
    exact = evaluate_rounded(result.network.graph, result.plan, inputs, keep=graph.outputs)
    for name in graph.outputs:
        quantisation = lowered.tensors[name].quantisation
        real = (integers[name] - quantisation.zero_point) * quantisation.scale
        assert np.abs(real - exact[name]).max() <= MOST * max(np.abs(exact[name]).max(), 1e-6)


@pytest.mark.parametrize("chip", ["nano-64", "edge-256"])
@pytest.mark.parametrize("seed", range(100, 108))
def test_random_graphs_on_a_chip(seed, chip):
    graph = random_float_graph(seed)
    inputs = random_reals(graph, seed)
    result = quantise(FloatNetwork(graph=graph, inputs=(), outputs=()), inputs)
    assert_compiles(result.network.graph, result.plan, inputs, chip=chip)
