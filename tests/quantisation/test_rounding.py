"""Weights and activations rounded, in floating point."""

from __future__ import annotations

import numpy as np
from float_networks import NetworkWriter, normal, write_network

from chipsmith.quantisation.fake_quantized import FakeQuantizedModel
from chipsmith.quantisation.network import FloatLayer, FloatNetwork, NetworkInput, NetworkOutput
from chipsmith.quantisation.plan import Quantisation, QuantisationPlan, quantise_tensor
from chipsmith.quantisation.rounding import evaluate_rounded, round_constant
from chipsmith.quantisation.text import format_plan
from chipsmith.quantisation.weights import plan_weights
from chipsmith.tosa.graph import DType

EMPTY = QuantisationPlan(tensors={})


def test_integers_of_a_constant_come_back_exactly():
    integers = np.random.default_rng(0).integers(-128, 128, (5, 3, 3, 2))
    scale, zero = np.array([1e-3, 7e-9, 0.3, 1.1, 5e4], np.float32), np.array([0, 3, -7, 0, 1])
    spread = (5, 1, 1, 1)
    reals = (integers - zero.reshape(spread)).astype(np.float32) * scale.reshape(spread)
    quantisation = Quantisation(scale=scale.astype(np.float64), zero_point=zero, axis=0)
    np.testing.assert_array_equal(round_constant(reals, quantisation), reals)


def test_weights_have_a_scale_for_each_output_channel():
    def write(writer, x):
        deep = writer.convolve(x, 4, name="deep", size=3, depthwise=True)
        return [writer.convolve(deep, 3, name="y", scale=[1.0, 1e-3, 0.0])]

    network = write_network(write, (1, 4, 4, 4))
    plan = plan_weights(network.graph)
    deep, dense = (plan[operator.inputs[1]] for operator in network.graph.operators)
    assert (deep.axis, deep.scale.size) == (2, 4)
    assert (dense.axis, dense.scale.size) == (0, 3)
    weights = network.graph.constants[network.graph.operators[1].inputs[1]]
    np.testing.assert_allclose(dense.scale[:2], np.abs(weights).max(axis=(1, 2, 3))[:2] / 127, rtol=1e-6)
    assert np.abs(round_constant(weights, dense) - weights).max() <= dense.scale.max() / 2


def test_a_constant_that_two_products_read_otherwise_is_rounded_for_each():
    """Columns of unlike sizes have a scale each on the right of a product, and must share one on the left."""
    writer = NetworkWriter()
    sizes = np.array([1.0, 100.0, 0.01])
    weights = np.array([[127, -3, 9], [5, 127, 0], [7, 1, 127]]) * sizes / 127
    constant = writer.real(weights[None])
    x = writer.enter("x", (1, 3, 3), DType.FP32)
    right, left = writer.matmul(x, constant, name="right"), writer.matmul(constant, x, name="left")
    graph = writer.finish("tied", [right, left])
    assert plan_weights(graph) == {}
    unit = np.eye(3, dtype=np.float32)[None, None]
    rounded = evaluate_rounded(graph, EMPTY, {"x": unit}, keep=[right, left])
    np.testing.assert_allclose(rounded[right][0, 0], weights, rtol=1e-6)
    step = 100 / 127
    np.testing.assert_allclose(rounded[left][0, 0], np.rint(weights / step) * step, rtol=1e-6)


def test_readers_and_results_see_rounded_tensors():
    network = write_network(lambda writer, x: [writer.apply("EXP", x, name="y")], (3,))
    plan = QuantisationPlan(tensors={"x": quantise_tensor(0.5, 0), "y": quantise_tensor(0.25, 0)})
    x = np.array([[0.2, 0.3, 99.0]], np.float32)
    values = evaluate_rounded(network.graph, plan, {"x": x}, keep=["x", "y"])
    np.testing.assert_array_equal(values["x"], [[0.0, 0.5, 63.5]])
    np.testing.assert_array_equal(values["y"], [[1.0, 1.75, 31.75]])


def coded_network() -> FloatNetwork:
    """y = x + 1 of uint8 x (0.5 a step, 128 is 0), in the author's order, beside a constant and y's transpose."""
    writer = NetworkWriter()
    writer.scope = "sum"
    total = writer.binary("ADD", writer.enter("x", (1, 2), DType.FP32), writer.real([[1.0]]))
    encoding = quantise_tensor(0.5, 0)
    return FloatNetwork(
        graph=writer.finish("coded", [total]),
        inputs=(NetworkInput(name="x", dtype=np.dtype(np.uint8), shape=(1, 2), encoding=encoding),),
        outputs=(
            NetworkOutput(name="y", dtype=np.dtype(np.float32), tensor="sum"),
            NetworkOutput(name="again", dtype=np.dtype(np.int8), tensor="sum", encoding=encoding),
            NetworkOutput(name="seven", dtype=np.dtype(np.int64), tensor=None, constant=np.array([7])),
        ),
        layers=(FloatLayer(name="add", operator="Add", tensor="sum", axes=(1, 0), source="total"),),
    )


def test_the_author_s_types_go_in_and_come_out():
    model = FakeQuantizedModel(network=coded_network(), plan=EMPTY)
    x = np.array([[128, 129], [0, 255]], np.uint8)
    y, again, seven = model.run(x)
    np.testing.assert_array_equal(y, np.array([[1.0, 1.5], [-63.0, 64.5]], np.float32), strict=True)
    np.testing.assert_array_equal(again, np.array([[2, 3], [-126, 127]], np.int8), strict=True)
    np.testing.assert_array_equal(seven, np.array([7, 7]), strict=True)


def test_layers_are_seen_in_the_author_s_order_of_axes():
    model = FakeQuantizedModel(network=coded_network(), plan=EMPTY)
    seen = model.tensors(["total", "nobody"], np.array([[128, 130]], np.uint8))
    assert list(seen) == ["total"]
    np.testing.assert_array_equal(seen["total"], [[[1.0], [2.0]]])


def test_another_plan_is_another_model():
    network = coded_network()
    other = QuantisationPlan(tensors={"sum": quantise_tensor(0.5, 1)})
    assert (
        FakeQuantizedModel(network=network, plan=other).fingerprint
        != FakeQuantizedModel(network=network, plan=EMPTY).fingerprint
    )


def test_a_plan_as_text():
    network = write_network(lambda writer, x: [writer.convolve(x, 2, name="y")], (1, 1, 1, 2))
    weights = network.graph.operators[0].inputs[1]
    scales = Quantisation(scale=np.array([0.5, 0.25]), zero_point=np.zeros(2, np.int64))
    plan = QuantisationPlan(tensors={weights: scales, "x": quantise_tensor(0.125, -128)})
    assert format_plan(network, plan).splitlines() == [
        "tensor        bits  scale                         zero point  range        author's operator",
        "x             8     0.125                         -128        0 to 31.88   input",
        "y/constant.2  8     0.25 to 0.5 (2 along axis 0)  0           -64 to 63.5  y",
    ]


def test_rounding_costs_what_it_must():
    """A product of rounded operands is as far off as its two operands."""
    network = write_network(lambda writer, x: [writer.convolve(x, 8, name="y", bias=0.0)], (1, 8, 8, 32))
    inputs = normal(4, (1, 8, 8, 32))
    plan = QuantisationPlan(tensors={"x": quantise_tensor(8 / 255, 0)})
    exact = evaluate_rounded(network.graph, EMPTY, inputs, keep=["y"])["y"]
    rounded = evaluate_rounded(network.graph, plan, inputs, keep=["y"])["y"]
    step = (8 / 255) / np.sqrt(12)
    gain = np.sqrt(np.square(network.graph.constants[network.graph.operators[0].inputs[1]]).sum(axis=(1, 2, 3)))
    np.testing.assert_allclose((rounded - exact).std(axis=(0, 1, 2, 3)), step * gain, rtol=0.1)
