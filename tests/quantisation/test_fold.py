"""Constants behind a product are folded into it where that changes nothing but the number of operators."""

from __future__ import annotations

import numpy as np
import pytest

from chipsmith.quantisation.fold import fold_products
from chipsmith.quantisation.network import FloatLayer, FloatNetwork
from chipsmith.tosa.builder import GraphBuilder
from chipsmith.tosa.floating.evaluate import evaluate_floats
from chipsmith.tosa.graph import DType

CHANNELS = 3
CONVOLUTION = {"pad": (0, 0, 0, 0), "stride": (1, 1), "dilation": (1, 1), "local_bound": False, "acc_type": "FP32"}
KERNELS = {
    "CONV2D": ((CHANNELS, 2, 2, 4), (1, 4, 4, CHANNELS), CONVOLUTION),
    "DEPTHWISE_CONV2D": ((2, 2, 4, 2), (1, 4, 4, 8), CONVOLUTION),
    "TRANSPOSE_CONV2D": (
        (CHANNELS, 2, 2, 4),
        (1, 6, 6, CHANNELS),
        {"out_pad": (0, 0, 0, 0), "stride": (1, 1), "local_bound": False, "acc_type": "FP32"},
    ),
}


def product(kind):
    """A builder with a product of random constants, and its tensor."""
    kernel, shape, attributes = KERNELS[kind]
    build, draw = GraphBuilder(), np.random.default_rng(0)
    x = build.enter("x", (1, 5, 5, 4), DType.FP32)
    weights = build.constant(draw.normal(size=kernel), DType.FP32)
    bias = build.constant(draw.normal(size=shape[-1]), DType.FP32)
    zeros = [build.constant([0.0], DType.FP32) for _ in range(2)]
    build.scope = "product"
    return build, build.emit(kind, (x, weights, bias, *zeros), shape, DType.FP32, attributes)


def network(build, *outputs, layers=()):
    return FloatNetwork(graph=build.finish("net", outputs), inputs=(), outputs=(), layers=layers)


def constant(build, *shape):
    return build.constant(np.random.default_rng(len(shape)).normal(size=shape), DType.FP32)


def kinds(folded):
    return [operator.kind for operator in folded.graph.operators]


def assert_same(before, after):
    x = np.random.default_rng(1).normal(size=(2, 1, 5, 5, 4)).astype(np.float32)
    expected = evaluate_floats(before.graph, {"x": x}, keep=before.graph.outputs)
    folded = evaluate_floats(after.graph, {"x": x}, keep=after.graph.outputs)
    for name in before.graph.outputs:
        np.testing.assert_allclose(folded[name], expected[name], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", KERNELS)
def test_scale_and_shift_of_channels_go_into_weights_and_bias(kind):
    build, tensor = product(kind)
    channels = build.shape(tensor)[-1]
    scaled = build.multiply(tensor, constant(build, 1, 1, 1, channels))
    before = network(build, build.binary("ADD", scaled, constant(build, 1, 1, 1, channels)))
    after = fold_products(before)
    assert kinds(after) == [kind]
    assert_same(before, after)


def test_difference_from_a_constant_and_a_single_factor_fold_too():
    build, tensor = product("CONV2D")
    turned = build.binary("SUB", constant(build, 1, 1, 1, CHANNELS), tensor)
    before = network(build, build.multiply(turned, constant(build, 1, 1, 1, 1)))
    after = fold_products(before)
    assert kinds(after) == ["CONV2D"]
    assert_same(before, after)


def test_a_reshape_that_keeps_the_channels_lies_between():
    build, tensor = product("CONV2D")
    rows = build.reshape(tensor, (16, CHANNELS))
    before = network(build, build.binary("ADD", rows, constant(build, 1, CHANNELS)))
    after = fold_products(before)
    assert kinds(after) == ["CONV2D", "RESHAPE"]
    assert_same(before, after)


def test_a_product_that_others_read_stays():
    build, tensor = product("CONV2D")
    scaled = build.multiply(tensor, constant(build, 1, 1, 1, CHANNELS))
    before = network(build, scaled, build.unary("TANH", tensor))
    assert kinds(fold_products(before)) == kinds(before)


def test_a_constant_that_differs_by_place_stays():
    build, tensor = product("CONV2D")
    before = network(build, build.binary("ADD", tensor, constant(build, 1, 4, 4, CHANNELS)))
    assert kinds(fold_products(before)) == ["CONV2D", "ADD"]


def test_planned_weights_take_a_shift_and_no_factor():
    build, tensor = product("CONV2D")
    shifted = build.binary("ADD", tensor, constant(build, 1, 1, 1, CHANNELS))
    before = network(build, build.multiply(shifted, constant(build, 1, 1, 1, CHANNELS)))
    weights = before.graph.operators[0].inputs[1]
    after = fold_products(before, planned={weights})
    assert kinds(after) == ["CONV2D", "MUL"]
    assert after.graph.operators[0].inputs[1] == weights
    assert_same(before, after)


def test_layers_whose_values_are_gone_are_left_out():
    build, tensor = product("CONV2D")
    scaled = build.multiply(tensor, constant(build, 1, 1, 1, CHANNELS))
    layers = tuple(
        FloatLayer(name=name, operator="Conv", tensor=name, axes=(0, 1, 2, 3), source=name) for name in (tensor, scaled)
    )
    after = fold_products(network(build, scaled, layers=layers))
    assert [layer.tensor for layer in after.layers] == [scaled]
