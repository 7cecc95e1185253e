"""That a network has the bits of LiteRT's reference kernels."""

from __future__ import annotations

import numpy as np
from tflite_files import run_reference

from chipsmith.chip import load_chip
from chipsmith.frontends.tflite.network import load_tflite
from chipsmith.targets import load_target


def run(network, *inputs):
    """The network's outputs, through the graph's reference meaning."""
    return load_target("reference", load_chip("nano-64")).prepare(network).run(*inputs)


def assert_same(path, *inputs):
    """Every output equals LiteRT's, in its type, shape and bits; `inputs` have a leading axis of inferences."""
    network = load_tflite(path)
    joined = [array.reshape(-1, *array.shape[2:]) for array in inputs]
    expected = run_reference(path, *inputs)
    results = run(network, *joined)
    assert len(results) == len(expected) == len(network.author_outputs)
    for result, right, author in zip(results, expected, network.author_outputs, strict=True):
        assert result.dtype == right.dtype == author.dtype
        np.testing.assert_array_equal(result.reshape(right.shape), right)
    return network
