"""Whole networks, evaluated in batches, are to the bit what tosa_reference_model computes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chipsmith.errors import BadInput
from chipsmith.frontends.tflite.network import load_tflite
from chipsmith.tosa.file import read_tosa
from chipsmith.tosa.graph import Array, DType, Graph, Operator, Tensor
from chipsmith.tosa.reference import evaluate, evaluate_all, evaluate_batch

NETWORKS = Path(__file__).parents[1] / "networks"
MLPERF_TINY = ("ic_resnet8_int8", "kws_dscnn_int8", "vww_96_int8", "ad01_int8")


def random_inputs(graph: Graph, inferences: int) -> dict[str, Array]:
    generator = np.random.default_rng(7)
    return {name: random_array(generator, graph.tensor(name), inferences) for name in graph.inputs}


def random_array(generator: np.random.Generator, tensor: Tensor, inferences: int) -> Array:
    limits = np.iinfo(tensor.dtype.numpy)
    return generator.integers(limits.min, limits.max, (inferences, *tensor.shape), tensor.dtype.numpy, endpoint=True)


def assert_as_the_reference_model(graph, reference_model, inferences):
    inputs = random_inputs(graph, inferences)
    outputs = evaluate_batch(graph, inputs)
    for index in range(inferences):
        expected = reference_model(graph, {name: array[index] for name, array in inputs.items()})
        for name in graph.outputs:
            np.testing.assert_array_equal(outputs[name][index], expected[name], strict=True)


@pytest.mark.parametrize("network", MLPERF_TINY)
def test_mlperf_tiny_networks(network, shared_data, reference_model):
    graph = load_tflite(shared_data / "mlperf_tiny" / f"{network}.tflite").graph
    assert_as_the_reference_model(graph, reference_model, inferences=3)


@pytest.mark.parametrize("network", sorted(path.stem for path in NETWORKS.glob("*.tosa")))
def test_networks_lowered_from_pytorch(network, reference_model):
    graph = read_tosa(NETWORKS / f"{network}.tosa")
    assert_as_the_reference_model(graph, reference_model, inferences=2)


def doubled() -> Graph:
    """total = value + value, and a constant as the second output."""
    tensors = (
        Tensor(name="value", shape=(2,), dtype=DType.INT32),
        Tensor(name="total", shape=(2,), dtype=DType.INT32),
        Tensor(name="seven", shape=(1,), dtype=DType.INT32),
    )
    return Graph(
        name="doubled",
        tensors={tensor.name: tensor for tensor in tensors},
        operators=(Operator(kind="ADD", name="total", inputs=("value", "value"), outputs=("total",)),),
        constants={"seven": np.array([7], np.int32)},
        inputs=("value",),
        outputs=("total", "seven"),
    )


def test_one_inference():
    outputs = evaluate(doubled(), {"value": np.array([1, -4], np.int32)})
    np.testing.assert_array_equal(outputs["total"], [2, -8])
    np.testing.assert_array_equal(outputs["seven"], [7])


def test_a_batch_repeats_what_all_inferences_share():
    outputs = evaluate_batch(doubled(), {"value": np.array([[1, 2], [3, 4], [5, 6]], np.int32)})
    np.testing.assert_array_equal(outputs["total"], [[2, 4], [6, 8], [10, 12]])
    np.testing.assert_array_equal(outputs["seven"], [[7], [7], [7]])


def test_all_computed_tensors_for_a_layer_wise_difference():
    values = evaluate_all(doubled(), {"value": np.array([[1, 2]], np.int32)})
    assert set(values) == {"value", "total"}


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, r"inputs \[\] are given where \['value'\] belong"),
        ({"value": np.zeros((2, 3), np.int32)}, r"input 'value' is int32\[2, 3\] where int32\['n', 2\] belongs"),
        ({"value": np.zeros((2, 2), np.int64)}, "input 'value' is int64"),
        ({"value": np.zeros((0, 2), np.int32)}, "at least one"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(inputs, message):
    with pytest.raises(BadInput, match=message):
        evaluate_batch(doubled(), inputs)
