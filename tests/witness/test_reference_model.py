"""The witness in its own processes says what it says in this one."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from chipsmith.errors import CheckFailed
from chipsmith.tosa.file import read_tosa
from chipsmith.witness.reference_model import witness_outputs, witness_version

DIGITS = Path(__file__).parents[1] / "networks" / "digits_cnn.tosa"


def test_a_batch_gets_the_outputs_of_single_runs(reference_model):
    graph = read_tosa(DIGITS)
    (name,), (output,) = graph.inputs, graph.outputs
    images = np.random.default_rng(3).integers(-128, 128, (5, *graph.tensor(name).shape)).astype(np.int8)

    together = witness_outputs(graph, {name: images})[output]

    singles = [reference_model(graph, {name: image})[output] for image in images]
    assert np.array_equal(together, np.stack(singles))


def test_a_graph_that_the_witness_refuses_is_a_failed_check():
    graph = read_tosa(DIGITS)
    (name,) = graph.inputs
    broken = dataclasses.replace(graph, operators=tuple(map(_without_stride, graph.operators)))
    with pytest.raises(CheckFailed, match="tosa_reference_model did not run the network"):
        witness_outputs(broken, {name: np.zeros((1, *graph.tensor(name).shape), np.int8)})


def _without_stride(operator):
    stride = {"stride": (0, 0)} if "stride" in operator.attributes else {}
    return dataclasses.replace(operator, attributes={**operator.attributes, **stride})


def test_the_version_names_the_package():
    assert witness_version().startswith("tosa-tools 20")
