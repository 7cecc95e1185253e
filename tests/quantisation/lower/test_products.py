"""Convolutions and matrix products as integers: within a step of the rounded float graph."""

from __future__ import annotations

import numpy as np
import pytest
from lowering_witness import (
    CONVOLUTION,
    assert_nearly_exact,
    assert_rounded_right,
    compare,
    convolve,
    cover,
    int8_weights,
    lower,
    multiply_matrices,
    plan_by_range,
    random_inputs,
    real_constant,
    write_graph,
)

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.quantisation.plan import Quantisation, QuantisationPlan
from chipsmith.tosa.builder import GraphBuilder
from chipsmith.tosa.graph import DType, Graph

BIAS = np.linspace(-1, 1, 4)


def write_conv2d(build: GraphBuilder) -> str:
    return convolve(build, "x", int8_weights((4, 3, 3, 3), axis=0), BIAS, shape=(1, 4, 4, 4))


def write_depthwise(build: GraphBuilder) -> str:
    """Two kernels for each of three channels, each with a scale of its own."""
    weights = int8_weights((3, 3, 6), axis=2).reshape(3, 3, 3, 2)
    return convolve(build, "x", weights, np.linspace(-1, 1, 6), shape=(1, 4, 4, 6), kind="DEPTHWISE_CONV2D")


def write_transposed(build: GraphBuilder) -> str:
    zero = real_constant(build, [0.0])
    weights = real_constant(build, int8_weights((4, 3, 3, 3), axis=0))
    attributes = {"out_pad": (0, 0, 0, 0), "stride": (2, 2), "local_bound": False, "acc_type": "FP32"}
    operands = ("x", weights, real_constant(build, BIAS), zero, zero)
    return build.emit("TRANSPOSE_CONV2D", operands, (1, 13, 13, 4), DType.FP32, attributes)


def write_conv3d(build: GraphBuilder) -> str:
    zero = real_constant(build, [0.0])
    volume = build.reshape("x", (1, 2, 3, 6, 3))
    weights = real_constant(build, int8_weights((4, 2, 3, 3, 3), axis=0))
    attributes = {**CONVOLUTION, "pad": (0,) * 6, "stride": (1, 1, 1), "dilation": (1, 1, 1)}
    operands = (volume, weights, real_constant(build, BIAS), zero, zero)
    return build.emit("CONV3D", operands, (1, 1, 1, 4, 4), DType.FP32, attributes)


@pytest.mark.parametrize("write", [write_conv2d, write_depthwise, write_transposed, write_conv3d])
def test_convolutions(write):
    graph = write_graph(write, x=(1, 6, 6, 3))
    assert_rounded_right(graph)
    assert_nearly_exact(graph)
    assert_nearly_exact(graph, wide=["x"])
    assert_rounded_right(graph, wide=["x", *graph.outputs])


def depthwise(channels: int, scales: np.ndarray, *, clamped: bool) -> Graph:
    """A 3 x 3 kernel for each channel, of its own scale, and maybe ReLU6."""
    weights = int8_weights((3, 3, channels), axis=2) * scales

    def write(build: GraphBuilder) -> str:
        shape = (1, 4, 4, channels)
        kernels = weights.reshape(3, 3, channels, 1)
        result = convolve(build, "x", kernels, scales, shape=shape, kind="DEPTHWISE_CONV2D")
        limits = {"min_val": 0.0, "max_val": 6.0}
        return build.emit("CLAMP", (result,), shape, DType.FP32, limits) if clamped else result

    return write_graph(write, x=(1, 6, 6, channels))


@pytest.mark.parametrize("clamped", [False, True], ids=["", "ReLU6"])
@pytest.mark.parametrize("output", [8, 16])
def test_channels_of_16_bits_take_as_many_instructions_however_many_they_are(output, clamped):
    def instructions(channels: int) -> int:
        graph = depthwise(channels, np.linspace(0.1, 10, channels), clamped=clamped)
        wide = ["x", *graph.outputs] if output == 16 else ["x"]
        assert_rounded_right(graph, wide=wide)
        plan = plan_by_range(graph, random_inputs(graph), graph.outputs, wide=wide)
        return len(compile_graph(lower(graph, plan).graph, load_chip("edge-1024")).instructions)

    assert instructions(64) <= instructions(8) + 4


@pytest.mark.parametrize("clamped", [False, True], ids=["", "ReLU6"])
@pytest.mark.parametrize("least", [0.0, 1e-30, 1e-9, 1e-4])
def test_channels_of_16_bits_that_are_far_smaller_than_others(least, clamped):
    graph = depthwise(4, np.array([1.0, least, 1.0, least]), clamped=clamped)
    assert_rounded_right(graph, wide=["x"])
    assert_rounded_right(graph, wide=["x", *graph.outputs])


def right_matrix(weights: np.ndarray) -> Graph:
    return write_graph(
        lambda build: multiply_matrices(build, "x", real_constant(build, weights)), x=(len(weights), 3, 5)
    )


@pytest.mark.parametrize(
    "weights",
    [
        pytest.param(int8_weights((1, 5, 7), axis=2), id="a scale for each column"),
        pytest.param(np.repeat(int8_weights((1, 5, 7), axis=2), 2, axis=0), id="the same for each batch"),
        pytest.param(int8_weights((2, 5, 7), axis=None), id="another for each batch"),
    ],
)
def test_a_constant_on_the_right(weights):
    assert_rounded_right(right_matrix(weights))
    assert_nearly_exact(right_matrix(weights), wide=["x"])


def test_a_constant_on_the_left_mixes_rows():
    weights = int8_weights((1, 7, 5), axis=None)
    graph = write_graph(lambda build: multiply_matrices(build, real_constant(build, weights), "x"), x=(1, 5, 3))
    assert_rounded_right(graph)
    assert_nearly_exact(graph, wide=["x"])


def test_two_activations():
    graph = write_graph(lambda build: multiply_matrices(build, "x", "y"), x=(2, 3, 5), y=(2, 5, 4))
    assert_rounded_right(graph)
    assert_nearly_exact(graph, wide=["x"])
    assert_nearly_exact(graph, wide=["y"])
    assert_nearly_exact(graph, wide=["x", "y"])


def test_16_bits_where_the_sum_of_two_bytes_would_not_fit_int32():
    """3000 weights of 127 times 32767 are 12e9: the sum counts in coarser steps."""
    weights = np.full((1, 3000, 2), 1.27, np.float32)
    graph = write_graph(lambda build: multiply_matrices(build, "x", real_constant(build, weights)), x=(1, 1, 3000))
    assert_nearly_exact(graph, low=0.5, wide=["x"], tolerance=1e-6)


def test_a_bias_beyond_int32_at_its_channels_scale_is_kept():
    """Weights of 1e-12 have steps in which a bias of 2 does not fit int32."""
    weights = int8_weights((3, 1, 1, 3), axis=0)
    weights[1] *= 1e-10
    graph = write_graph(
        lambda build: convolve(build, "x", weights, [1.0, 2.0, 3.0], shape=(1, 6, 6, 3)), x=(1, 6, 6, 3)
    )
    inputs = random_inputs(graph)
    (comparison,) = compare(graph, plan_by_range(graph, inputs), inputs).values()
    np.testing.assert_allclose(comparison.integer[..., 1], 2.0, rtol=1e-5)
    assert comparison.relative < 1e-5


def test_a_computed_bias():
    def write(build: GraphBuilder) -> str:
        zero = real_constant(build, [0.0])
        weights = real_constant(build, int8_weights((4, 1, 1, 3), axis=0))
        return build.emit("CONV2D", ("x", weights, "bias", zero, zero), (1, 6, 6, 4), DType.FP32, CONVOLUTION)

    assert_rounded_right(write_graph(write, x=(1, 6, 6, 3), bias=(4,)))


def test_computed_weights():
    def write(build: GraphBuilder) -> str:
        zero = real_constant(build, [0.0])
        operands = ("x", "weights", real_constant(build, BIAS), zero, zero)
        return build.emit("CONV2D", operands, (1, 6, 6, 4), DType.FP32, CONVOLUTION)

    assert_rounded_right(write_graph(write, x=(1, 6, 6, 3), weights=(4, 1, 1, 3)))


def test_a_product_and_its_input_are_added():
    weights = int8_weights((1, 5, 5), axis=2)

    def write(build: GraphBuilder) -> str:
        return build.binary("ADD", multiply_matrices(build, "x", real_constant(build, weights)), "x")

    assert_rounded_right(write_graph(write, x=(1, 3, 5)))


def test_a_plans_weights_keep_their_integers():
    """Scales twice as large as the weights' own, and a zero point: as a quantised file has them."""
    integers = np.random.default_rng(3).integers(-60, 60, (4, 1, 1, 3))
    scale, zero_point = np.array([0.02, 0.01, 0.03, 0.015]), np.full(4, 7)
    real = (integers - 7) * scale.reshape(4, 1, 1, 1)
    graph = write_graph(lambda build: convolve(build, "x", real, BIAS, shape=(1, 6, 6, 4)), x=(1, 6, 6, 3))
    (name,) = (name for name, data in graph.constants.items() if data.shape == real.shape)
    weights = Quantisation(scale=scale, zero_point=zero_point, axis=0)
    lowered = lower(graph, QuantisationPlan(tensors={"x": cover(-1, 1), name: weights}))
    (convolution,) = (op for op in lowered.graph.operators if op.kind == "CONV2D")
    np.testing.assert_array_equal(lowered.graph.constants[convolution.inputs[1]], integers)
    np.testing.assert_array_equal(lowered.graph.constants[convolution.inputs[4]], [7])


def test_tied_weights_are_rounded_for_each_use():
    """x @ w @ w': the plan's scales of w are along its columns, which the second product sums."""
    weights = int8_weights((1, 5, 5), axis=2)

    def write(build: GraphBuilder) -> str:
        constant = real_constant(build, weights)
        build.scope = "middle"
        middle = multiply_matrices(build, "x", constant)
        turned = build.transpose(constant, (0, 2, 1))
        build.scope = "end"
        return multiply_matrices(build, middle, turned)

    graph = write_graph(write, x=(1, 3, 5))
    inputs = random_inputs(graph)
    plan = plan_by_range(graph, inputs, ["middle", *graph.outputs])
    scale = np.abs(weights[0]).max(axis=0).astype(np.float64) / 127
    tied = Quantisation(scale=scale, zero_point=np.zeros(5, np.int64), axis=2)
    (name,) = (name for name, data in graph.constants.items() if data.shape == weights.shape)
    (comparison,) = compare(graph, QuantisationPlan(tensors={**plan.tensors, name: tied}), inputs).values()
    assert comparison.relative < 0.02
