"""Integer graphs written as ONNX files: onnxruntime gives the reference's bits, but for a step of its own rounding."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import onnx
import pytest
from random_graphs import random_arrays, random_graph
from tflite_files import FileWriter, Scaled

from chipsmith.errors import BadInput
from chipsmith.frontends.quantized_io import StateBinding
from chipsmith.frontends.quantized_network import QuantizedNetwork, integer_network
from chipsmith.frontends.registry import load_model
from chipsmith.runtimes.engine import RuntimeNetwork
from chipsmith.runtimes.onnx_export.integer_network import export_integers
from chipsmith.runtimes.onnx_export.rounded import Int8Form
from chipsmith.runtimes.open import open_int8_engine
from chipsmith.runtimes.runtime import Runtime
from chipsmith.tosa.graph import Graph
from chipsmith.tosa.reference import evaluate_batch

NETWORKS = Path(__file__).parents[2] / "networks"
FILES = sorted(NETWORKS.glob("*.tosa")) + [
    NETWORKS / "families" / f"{name}.tosa"
    for name in ("bag_of_tokens", "conv_autoencoder", "mobilenet_v3", "resnet_cifar", "transformer_text")
]
RUNTIMES = (Runtime.ONNXRUNTIME, Runtime.ONNXRUNTIME_SIGNED)


def random_inputs(graph: Graph, count: int) -> dict[str, np.ndarray]:
    random, inputs = np.random.default_rng(0), {}
    for name in graph.inputs:
        tensor = graph.tensor(name)
        low, high = (-128, 128) if tensor.dtype.numpy == np.int8 else (0, 2)
        inputs[name] = random.integers(low, high, (count, *tensor.shape)).astype(tensor.dtype.numpy)
    return inputs


def run(network: QuantizedNetwork, runtime: Runtime, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
    """The graph's outputs (n, *shape) for its inputs."""
    engine = open_int8_engine(network, runtime, threads=1)
    prepared = RuntimeNetwork(engine=engine, inputs=network.author_inputs)
    outputs = prepared.run(*(array.reshape(-1, *array.shape[2:]) for array in inputs.values()))
    shapes = (network.graph.tensor(name).shape for name in network.graph.outputs)
    return [array.reshape(-1, *shape) for array, shape in zip(outputs, shapes, strict=True)]


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_networks_give_the_references_bits_but_for_a_step(file, runtime):
    network = load_model(str(file))
    inputs = random_inputs(network.graph, 8)
    exact = evaluate_batch(network.graph, inputs)
    for output, name in zip(run(network, runtime, inputs), network.graph.outputs, strict=True):
        difference = np.abs(output.astype(np.int64) - exact[name].astype(np.int64))
        assert output.dtype == exact[name].dtype
        assert difference.max() <= 1
        assert (difference != 0).mean() <= 0.2


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("seed", range(12))
def test_random_graphs_of_all_operators_give_the_references_bits_but_for_a_step(seed, runtime):
    graph = random_graph(seed)
    inputs = random_arrays(graph, inferences=2, seed=seed)
    exact = evaluate_batch(graph, inputs)
    for output, name in zip(run(integer_network(graph), runtime, inputs), graph.outputs, strict=True):
        assert output.dtype == exact[name].dtype
        assert np.abs(output.astype(np.int64) - exact[name].astype(np.int64)).max() <= 1


def test_convolutions_are_those_that_runtimes_have_kernels_for():
    """Dequantised, convolved, quantised: none of the digits' sums is written in integers of 32 bits."""
    data = export_integers(load_model(str(NETWORKS / "digits_cnn.tosa")), Int8Form.UNSIGNED)
    kinds = [node.op_type for node in onnx.load_model_from_string(data).graph.node]
    assert (kinds.count("Conv"), kinds.count("Gemm")) == (2, 2)
    assert not {"Div", "Mod", "BitShift", "Clip"} & set(kinds)


@pytest.fixture
def softmax(tmp_path) -> QuantizedNetwork:
    """A softmax of TensorFlow Lite's, which TOSA has as some fifty operators."""
    writer = FileWriter()
    logits = writer.tensor((4, 7), "int8", Scaled(0.15, 11))
    shares = writer.tensor((4, 7), "int8", Scaled(1 / 256, -128))
    writer.operator("SOFTMAX", [logits], [shares], "SoftmaxOptions", {"beta": 1.0})
    return load_model(str(writer.write(tmp_path / "softmax.tflite", [logits], [shares])))


def test_a_softmax_that_is_written_out_becomes_few_nodes_and_keeps_its_bits_but_for_a_step(softmax):
    assert len(softmax.graph.operators) > 40
    nodes = onnx.load_model_from_string(export_integers(softmax, Int8Form.SIGNED)).graph.node
    assert len(nodes) <= 10
    inputs = random_inputs(softmax.graph, 64)
    exact = evaluate_batch(softmax.graph, inputs)
    for runtime in RUNTIMES:
        for output, name in zip(run(softmax, runtime, inputs), softmax.graph.outputs, strict=True):
            assert np.abs(output.astype(np.int64) - exact[name]).max() <= 1


def test_a_network_with_a_state_is_refused_by_name():
    network = load_model(str(NETWORKS / "digits_cnn.tosa"))
    name = network.graph.inputs[0]
    state = StateBinding(before=name, after=name, initial=np.zeros(network.graph.tensor(name).shape, np.int8))
    with pytest.raises(BadInput, match="'digits_cnn' keeps values from one inference to the next"):
        export_integers(dataclasses.replace(network, states=(state,)), Int8Form.SIGNED)
