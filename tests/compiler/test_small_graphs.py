"""Small graphs in which random ones once met a fault of the compiler: each computes what the reference computes."""

from __future__ import annotations

import numpy as np
import pytest
from nets import Net, random_int8

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_canonical, compile_graph
from chipsmith.program.verify import verify_program
from chipsmith.sim.functional import execute
from chipsmith.tosa.graph import DType
from chipsmith.tosa.reference import evaluate_batch

CHIP = load_chip("nano-64")


def pointwise_padded_at_its_end():
    net = Net(x=(2, 1, 12, 3))
    weights = net.constant(random_int8(6, 1, 1, 3))
    return net.graph(net.conv("x", weights, (2, 3, 13, 6), pad=(0, 2, 0, 1), input_zp=-128))


def convolution_of_a_reversed_image():
    net = Net(x=(1, 4, 5, 2))
    backwards = net.add("REVERSE", ("x",), (1, 4, 5, 2), axis=2)
    return net.graph(net.conv(backwards, net.constant(random_int8(3, 3, 3, 2)), (1, 2, 3, 3)))


def matrix_product_of_a_reversed_factor():
    net = Net(x=(1, 4, 5), y=(1, 5, 3))
    backwards = net.add("REVERSE", ("x",), (1, 4, 5), axis=1)
    zero = net.constant([0])
    return net.graph(net.add("MATMUL", (backwards, "y", zero, zero), (1, 4, 3), DType.INT32))


def scales_by_channel_of_a_sum_that_is_an_output():
    net = Net(x=(1, 3, 3, 2))
    wide = net.conv("x", net.constant(random_int8(4, 1, 1, 2)), (1, 3, 3, 4))
    scales = (net.constant(range(1 << 30, (1 << 30) + 4), DType.INT32), net.constant([38, 39, 40, 41]))
    zeros = (net.constant([0], DType.INT32), net.constant([-7]))
    attributes = {"scale32": True, "rounding_mode": "DOUBLE_ROUND", "per_channel": True}
    attributes |= {"input_unsigned": False, "output_unsigned": False}
    return net.graph(wide, net.add("RESCALE", (wide, *scales, *zeros), (1, 3, 3, 4), **attributes))


def shifts_of_int8():
    net = Net(x=(4, 8))
    amounts = net.constant([range(8)])
    return net.graph(*(net.add(kind, ("x", amounts), (4, 8)) for kind in ("LOGICAL_LEFT_SHIFT", "LOGICAL_RIGHT_SHIFT")))


def a_logical_shift_of_rescaled_values():
    net = Net(x=(4, 8))
    wide = net.rescale("x", DType.INT32, multiplier=(1 << 30) + 3, shift=27)
    amounts = net.constant([range(0, 32, 4)], DType.INT32)
    return net.graph(net.add("LOGICAL_RIGHT_SHIFT", (wide, amounts), (4, 8), DType.INT32))


def truncating_casts():
    net = Net(x=(4, 8))
    wide = net.rescale("x", DType.INT32, shift=25)
    return net.graph(*(net.add("CAST", (wide,), (4, 8), dtype) for dtype in (DType.INT8, DType.INT16)))


def one_value_spread_before_a_reduction():
    net = Net(x=(1, 8))
    wide = net.rescale("x", DType.INT32)
    spread = net.add("MUL", (wide, net.constant([[4] * 8] * 5, DType.INT32), net.constant([0])), (5, 8), DType.INT32)
    return net.graph(net.add("REDUCE_SUM", (spread,), (1, 8), DType.INT32, axis=0))


GRAPHS = {
    make.__name__: make
    for make in (
        pointwise_padded_at_its_end,
        convolution_of_a_reversed_image,
        matrix_product_of_a_reversed_factor,
        scales_by_channel_of_a_sum_that_is_an_output,
        shifts_of_int8,
        a_logical_shift_of_rescaled_values,
        truncating_casts,
        one_value_spread_before_a_reduction,
    )
}


def assert_exact(graph, program):
    verify_program(program)
    inputs = {name: random_int8(3, *graph.tensor(name).shape, seed=4) for name in graph.inputs}
    outputs = execute(program, {name: array.reshape(-1, *array.shape[2:]) for name, array in inputs.items()})
    for name, wanted in evaluate_batch(graph, inputs).items():
        np.testing.assert_array_equal(outputs[name], wanted.reshape(outputs[name].shape))


@pytest.mark.parametrize("lower", [compile_graph, compile_canonical])
@pytest.mark.parametrize("name", GRAPHS)
def test_small_graphs_are_exact(name, lower):
    graph = GRAPHS[name]()
    assert_exact(graph, lower(graph, CHIP))


def test_a_slice_that_is_all_padding_reads_nothing():
    # Stride 2 behind 8 rows of padding: slices at both ends see no row of the input.
    net = Net(x=(1, 3, 32, 32))
    weights = net.constant(random_int8(8, 1, 3, 32))
    graph = net.graph(net.conv("x", weights, (1, 10, 32, 8), pad=(8, 8, 1, 1), stride=(2, 1)))
    small = load_chip("nano-64", {"memory.groups": "6", "memory.group_bytes": "1024"})
    assert_exact(graph, compile_graph(graph, small))


def test_a_window_that_skips_its_first_pixels_keeps_its_base():
    # Dilation 3 behind one column of padding: no tap ever reads the pixels 0 and 1.
    net = Net(x=(2, 16, 6, 16))
    weights = net.constant(random_int8(8, 3, 3, 16))
    graph = net.graph(net.conv("x", weights, (2, 11, 1, 8), pad=(0, 1, 1, 0), stride=(1, 2), dilation=(3, 3)))
    small = load_chip("nano-64", {"memory.groups": "4", "memory.group_bytes": "1024"})
    assert_exact(graph, compile_graph(graph, small))
