"""Each operator of ONNX, quantised by onnxruntime: within one step of what onnxruntime computes of the same inputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx_networks import floats, integers, layer_steps, model, node, proto, qdq_of, quantised, random_inputs, weights

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.errors import BadInput, OperatorRefused
from chipsmith.frontends.onnx.network import HANDLERS, lower_network
from chipsmith.frontends.onnx.quantise import quantise
from chipsmith.frontends.onnx.witness import onnx_tensors
from chipsmith.sim import functional
from chipsmith.tosa.reference import evaluate
from chipsmith.witness.reference_model import witness_outputs

INPUTS = 100

IMAGE, ROWS = (1, 4, 9, 8), (1, 5, 16)


def conv(x, w, **attributes):
    return proto([node("Conv", ["x", "w", "b"], ["y"], **attributes)], [weights("w", *w), weights("b", w[0])], x=x)


def single(kind, x=IMAGE, constants=(), opset=17, **attributes):
    """A network of one operator: its input `x`, then the constants."""
    names = [constant.name if constant is not None else "" for constant in constants]
    given = [constant for constant in constants if constant is not None]
    return proto([node(kind, ["x", *names], ["y"], **attributes)], given, opset, x=x)


def amid(kind, x, constants, **attributes):
    """A network in which int8 stands before and behind an operator that the quantiser leaves alone."""
    names = [constant.name for constant in constants]
    middle = node(kind, ["a", *names], ["b"], **attributes)
    return proto([node("Tanh", ["x"], ["a"]), middle, node("Sigmoid", ["b"], ["y"])], constants, x=x)


def two(kind, x=IMAGE, z=IMAGE, **attributes):
    return proto([node(kind, ["x", "z"], ["y"], **attributes)], x=x, z=z)


def after_conv(*nodes, constants=()):
    first = node("Conv", ["x", "w"], ["c"])
    return proto([first, *nodes], [weights("w", 4, 4, 3, 3), *constants], x=IMAGE)


CONVOLUTIONS = {
    "conv": conv((1, 3, 9, 9), (8, 3, 3, 3), pads=[1, 1, 1, 1]),
    "conv_strided": conv((1, 3, 9, 10), (8, 3, 3, 3), strides=[2, 2]),
    "conv_same_upper": conv((1, 3, 9, 10), (8, 3, 3, 3), strides=[2, 2], auto_pad="SAME_UPPER"),
    "conv_same_lower": conv((1, 3, 9, 10), (8, 3, 2, 2), auto_pad="SAME_LOWER"),
    "conv_dilated": conv((1, 3, 12, 12), (8, 3, 3, 3), dilations=[2, 2]),
    "conv_depthwise": conv((1, 8, 9, 9), (8, 1, 3, 3), group=8, pads=[1, 1, 1, 1]),
    "conv_multiplier": conv((1, 4, 9, 9), (8, 1, 3, 3), group=4),
    "conv_groups": conv((1, 8, 9, 9), (8, 4, 3, 3), group=2),
    "conv_1d": conv((1, 4, 16), (8, 4, 3), pads=[1, 1]),
    "conv_3d": conv((1, 2, 5, 6, 7), (4, 2, 3, 3, 3)),
    "conv_relu": after_conv(node("Relu", ["c"], ["y"])),
    "conv_clip": after_conv(
        node("Clip", ["c", "low", "high"], ["y"]), constants=[floats("low", 0), floats("high", 0.5)]
    ),
    "conv_batch_norm": after_conv(
        node("BatchNormalization", ["c", "g", "o", "m", "v"], ["n"]),
        node("Relu", ["n"], ["y"]),
        constants=[weights("g", 4), weights("o", 4), weights("m", 4), floats("v", [0.5, 1, 2, 3])],
    ),
    "conv_transpose": single(
        "ConvTranspose",
        constants=[weights("w", 4, 6, 3, 3), weights("b", 6)],
        strides=[2, 2],
        pads=[1, 1, 1, 1],
        output_padding=[1, 1],
    ),
    "gemm": single("Gemm", (1, 16), [weights("w", 10, 16), weights("b", 10)], transB=1, alpha=0.5, beta=2.0),
    "gemm_of_rows": single("Gemm", (3, 16), [weights("w", 16, 10)]),
    "matmul": single("MatMul", ROWS, [weights("w", 16, 10)]),
    "matmul_of_two": two("MatMul", (1, 2, 5, 16), (1, 2, 16, 7)),
    "matmul_broadcast": two("MatMul", (1, 2, 5, 16), (1, 1, 16, 7)),
}
ARITHMETIC = {
    **{kind: two(kind) for kind in ("Add", "Sub", "Mul", "Max", "Min")},
    **{f"{kind}_spread": two(kind, z=(1, 4, 1, 1)) for kind in ("Add", "Sub", "Mul")},
    "Add_of_one": proto([node("Add", ["x", "x"], ["y"])], x=ROWS),
    "Add_constant": single("Add", constants=[weights("k", 4, 1, 1)]),
    "Mul_constant": single("Mul", constants=[weights("k", 4, 1, 1)]),
    "Div_constant": single("Div", constants=[floats("k", [[[2]], [[3]], [[4]], [[5]]])]),
    "Div": proto(
        [node("Exp", ["z"], ["e"]), node("Add", ["e", "o"], ["p"]), node("Div", ["x", "p"], ["y"])],
        [floats("o", 1)],
        x=ROWS,
        z=ROWS,
    ),
    "Pow": single("Pow", constants=[floats("e", 2)]),
    "PRelu": single("PRelu", constants=[floats("slope", [0.2])]),
}
FUNCTIONS = {
    kind: single(kind)
    for kind in (
        *("Abs", "Elu", "Erf", "Exp", "Floor", "HardSigmoid", "HardSwish", "LeakyRelu", "Neg", "Selu", "Sigmoid"),
        *("Sin", "Softplus", "Softsign", "Tanh"),
    )
} | {
    "Gelu": single("Gelu", opset=20),
    "silu": after_conv(node("Sigmoid", ["c"], ["s"]), node("Mul", ["c", "s"], ["y"])),
    "gelu_in_parts": proto(
        [
            node("Div", ["x", "r"], ["a"]),
            node("Erf", ["a"], ["b"]),
            node("Add", ["b", "o"], ["c"]),
            node("Mul", ["x", "c"], ["d"]),
            node("Mul", ["d", "h"], ["y"]),
        ],
        [floats("r", 2**0.5), floats("o", 1), floats("h", 0.5)],
        x=ROWS,
    ),
}
NORMALISATIONS = {
    "Softmax": single("Softmax", ROWS, axis=-1),
    "Softmax_over_channels": single("Softmax", IMAGE, axis=1),
    "Softmax_of_1000": single("Softmax", (1, 1000), axis=1),
    "LayerNormalization": amid("LayerNormalization", (1, 6, 32), [weights("g", 32), weights("o", 32)]),
    "LayerNormalization_of_768": amid("LayerNormalization", (1, 2, 768), [weights("g", 768), weights("o", 768)]),
    "LayerNormalization_of_images": amid(
        "LayerNormalization", IMAGE, [weights("g", 4, 9, 8), weights("o", 4, 9, 8)], axis=1
    ),
    "InstanceNormalization": amid("InstanceNormalization", IMAGE, [weights("g", 4), weights("o", 4)]),
    "BatchNormalization": single(
        "BatchNormalization",
        constants=[weights("g", 4), weights("b", 4), weights("m", 4), floats("v", [0.5, 1, 2, 3])],
    ),
}
POOLINGS = {
    "AveragePool": single("AveragePool", kernel_shape=[2, 2], strides=[2, 2]),
    "AveragePool_padded": single("AveragePool", kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[2, 2]),
    "AveragePool_of_padding": single("AveragePool", kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1),
    "AveragePool_ceiling": single("AveragePool", (1, 4, 9, 7), kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1),
    "AveragePool_1d": single("AveragePool", (1, 4, 9), kernel_shape=[3]),
    "MaxPool": single("MaxPool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
    "MaxPool_ceiling": single("MaxPool", (1, 4, 9, 7), kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1),
    "MaxPool_1d": single("MaxPool", (1, 4, 9), kernel_shape=[2], strides=[2]),
    "GlobalAveragePool": single("GlobalAveragePool"),
    "GlobalMaxPool": single("GlobalMaxPool"),
    "ReduceMean": single("ReduceMean", axes=[2, 3], keepdims=0),
    "ReduceMean_18": single("ReduceMean", constants=[integers("a", [-1])], opset=18),
    "ReduceSum": single("ReduceSum", constants=[integers("a", [1])], keepdims=0),
    "ReduceMax": single("ReduceMax", axes=[1]),
}
MOVES = {
    "Concat": two("Concat", z=(1, 3, 9, 8), axis=1),
    "Concat_after_conv": after_conv(node("GlobalMaxPool", ["x"], ["m"]), node("Add", ["c", "m"], ["y"])),
    "Split": proto(
        [node("Split", ["x", "s"], ["a", "b"], axis=1), node("Mul", ["a", "b"], ["y"])],
        [integers("s", [2, 2])],
        x=IMAGE,
    ),
    "Slice": single("Slice", constants=[integers("s", [1, 2]), integers("e", [3, 100]), integers("a", [1, 3])]),
    "Slice_steps": single(
        "Slice",
        constants=[integers(n, v) for n, v in (("s", [0, -1]), ("e", [9, -100]), ("a", [2, 3]), ("t", [2, -1]))],
    ),
    "Reshape": after_conv(node("Reshape", ["c", "s"], ["y"]), constants=[integers("s", [0, 2, -1])]),
    "Flatten_Gemm": after_conv(
        node("Relu", ["c"], ["r"]),
        node("Flatten", ["r"], ["f"]),
        node("Gemm", ["f", "v"], ["y"]),
        constants=[weights("v", 168, 7)],
    ),
    "Transpose": proto(
        [node("Transpose", ["x"], ["t"], perm=[0, 2, 1]), node("MatMul", ["t", "w"], ["y"])],
        [weights("w", 5, 4)],
        x=ROWS,
    ),
    "Squeeze": proto(
        [node("Squeeze", ["x", "a"], ["s"]), node("Unsqueeze", ["s", "b"], ["u"]), node("Tanh", ["u"], ["y"])],
        [integers("a", [2]), integers("b", [1])],
        x=(1, 3, 1, 5),
    ),
    "Pad": proto(
        [node("Pad", ["x", "p"], ["a"]), node("Conv", ["a", "w"], ["y"])],
        [integers("p", [0, 0, 1, 1, 0, 0, 1, 1]), weights("w", 4, 4, 3, 3)],
        x=IMAGE,
    ),
    "Where": proto(
        [node("Where", ["m", "k", "x"], ["w"]), node("Softmax", ["w"], ["y"], axis=-1)],
        [floats("k", -8), onnx.numpy_helper.from_array(np.triu(np.ones((6, 6), bool), 1), "m")],
        x=(1, 2, 6, 6),
    ),
    "Where_of_infinity": proto(
        [node("Where", ["m", "k", "x"], ["w"]), node("Softmax", ["w"], ["y"], axis=-1)],
        [floats("k", -np.inf), onnx.numpy_helper.from_array(np.triu(np.ones((6, 6), bool), 1), "m")],
        x=(1, 2, 6, 6),
    ),
    "Add_of_mask": proto(
        [node("Add", ["x", "k"], ["w"]), node("Softmax", ["w"], ["y"], axis=-1)],
        [floats("k", np.triu(np.full((6, 6), -3.4e38), 1))],
        x=(1, 2, 6, 6),
    ),
    "Gather": proto([node("Gather", ["x", "i"], ["y"], axis=1)], [integers("i", 2)], x=IMAGE),
    "Gather_list": proto([node("Gather", ["x", "i"], ["y"], axis=1)], [integers("i", [3, 0, 1])], x=IMAGE),
    "Embedding": proto(
        [node("Gather", ["t", "x"], ["e"]), node("MatMul", ["e", "w"], ["y"])],
        [weights("t", 10, 8), weights("w", 8, 4)],
        x=("int", 1, 5),
    ),
    "Expand": single("Expand", (1, 1, 5), [integers("s", [1, 3, 5])]),
    "Tile": single("Tile", (1, 2, 5), [integers("s", [1, 3, 2])]),
    "DepthToSpace": single("DepthToSpace", (1, 8, 3, 4), blocksize=2),
    "SpaceToDepth": single("SpaceToDepth", (1, 2, 4, 4), blocksize=2),
    "Shape": proto(
        [
            node("Shape", ["x"], ["s"]),
            node("Slice", ["s", "from", "to"], ["n"]),
            node("Concat", ["n", "rest"], ["t"], axis=0),
            node("Reshape", ["x", "t"], ["y"]),
        ],
        [integers("from", [0]), integers("to", [1]), integers("rest", [-1])],
        x=IMAGE,
    ),
}
RESIZES = {
    f"Resize_{mode}_{mapping}": single(
        "Resize",
        (1, 2, 4, 5),
        [None, None, integers("s", [1, 2, 8, 7])],
        mode=mode,
        coordinate_transformation_mode=mapping,
    )
    for mode in ("nearest", "linear")
    for mapping in ("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel")
} | {
    f"Resize_{rounding}": single(
        "Resize",
        (1, 2, 4, 6),
        [None, floats("s", [1, 1, 2, 1.5])],
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode=rounding,
    )
    for rounding in ("floor", "ceil", "round_prefer_floor", "round_prefer_ceil")
}
NETWORKS = {**CONVOLUTIONS, **ARITHMETIC, **FUNCTIONS, **NORMALISATIONS, **POOLINGS, **MOVES, **RESIZES}


@pytest.mark.parametrize("name", NETWORKS)
def test_operator_is_within_one_step_of_onnxruntime(name):
    network = lower_network(*quantised(NETWORKS[name]))
    steps = layer_steps(network, random_inputs(qdq_of(network), INPUTS, seed=1))
    assert steps
    assert max(step for _, step in steps) <= 1, steps


@pytest.mark.parametrize(
    "name", ["conv_strided", "gemm", "matmul_of_two", "Add", "Div", "Softmax", "LayerNormalization", "Embedding"]
)
def test_chip_has_the_bits_of_the_reference_model(name):
    assert_chip_is_exact(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_chip_has_the_bits_of_the_reference_model_for_every_operator(name):
    assert_chip_is_exact(name)


def assert_chip_is_exact(name):
    network = lower_network(*quantised(NETWORKS[name]))
    inputs = network.quantize_inputs(*random_inputs(qdq_of(network), 3, seed=2))
    outputs = functional.execute(compile_graph(network.graph, load_chip("edge-256")), inputs)
    stacked = {name: array.reshape(3, *network.graph.tensor(name).shape) for name, array in inputs.items()}
    for tensor, expected in witness_outputs(network.graph, stacked).items():
        np.testing.assert_array_equal(outputs[tensor].reshape(expected.shape), expected)


def test_unsigned_activations_and_weights_keep_their_values():
    """uint8 becomes int8 by a shift of 128: onnxruntime's own default quantisation."""
    qdq = model(unsigned(NETWORKS["conv_relu"]))
    network = lower_network(qdq)
    assert {layer.offset for layer in network.layers} == {128}
    assert all(step <= 1 for _, step in layer_steps(network, random_inputs(qdq, INPUTS, seed=1)))


def unsigned(network):
    """The QDQ network with each 8-bit constant moved from int8 to uint8."""
    (qdq, _), moved = quantised(network), onnx.ModelProto()
    moved.CopyFrom(qdq.proto)
    for constant in moved.graph.initializer:
        if constant.data_type == onnx.TensorProto.INT8:
            shifted = (onnx.numpy_helper.to_array(constant).astype(np.int16) + 128).astype(np.uint8)
            constant.CopyFrom(onnx.numpy_helper.from_array(shifted, constant.name))
    del moved.graph.value_info[:]
    return moved


@pytest.mark.parametrize("kind", ["int8", "uint8"])
def test_integers_may_cross_the_border(kind):
    """A network that takes and gives integers: its first QuantizeLinear and last DequantizeLinear are the host's."""
    qdq, _ = quantised(NETWORKS["conv_relu"])
    whole = unsigned(NETWORKS["conv_relu"]) if kind == "uint8" else qdq.proto
    network = lower_network(model(integer_borders(whole, kind)))
    values = np.random.default_rng(0).integers(np.iinfo(kind).min, np.iinfo(kind).max + 1, IMAGE).astype(kind)
    (output,) = network.dequantize_outputs(evaluate(network.graph, network.quantize_inputs(values)))
    name, port = qdq_of(network).outputs[0], qdq_of(network).inputs[0]
    expected = onnx_tensors(qdq_of(network).proto, [name], {port.name: values[None]})[name][0]
    assert expected.dtype == kind
    assert np.abs(output.astype(int) - expected).max() <= 1


def integer_borders(network, kind):
    cut = onnx.ModelProto()
    cut.CopyFrom(network)
    first = next(node for node in cut.graph.node if node.op_type == "QuantizeLinear" and node.input[0] == "x")
    last = next(node for node in cut.graph.node if node.output[0] == "y")
    cut.graph.node.remove(first)
    cut.graph.node.remove(last)
    element = onnx.helper.np_dtype_to_tensor_dtype(np.dtype(kind))
    for port, name in ((cut.graph.input[0], first.output[0]), (cut.graph.output[0], last.input[0])):
        port.name = name
        port.type.tensor_type.elem_type = element
    return cut


def test_classes_come_out_as_int32():
    network = onnx.helper.make_model(
        onnx.helper.make_graph(
            [node("Conv", ["x", "w"], ["c"]), node("ArgMax", ["c"], ["y"], axis=1, keepdims=0)],
            "net",
            [onnx.helper.make_tensor_value_info("x", 1, [1, 3, 4, 4])],
            [onnx.helper.make_tensor_value_info("y", 7, [1, 4, 4])],
            [weights("w", 5, 3, 1, 1)],
        ),
        opset_imports=[onnx.helper.make_opsetid("", 17)],
        ir_version=8,
    )
    lowered = lower_network(*quantised(network))
    (binding,) = lowered.outputs
    assert (lowered.graph.tensor("y").dtype.name, binding.scale) == ("INT32", None)


def test_masked_scores_get_no_weight():
    network = lower_network(*quantised(NETWORKS["Where_of_infinity"]))
    scores = random_inputs(qdq_of(network), 1, seed=3)[0]
    (weights_found,) = network.dequantize_outputs(evaluate(network.graph, network.quantize_inputs(scores)))
    lower_triangle = np.tril(np.ones((6, 6)))
    expected = np.exp(scores) * lower_triangle
    np.testing.assert_allclose(weights_found, expected / expected.sum(axis=-1, keepdims=True), atol=0.03)
    assert not (weights_found * (1 - lower_triangle)).any()


def test_page_names_every_operator():
    page = (Path(__file__).parents[3] / "docs" / "front-ends.md").read_text()
    missing = [kind for kind in HANDLERS if kind not in page]
    assert missing == []


REFUSED = {
    "LSTM_clipped": (
        single("LSTM", (4, 1, 3), [weights("w", 1, 16, 3), weights("r", 1, 16, 4)], hidden_size=4, clip=1.0),
        OperatorRefused,
        r"LSTM 'y': a recurrent layer as one operator in a quantised network, or an unusual one",
    ),
    "CumSum": (
        single("CumSum", (1, 5), [integers("a", 1)]),
        OperatorRefused,
        r"CumSum 'y': is not among the operators",
    ),
    "Resize_cubic": (
        single("Resize", constants=[None, floats("s", [1, 1, 2, 2])], mode="cubic"),
        OperatorRefused,
        r"Resize 'y': rank 4, mode cubic; images by nearest or linear are held",
    ),
    "Pad_reflect": (
        single("Pad", constants=[integers("p", [0, 0, 1, 1, 0, 0, 1, 1])], mode="reflect"),
        OperatorRefused,
        r"Pad 'y': mode reflect is not held; constant is",
    ),
    "Sqrt_of_negative": (single("Sqrt"), OperatorRefused, "not a number for some input"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_operator_outside_is_refused_by_name(name):
    network, error, message = REFUSED[name]
    with pytest.raises(error, match=message):
        lower_network(*quantised(network))


def test_float_tensor_within_a_quantised_network_is_named():
    """A network of which only a part is quantised."""
    qdq, _ = quantised(NETWORKS["conv_relu"])
    tail = onnx.ModelProto()
    tail.CopyFrom(qdq.proto)
    (last,) = (node for node in tail.graph.node if node.output[0] == "y")
    last.output[0] = "inner"
    tail.graph.node.append(node("Conv", ["inner", "float_weights"], ["y"], name="second"))
    tail.graph.initializer.append(weights("float_weights", 4, 4, 1, 1))
    with pytest.raises(
        OperatorRefused, match=r"Conv 'second': its weights 'float_weights' must be constants behind a Deq"
    ):
        lower_network(model(tail))


def test_calibration_of_another_shape_is_named():
    plain = model(NETWORKS["conv"])
    with pytest.raises(BadInput, match=r"calibration of shape \[8, 3, 9, 8\] does not fit input 'x' of 'net'"):
        quantise(plain, [np.zeros((8, 3, 9, 8), np.float32)])
    with pytest.raises(BadInput, match=r"takes 1 inputs \(x\), the calibration holds 2"):
        quantise(plain, [np.zeros((8, 3, 9, 9), np.float32)] * 2)
