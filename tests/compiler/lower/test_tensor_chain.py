"""What the tensor engine cannot read where it stands is copied first."""

from __future__ import annotations

import numpy as np
from nets import Net

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.compiler.fuse.fuse_graph import fuse_graph
from chipsmith.compiler.lower.lower_graph import lower_graph
from chipsmith.program.instructions import Engine
from chipsmith.sim.functional import execute
from chipsmith.tosa.graph import DType

NANO = load_chip("nano-64")


def product(net, a, b, shape):
    """The scaled product of two activations."""
    wide = net.add("MATMUL", (a, b, net.constant([0]), net.constant([0])), shape, DType.INT32)
    return net.rescale(wide, DType.INT8, shift=36)


def engines(graph):
    return [kernel.engine for kernel in lower_graph(fuse_graph(graph), NANO).kernels]


def test_the_right_factor_may_be_transposed_but_not_the_left_one():
    net = Net(x=(1, 8, 4), y=(1, 8, 4))
    assert engines(net.graph(product(net, "x", net.transpose("y", 0, 2, 1), (1, 8, 8)))) == [Engine.TENSOR]
    net = Net(x=(1, 4, 8), y=(1, 4, 8))
    graph = net.graph(product(net, net.transpose("x", 0, 2, 1), "y", (1, 8, 8)))
    assert engines(graph) == [Engine.VECTOR, Engine.TENSOR]


def test_the_product_of_a_transposed_tensor_with_itself_is_exact(reference_model):
    net = Net(x=(1, 8, 8))
    turned = net.transpose("x", 0, 2, 1)
    output = product(net, turned, turned, (1, 8, 8))
    graph = net.graph(output)
    inputs = {"x": np.random.default_rng(0).integers(-128, 128, (1, 8, 8)).astype(np.int8)}
    result = execute(compile_graph(graph, NANO), inputs)
    np.testing.assert_array_equal(result[output], reference_model(graph, inputs)[output])


def test_a_result_that_is_not_dense_is_staged_and_copied_to_its_place():
    net = Net(x=(1, 4, 4, 2), z=(1, 4, 4, 2))
    wide = net.conv("x", net.constant([[[[1, 2]]]] * 2), (1, 4, 4, 2))
    turned = net.reshape(net.rescale(wide, DType.INT8, shift=38), 1, 4, 4, 2, 1)
    graph = net.graph(net.add("CONCAT", (turned, net.reshape("z", 1, 4, 4, 2, 1)), (1, 4, 4, 2, 2), axis=4))
    lowered = lower_graph(fuse_graph(graph), NANO)
    first, second, *_ = lowered.kernels
    assert (first.engine, second.engine) == (Engine.TENSOR, Engine.VECTOR)
    (written,) = [operand.buffer for operand in first.steps[0].operands if operand.written]
    assert written not in lowered.port_buffers
    assert written in {operand.buffer for operand in second.steps[0].operands}
