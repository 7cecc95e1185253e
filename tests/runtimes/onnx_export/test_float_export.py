"""Float networks written as ONNX files: onnxruntime computes of them what PyTorch computes of the module."""

import numpy as np
import onnx
import onnxruntime
import pytest
from small_networks import NAMES, decibels, small_network

from chipsmith.runtimes.onnx_export.float_network import export_floats, export_rounded
from chipsmith.runtimes.onnx_export.rounded import Int8Form
from chipsmith.tosa.graph import Graph


def run(data: bytes, *inputs: np.ndarray) -> list[np.ndarray]:
    """Node by node, as the file says it: without optimisations of onnxruntime's."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    names = [port.name for port in session.get_inputs()]
    calls = [
        session.run(None, {name: row[None] for name, row in zip(names, rows, strict=True)})
        for rows in zip(*inputs, strict=True)
    ]
    return [np.concatenate(column) for column in zip(*calls, strict=True)]


@pytest.mark.parametrize("name", NAMES)
def test_in_float32_it_is_the_authors_network(name):
    network, inputs = small_network(name)
    (outputs,), (exact,) = run(export_floats(network.floats), inputs), network.source.run(inputs)
    assert outputs.dtype == exact.dtype
    assert np.abs(outputs - exact).max() <= 1e-5 * np.abs(exact).max()


@pytest.mark.parametrize("form", Int8Form)
@pytest.mark.parametrize("name", NAMES)
def test_rounded_it_is_the_quantised_network(name, form):
    """But for values between two integers, and biases, which are int32 in the file: 30 dB below the rounding itself."""
    network, inputs = small_network(name)
    result = network.quantisation
    (outputs,) = run(export_rounded(result.network, result.plan, form), inputs)
    (rounded,), (exact,) = network.fake_quantized.run(inputs), network.source.run(inputs)
    assert decibels(outputs, rounded) >= min(decibels(rounded, exact) + 15, 60)


def test_the_files_are_legal_onnx_and_name_the_authors_tensors():
    network, _ = small_network("convolutions")
    data = export_rounded(network.quantisation.network, network.quantisation.plan, Int8Form.UNSIGNED)
    model = onnx.load_model_from_string(data)
    onnx.checker.check_model(model)
    assert [port.name for port in model.graph.input] == list(network.input_names)
    assert [port.name for port in model.graph.output] == list(network.output_names)


def test_activations_have_the_type_of_the_form_and_weights_are_int8():
    network, _ = small_network("convolutions")
    for form in Int8Form:
        data = export_rounded(network.quantisation.network, network.quantisation.plan, form)
        graph = onnx.load_model_from_string(data).graph
        constants = {constant.name: onnx.numpy_helper.to_array(constant) for constant in graph.initializer}
        rounding = [node for node in graph.node if node.op_type == "QuantizeLinear"]
        assert {str(constants[node.input[2]].dtype) for node in rounding} == {form.value}
        weights = {node.input[1] for node in graph.node if node.op_type == "Conv"}
        sources = [node for node in graph.node if node.output[0] in weights]
        assert {str(constants[node.input[0]].dtype) for node in sources} == {"int8"}


def test_a_limit_that_rounding_has_anyway_is_not_written():
    """The ReLU behind the first convolution: its rounded result holds nothing below 0."""
    network, _ = small_network("convolutions")
    kinds = [
        [node.op_type for node in onnx.load_model_from_string(data).graph.node]
        for data in (
            export_floats(network.floats),
            export_rounded(network.quantisation.network, network.quantisation.plan, Int8Form.SIGNED),
        )
    ]
    assert [kind.count("Relu") for kind in kinds] == [1, 0]


def test_layouts_are_not_changed_and_back_between_convolutions():
    """PyTorch's images have their channels second, as ONNX's have, and TOSA's last: none of it is left in the file."""
    network, _ = small_network("decoder")
    graph: Graph = network.floats.graph
    assert [operator.kind for operator in graph.operators].count("TRANSPOSE") > 0
    nodes = onnx.load_model_from_string(export_floats(network.floats)).graph.node
    convolutions = [node for node in nodes if node.op_type in ("Conv", "ConvTranspose")]
    producers = {node.output[0]: node.op_type for node in nodes}
    assert producers[convolutions[1].input[0]] != "Transpose"
