"""Quantised files keep their own scales and integers: the chip gives what onnxruntime gives, to a step of rounding."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from onnx_networks import assert_same, floats, integers, model, node, proto, random_inputs, source_outputs, weights

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.errors import BadInput, OperatorRefused
from chipsmith.frontends.onnx.load import assemble_file, quantise_file
from chipsmith.frontends.onnx.network import lower_model
from chipsmith.sim import functional

IMAGE = (1, 3, 6, 6)
COUNT = 20


def constant(name, values, dtype):
    return numpy_helper.from_array(np.array(values, dtype), name)


def scales(kind, name, scale, zero_point):
    return [floats(f"{name}_s", scale), constant(f"{name}_z", zero_point, kind)]


def pair(source, name):
    """The nodes that round a tensor: its integers are name_q, its reals name."""
    parameters = [f"{name}_s", f"{name}_z"]
    return [
        node("QuantizeLinear", [source, *parameters], [f"{name}_q"]),
        node("DequantizeLinear", [f"{name}_q", *parameters], [name]),
    ]


def kernel(kind, shape, axis=0):
    """Integer weights with a scale for each output channel, and the node that makes them real."""
    draw = np.random.default_rng(0)
    low, high = (0, 255) if kind == "uint8" else (-127, 127)
    middle = 128 if kind == "uint8" else 0
    channels = shape[axis]
    return [
        constant("w_q", draw.integers(low, high + 1, shape), kind),
        floats("w_s", draw.uniform(0.002, 0.01, channels)),
        constant("w_z", np.full(channels, middle), kind),
    ], node("DequantizeLinear", ["w_q", "w_s", "w_z"], ["w"], axis=axis)


def convolution(kind, weight_kind="int8", shape=(4, 3, 3, 3), **attributes):
    """A rounded input, a convolution by integer weights with a bias of int32, a Relu, and a rounded result."""
    width = 16 if kind.endswith("16") else 8
    finer = 1.0 if width == 8 else 1 / 256
    middle = {"int8": 5, "uint8": 131, "int16": 0, "uint16": 32768}[kind]
    lowest = {"int8": -128, "uint8": 0, "int16": 0, "uint16": 32768}[kind]
    constants, dequantise = kernel(weight_kind, shape)
    bias_scale = 0.03 * finer * numpy_helper.to_array(constants[1])
    constants += [*scales(kind, "a", 0.03 * finer, middle), *scales(kind, "y", 0.02 * finer, lowest)]
    constants += [constant("b_q", [100, -200, 300, -400], "int32"), floats("b_s", bias_scale)]
    nodes = [
        *pair("x", "a"),
        dequantise,
        node("DequantizeLinear", ["b_q", "b_s"], ["b"], axis=0),
        node("Conv", ["a", "w", "b"], ["c"], **attributes),
        node("Relu", ["c"], ["r"]),
        *pair("r", "y"),
    ]
    return proto(nodes, constants, opset=21, x=IMAGE)


def chip_outputs(network, columns):
    """The author's outputs from the simulated chip."""
    flat = [column.reshape(-1, *column.shape[2:]) for column in columns]
    outputs = functional.execute(compile_graph(network.graph, load_chip("edge-256")), network.quantize_inputs(*flat))
    return network.dequantize_outputs(outputs)


def largest_steps(network, scale, columns=None):
    """Of the first output, the greatest difference of the chip from onnxruntime in steps."""
    columns = columns or random_inputs(network, COUNT)
    (ours, *_), (theirs, *_) = chip_outputs(assemble_file(network), columns), source_outputs(network, columns)
    assert ours.dtype == theirs.dtype
    return np.abs(ours.reshape(theirs.shape).astype(np.float64) - theirs).max() / scale


@pytest.mark.parametrize("weight_kind", ["int8", "uint8"])
@pytest.mark.parametrize("kind", ["int8", "uint8"])
def test_convolution_of_8_bits_is_within_a_step(kind, weight_kind):
    assert largest_steps(model(convolution(kind, weight_kind)), 0.02) <= 1.01


@pytest.mark.parametrize("kind", ["int16", "uint16"])
def test_activations_of_16_bits_are_within_a_few_of_their_steps(kind):
    assert largest_steps(model(convolution(kind)), 0.02 / 256) <= 4


@pytest.mark.parametrize(
    ("shape", "attributes"), [((6, 1, 3, 3), {"group": 3}), ((3, 1, 3, 3), {"group": 3}), ((4, 3, 1, 1), {})]
)
def test_weights_keep_the_integers_and_scales_of_the_file(shape, attributes):
    network = convolution("int8", shape=shape, **attributes)
    for constant_tensor in network.graph.initializer:
        if constant_tensor.name in ("b_q", "b_s"):
            values = numpy_helper.to_array(constant_tensor)
            fitted = np.resize(values, shape[0])
            constant_tensor.CopyFrom(numpy_helper.from_array(fitted, constant_tensor.name))
    read = model(network)
    lowered, plan = lower_model(read)
    names = [name for name in plan.tensors if name in lowered.graph.constants]
    expected = set(np.round(read.constants["w_q"].reshape(-1)).tolist())
    kept = set()
    for name in names:
        entry, data = plan.tensors[name], lowered.graph.constants[name]
        spread = [-1 if axis == entry.axis and entry.scale.size > 1 else 1 for axis in range(data.ndim)]
        kept |= set(np.rint(data / entry.scale.reshape(spread)).astype(int).reshape(-1).tolist())
    assert kept == expected or shape[0] == 6  # several outputs a channel have no single axis of scales


def test_matrix_by_integer_weights_of_4_bits_is_within_a_step():
    values = np.random.default_rng(0).integers(-8, 8, (16, 5))
    packed = onnx.helper.make_tensor("w_q", onnx.TensorProto.INT4, values.shape, values.reshape(-1).tolist())
    constants = [packed, floats("w_s", np.linspace(0.01, 0.05, 5))]
    constants += [*scales("int8", "a", 0.03, 0), *scales("int8", "y", 0.05, 0)]
    nodes = [
        *pair("x", "a"),
        node("DequantizeLinear", ["w_q", "w_s"], ["w"], axis=1),
        node("MatMul", ["a", "w"], ["m"]),
        *pair("m", "y"),
    ]
    assert largest_steps(model(proto(nodes, constants, opset=21, x=(3, 16))), 0.05) <= 1.01


def test_operators_move_integers_between_the_rounding_and_its_end():
    constants = [*scales("uint8", "a", 0.03, 120), integers("s", [0, -1])]
    nodes = [
        node("QuantizeLinear", ["x", "a_s", "a_z"], ["q"]),
        node("Transpose", ["q"], ["t"], perm=[0, 2, 3, 1]),
        node("MaxPool", ["q"], ["p"], kernel_shape=[2, 2]),
        node("Reshape", ["t", "s"], ["r"]),
        node("DequantizeLinear", ["r", "a_s", "a_z"], ["y"]),
        node("DequantizeLinear", ["p", "a_s", "a_z"], ["z"]),
    ]
    network = model(proto(nodes, constants, outputs=("y", "z"), x=IMAGE))
    columns = random_inputs(network, COUNT)
    for ours, theirs in zip(
        chip_outputs(assemble_file(network), columns), source_outputs(network, columns), strict=True
    ):
        np.testing.assert_allclose(ours.reshape(theirs.shape), theirs, atol=1e-6)


@pytest.mark.parametrize("kind", ["int8", "uint8"])
def test_integers_may_cross_the_border(kind):
    """A network that takes and gives integers: its first QuantizeLinear and last DequantizeLinear are the host's."""
    whole = convolution(kind)
    kept = [entry for entry in whole.graph.node if entry.output[0] not in ("a_q", "y")]
    del whole.graph.node[:]
    whole.graph.node.extend(kept)
    element = onnx.helper.np_dtype_to_tensor_dtype(np.dtype(kind))
    for port, name in ((whole.graph.input[0], "a_q"), (whole.graph.output[0], "y_q")):
        port.name = name
        port.type.tensor_type.elem_type = element
    network = model(whole)
    info = np.iinfo(kind)
    values = np.random.default_rng(0).integers(info.min, info.max + 1, (COUNT, *IMAGE)).astype(kind)
    assert largest_steps(network, 1, [values]) <= 1


def test_an_input_that_is_rounded_in_two_ways_has_16_bits():
    constants = [*scales("int8", "a", 0.03, 0), *scales("int8", "b", 0.011, 10)]
    network = model(proto([*pair("x", "a"), *pair("x", "b"), node("Sub", ["a", "b"], ["y"])], constants, x=(2, 9)))
    plan = lower_model(network)[1]
    assert plan.tensors["x"].width == 16
    columns = random_inputs(network, COUNT)
    (ours,), (theirs,) = chip_outputs(assemble_file(network), columns), source_outputs(network, columns)
    assert np.abs(ours.reshape(theirs.shape) - theirs).max() < 0.03


QLINEAR_SCALES = [
    *(floats(f"{name}_s", scale) for name, scale in (("x", 0.03), ("z", 0.02), ("y", 0.05))),
    *(constant(f"{name}_z", zero, "uint8") for name, zero in (("x", 128), ("z", 100), ("y", 120))),
]


def qlinear(kind, inputs, constants=(), **attributes):
    """A rounded input, an operator of integers and scales, and its reals."""
    quantised = [node("QuantizeLinear", [name, f"{name}_s", f"{name}_z"], [f"{name}_q"]) for name in ("x", "z")]
    operator = node(
        kind, inputs, ["q"], domain="" if kind in ("QLinearConv", "QLinearMatMul") else "com.microsoft", **attributes
    )
    last = node("DequantizeLinear", ["q", "y_s", "y_z"], ["y"])
    shape = {"QLinearConv": IMAGE, "QLinearAveragePool": IMAGE}.get(kind, (3, 8))
    return proto([*quantised, operator, last], [*QLINEAR_SCALES, *constants], x=shape, z=shape)


X, Z, Y = (["x_q", "x_s", "x_z"], ["z_q", "z_s", "z_z"], ["y_s", "y_z"])
WEIGHTS = [floats("w_s", [0.01]), constant("w_z", [0], "int8")]
SMALL = 60
"""Integer weights up to which no processor's sums of two products of 8 bits are cut off, as onnxruntime's may be."""
MATRIX = [constant("w_q", np.random.default_rng(0).integers(-SMALL, SMALL, (8, 5)), "int8"), *WEIGHTS]
QLINEAR = {
    "QLinearConv": qlinear(
        "QLinearConv",
        [*X, "w_q", "w_s", "w_z", *Y, "b_q"],
        [
            constant("w_q", np.random.default_rng(0).integers(-SMALL, SMALL, (4, 3, 3, 3)), "int8"),
            floats("w_s", [0.002, 0.004, 0.006, 0.008]),
            constant("w_z", [0, 0, 0, 0], "int8"),
            constant("b_q", [1000, -2000, 3000, 0], "int32"),
        ],
    ),
    "QLinearMatMul": qlinear("QLinearMatMul", [*X, "w_q", "w_s", "w_z", *Y], MATRIX),
    "QGemm": qlinear(
        "QGemm", [*X, "w_q", "w_s", "w_z", "b_q", *Y], [*MATRIX, constant("b_q", [100, -200, 300, 0, 5], "int32")]
    ),
    "QLinearAdd": qlinear("QLinearAdd", [*X, *Z, *Y]),
    "QLinearMul": qlinear("QLinearMul", [*X, *Z, *Y]),
    "QLinearSigmoid": qlinear("QLinearSigmoid", [*X, *Y]),
    "QLinearLeakyRelu": qlinear("QLinearLeakyRelu", [*X, *Y], alpha=0.1),
    "QLinearConcat": qlinear("QLinearConcat", [*Y, *X, *Z], axis=1),
    "QLinearAveragePool": qlinear("QLinearAveragePool", [*X, *Y], kernel_shape=[2, 2]),
}


@pytest.mark.parametrize("name", QLINEAR)
def test_operator_of_integers_and_scales_is_within_a_step(name):
    assert largest_steps(model(QLINEAR[name]), 0.05) <= 1.01


def dynamic(kind, shape, weight_shape):
    """A network that onnxruntime's dynamic quantisation gives."""
    draw = np.random.default_rng(0)
    nodes = [
        node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"]),
        node(kind, ["q", "w_q", "z", "w_z"], ["i"]),
        node("Cast", ["i"], ["f"], to=1),
        node("Mul", ["s", "w_s"], ["m"]),
        node("Mul", ["f", "m"], ["y"]),
    ]
    constants = [
        constant("w_q", draw.integers(0, 256, weight_shape), "uint8"),
        constant("w_z", 130, "uint8"),
        floats("w_s", 0.01),
    ]
    return proto(nodes, constants, x=shape)


@pytest.mark.parametrize(
    ("kind", "shape", "weight_shape"),
    [("MatMulInteger", (3, 16), (16, 5)), ("ConvInteger", (1, 3, 6, 6), (4, 3, 3, 3))],
)
def test_network_that_is_quantised_as_it_runs_is_read_as_a_float_one(kind, shape, weight_shape):
    network = model(dynamic(kind, shape, weight_shape))
    assert not network.quantised
    columns = random_inputs(network, COUNT)
    assert_same(network, columns, rtol=1, atol=0.02)  # the source rounds its input to 8 bits
    flat = [column.reshape(-1, *column.shape[2:]) for column in columns]
    (ours,), (theirs,) = chip_outputs(quantise_file(network, flat), columns), source_outputs(network, columns)
    assert np.abs(ours.reshape(theirs.shape) - theirs).max() < 0.03 * np.abs(theirs).max()


REFUSED = {
    "float input": (
        proto(
            [node("Relu", ["x"], ["r"]), node("Tanh", ["x"], ["t"]), *pair("r", "y"), node("Add", ["y", "t"], ["z"])],
            scales("int8", "y", 0.1, 0),
            outputs=("z",),
            x=(2, 3),
        ),
        r"node 't' reads the input 'x' in floating point, and the file is quantised: quantise that input too",
    ),
    "scales by channel": (
        proto(
            [
                node("QuantizeLinear", ["x", "s", "z"], ["q"], axis=1),
                node("DequantizeLinear", ["q", "s", "z"], ["y"], axis=1),
            ],
            [floats("s", [0.1, 0.2]), constant("z", [0, 0], "int8")],
            x=(3, 2),
        ),
        r"QuantizeLinear 'q': activations are int8, uint8, int16 or uint16 with a single scale, and here they are int8",
    ),
    "uint16 off its middle": (
        proto(pair("x", "y"), scales("uint16", "y", 0.1, 7), opset=21, x=(3, 2)),
        r"QuantizeLinear 'y_q': its zero point is 7; of 16 bits 32768 alone is held: quantise it symmetrically",
    ),
    "blocks of weights": (
        proto(
            [node("DequantizeLinear", ["w_q", "w_s"], ["w"], axis=0, block_size=2), node("MatMul", ["x", "w"], ["y"])],
            [constant("w_q", np.ones((4, 2)), "int8"), floats("w_s", np.ones((2, 2)))],
            opset=21,
            x=(3, 4),
        ),
        r"DequantizeLinear 'w': scales for blocks of weights are not held; quantise per tensor or per channel",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_held_is_refused_by_name(name):
    network, message = REFUSED[name]
    with pytest.raises(OperatorRefused, match=message):
        lower_model(model(network))


def test_scale_that_makes_no_sense_is_refused():
    with pytest.raises(BadInput, match=r"QuantizeLinear 'y_q': scale -1\.0 must be positive and finite"):
        lower_model(model(proto(pair("x", "y"), scales("int8", "y", -1, 0), x=(3, 2))))


def test_float_bias_and_weights_beside_rounded_activations_are_held():
    constants = [weights("w", 16, 5), weights("b", 5), *scales("int8", "a", 0.03, 0), *scales("int8", "y", 0.05, 0)]
    nodes = [*pair("x", "a"), node("Gemm", ["a", "w", "b"], ["g"]), *pair("g", "y")]
    network = model(proto(nodes, constants, x=(3, 16)))
    columns = random_inputs(network, COUNT)
    (ours,), (theirs,) = chip_outputs(assemble_file(network), columns), source_outputs(network, columns)
    assert np.abs(ours.reshape(theirs.shape) - theirs).max() <= 2 * 0.0501
