"""Outputs beside tosa_reference_model's: how many elements are compared, and how many differ."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chipsmith.targets.reference import ReferenceTarget
from chipsmith.tosa.file import read_tosa
from chipsmith.witness.bit_exactness import BitExactness, compare_with_witness

GRU = Path(__file__).parents[1] / "networks" / "gru.tosa"


@pytest.fixture(scope="module")
def inferences():
    """A graph, four inferences of it, and what they give."""
    graph = read_tosa(GRU)
    random = np.random.default_rng(0)
    shapes = {name: graph.tensor(name).shape for name in graph.inputs}
    inputs = {
        name: random.integers(-128, 128, (4 * shape[0], *shape[1:])).astype(np.int8) for name, shape in shapes.items()
    }
    return graph, inputs, ReferenceTarget().prepare_graph(graph).execute(inputs)


def test_equal_outputs_are_exact(inferences):
    graph, inputs, outputs = inferences
    result = compare_with_witness(graph, inputs, outputs, count=4)
    assert result.exact
    assert (result.images, result.mismatches, result.reference) == (4, 0, "tosa_reference_model")
    assert result.compared == sum(output.size for output in outputs.values())


def test_only_the_first_inferences_are_compared(inferences):
    graph, inputs, outputs = inferences
    spoilt = {name: output.copy() for name, output in outputs.items()}
    for output in spoilt.values():
        output[-1] ^= 1
    name = graph.outputs[0]
    assert compare_with_witness(graph, inputs, spoilt, count=3).mismatches == 0
    assert compare_with_witness(graph, inputs, spoilt, count=4).mismatches >= outputs[name][-1].size


def test_nothing_compared_is_not_exact():
    nothing = BitExactness(mismatches=0, compared=0, images=0, reference="none", reference_version="0")
    assert not nothing.exact
