"""Fusion, seen in small graphs: which operators become one chain, and which stay apart."""

from __future__ import annotations

from dataclasses import replace

import pytest
from nets import RESCALE, Net

from chipsmith.compiler.fuse.chains import ScaleStage, TensorChain, VectorChain
from chipsmith.compiler.fuse.fuse_graph import fuse_graph
from chipsmith.compiler.fuse.match import exact_left_shift
from chipsmith.errors import OperatorRefused
from chipsmith.program.instructions import Op, Reduce, Rounding, Table
from chipsmith.tosa.graph import DType

SHAPE = (1, 4, 4, 8)
HALF = {"multiplier": 1 << 30, "shift": 31}


def chains_of(graph):
    return fuse_graph(graph).chains


def fused(graph):
    """The kinds of the operators of each chain, in order."""
    kinds = {op.name: op.kind for op in graph.operators}
    return [[kinds[name] for name in chain.operators] for chain in chains_of(graph)]


def convolved(net, source, channels, *, size=1):
    """CONV2D and its RESCALE to int8."""
    weights = net.constant([[[[1] * net.tensors[source].shape[3]] * size] * size] * channels)
    out = (*SHAPE[:3], channels)
    return net.rescale(net.conv(source, weights, out, pad=(size // 2,) * 4), DType.INT8, shift=40)


def clamped(net, source, low, high):
    return net.add("CLAMP", (source,), net.tensors[source].shape, min_val=low, max_val=high, nan_mode="PROPAGATE")


def added(net, left, other, *, into=DType.INT8):
    wide = [net.rescale(name, DType.INT32, shift=20) for name in (left, other)]
    total = net.add("ADD", wide, SHAPE, DType.INT32)
    return net.rescale(total, into, multiplier=(1 << 30) + 5, shift=43)


def test_a_convolution_with_rescale_and_clamp_is_one_chain():
    net = Net(x=SHAPE)
    y = clamped(net, convolved(net, "x", 8), 0, 100)
    graph = net.graph(y)
    assert fused(graph) == [["CONV2D", "RESCALE", "CLAMP"]]
    (chain,) = chains_of(graph)
    assert isinstance(chain, TensorChain)
    assert (chain.out.clamp_min, chain.out.clamp_max) == (0, 100)
    assert chain.scale.rounding is Rounding.SINGLE
    assert chain.sources == graph.operators[0].inputs[:3]


@pytest.mark.parametrize(
    ("limits", "common"),
    [
        ([(-50, 100), (0, 120)], (0, 100)),
        ([(-50, -20), (0, 120)], (0, 0)),
        ([(50, 90), (0, 20)], (20, 20)),
        ([(0, 20), (50, 90), (-5, 60)], (50, 50)),
    ],
)
def test_clamps_in_a_row_are_one_clamp(limits, common):
    net = Net(x=SHAPE)
    y = "x"
    for low, high in limits:
        y = clamped(net, y, low, high)
    (chain,) = chains_of(net.graph(y))
    assert (chain.out.clamp_min, chain.out.clamp_max) == common


def test_nothing_is_fused_across_a_tensor_with_two_readers():
    net = Net(x=SHAPE)
    narrow = convolved(net, "x", 8)
    low, other = clamped(net, narrow, 0, 100), clamped(net, narrow, -100, 0)
    assert fused(net.graph(low, other)) == [["CONV2D", "RESCALE"], ["CLAMP"], ["CLAMP"]]


def test_a_tensor_that_is_an_output_has_a_reader():
    net = Net(x=SHAPE)
    narrow = convolved(net, "x", 8)
    assert fused(net.graph(narrow, clamped(net, narrow, 0, 100))) == [["CONV2D", "RESCALE"], ["CLAMP"]]


def test_the_int32_result_of_a_matrix_product_may_stand_alone():
    net = Net(a=(1, 4, 8), b=(1, 8, 3))
    zero = net.constant([0])
    y = net.add("MATMUL", ("a", "b", zero, zero), (1, 4, 3), DType.INT32)
    (chain,) = chains_of(net.graph(y))
    assert chain.scale is None
    assert chain.sources == ("a", "b")


def test_an_addition_goes_into_the_heavier_convolution():
    net = Net(x=SHAPE)
    light, heavy = convolved(net, "x", 8), convolved(net, "x", 8, size=3)
    graph = net.graph(clamped(net, added(net, light, heavy), 0, 127))
    first, second = chains_of(graph)
    assert (first.output, first.residual) == (light, None)
    assert second.anchor.inputs[1] == graph.operators[2].inputs[1]
    assert second.residual.residual.tensor == light
    assert fused(graph)[1] == ["CONV2D", "RESCALE", "RESCALE", "RESCALE", "ADD", "RESCALE", "CLAMP"]


@pytest.mark.parametrize("swapped", [False, True])
def test_an_addition_of_an_input_goes_into_the_convolution(swapped):
    net = Net(x=SHAPE)
    sides = [convolved(net, "x", 8), "x"]
    (chain,) = chains_of(net.graph(added(net, *(sides[::-1] if swapped else sides))))
    assert chain.residual.residual.tensor == "x"
    assert chain.residual.residual.left_shift == 10


def test_an_addition_stays_apart_where_the_convolution_is_read_again():
    net = Net(x=SHAPE)
    narrow = convolved(net, "x", 8)
    graph = net.graph(narrow, added(net, narrow, "x"))
    assert fused(graph) == [["CONV2D", "RESCALE"], ["RESCALE", "RESCALE", "ADD", "RESCALE"]]


def test_an_addition_to_int16_stays_on_the_vector_engine():
    net = Net(x=SHAPE)
    graph = net.graph(added(net, convolved(net, "x", 8), "x", into=DType.INT16))
    assert [type(chain) for chain in chains_of(graph)] == [TensorChain, VectorChain]


def test_a_rescale_by_a_power_of_two_is_a_left_shift():
    net = Net(x=SHAPE)
    wide = net.rescale("x", DType.INT32, multiplier=1 << 30, shift=20, zero_points=(7, 0))
    (chain,) = chains_of(net.graph(net.add("ABS", (wide,), SHAPE, DType.INT32)))
    assert (chain.op, chain.a.tensor, chain.a.zero_point, chain.a.left_shift) == (Op.ABS, "x", 7, 10)
    assert chain.a.scale.rounding is Rounding.OFF


def test_any_other_rescale_is_a_scale_on_the_way_in():
    net = Net(x=SHAPE)
    wide = net.rescale("x", DType.INT32, multiplier=(1 << 30) + 1, shift=20)
    (chain,) = chains_of(net.graph(net.add("ABS", (wide,), SHAPE, DType.INT32)))
    assert (chain.a.tensor, chain.a.left_shift) == ("x", 0)
    assert chain.a.scale == ScaleStage(rounding=Rounding.SINGLE, multiplier=(1 << 30) + 1, shift=20)


@pytest.mark.parametrize(
    ("multiplier", "shift", "left_shift"),
    [(1 << 30, 30, 0), (1 << 30, 2, 28), (1 << 30, 31, None), (3 << 29, 30, None)],
)
def test_left_shifts_are_exact(multiplier, shift, left_shift):
    assert exact_left_shift(ScaleStage(rounding=Rounding.SINGLE, multiplier=multiplier, shift=shift)) == left_shift


def test_a_saturating_rescale_does_not_enter_a_chain():
    net = Net(x=SHAPE)
    narrow = net.rescale("x", DType.INT8, shift=28)
    graph = net.graph(net.add("BITWISE_NOT", (narrow,), SHAPE))
    assert fused(graph) == [["RESCALE"], ["BITWISE_NOT"]]


def test_a_rescale_that_two_operators_read_is_computed_in_both():
    net = Net(x=SHAPE)
    wide = net.rescale("x", DType.INT32, multiplier=(1 << 30) + 1, shift=20)
    absolute = net.add("ABS", (wide,), SHAPE, DType.INT32)
    other = net.add("CLZ", (wide,), SHAPE, DType.INT32)
    assert fused(net.graph(absolute, other)) == [["RESCALE", "ABS"], ["RESCALE", "CLZ"]]


def test_a_table_is_looked_up_behind_its_chain():
    net = Net(x=SHAPE, z=SHAPE)
    y = net.add("TABLE", (added(net, "x", "z"), net.constant([5] * 256)), SHAPE)
    graph = net.graph(y)
    (chain,) = chains_of(graph)
    assert chain.out.table is Table.TABLE8
    assert set(chain.sources) == {"x", "z", graph.operators[-1].inputs[1]}


def test_a_reduction_takes_what_comes_before_and_behind():
    net = Net(x=SHAPE)
    wide = net.rescale("x", DType.INT32, shift=22)
    total = net.add("REDUCE_SUM", (wide,), (1, 1, 4, 8), DType.INT32, axis=1)
    (chain,) = chains_of(net.graph(net.rescale(total, DType.INT8, **HALF)))
    assert (chain.reduce, chain.a.left_shift, chain.out.scale.shift) == (Reduce.SUM, 8, 31)


def test_a_constant_of_one_value_is_an_immediate():
    net = Net(x=SHAPE)
    wide = net.rescale("x", DType.INT32, shift=20)
    moved = net.add("ADD", (net.constant([[[[9]]]], DType.INT32), wide), SHAPE, DType.INT32)
    (chain,) = chains_of(net.graph(net.rescale(moved, DType.INT8, **HALF)))
    assert (chain.op, chain.a.tensor, chain.b) == (Op.ADD, "x", 9)


def test_a_narrow_left_shift_is_not_clamped_but_cut():
    net = Net(x=SHAPE)
    graph = net.graph(net.add("LOGICAL_LEFT_SHIFT", ("x", net.constant([[[[3]]]])), SHAPE))
    (chain,) = chains_of(graph)
    assert (chain.out.clamp_min, chain.out.clamp_max) == (-(1 << 31), (1 << 31) - 1)


def test_a_clamp_behind_a_narrow_left_shift_stays_apart():
    net = Net(x=SHAPE)
    shifted = net.add("LOGICAL_LEFT_SHIFT", ("x", net.constant([[[[3]]]])), SHAPE)
    assert fused(net.graph(clamped(net, shifted, 0, 50))) == [["LOGICAL_LEFT_SHIFT"], ["CLAMP"]]


def test_views_and_concatenations_are_no_chains():
    net = Net(x=SHAPE)
    turned = net.transpose(convolved(net, "x", 8), 0, 3, 1, 2)
    joined = net.add("CONCAT", (turned, turned), (1, 16, 4, 4), axis=1)
    assert fused(net.graph(net.reshape(joined, 16, 16))) == [["CONV2D", "RESCALE"]]


def test_scales_by_channel_leave_a_convolution_in_its_drain():
    net = Net(x=SHAPE)
    wide = net.conv("x", net.constant([[[[1] * 8]]] * 8), SHAPE)
    operands = (
        net.constant(range(1 << 30, (1 << 30) + 8), DType.INT32),
        net.constant([40] * 8),
        net.constant([0], DType.INT32),
        net.constant([0]),
    )
    graph = net.graph(net.add("RESCALE", (wide, *operands), SHAPE, **(RESCALE | {"per_channel": True})))
    (chain,) = chains_of(graph)
    assert not chain.scale.uniform
    assert chain.scale.multiplier.tolist() == list(range(1 << 30, (1 << 30) + 8))


def test_what_no_instruction_computes_is_refused_by_name():
    net = Net(x=SHAPE)
    graph = net.graph(net.add("ABS", (net.rescale("x", DType.INT32),), SHAPE, DType.INT32))
    foreign = replace(graph.operators[-1], kind="GAMMA", name="third")
    with pytest.raises(OperatorRefused, match=r"operator third \(GAMMA\) is not held .* no instruction computes it"):
        chains_of(replace(graph, operators=(*graph.operators[:-1], foreign)))
