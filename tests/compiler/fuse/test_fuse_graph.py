"""A fused graph computes what its outputs need, and nothing else."""

from __future__ import annotations

from nets import Net

from chipsmith.compiler.fuse.chains import Expansion, TensorChain, VectorChain
from chipsmith.compiler.fuse.fuse_graph import fuse_graph
from chipsmith.tosa.graph import DType


def test_chains_stand_in_topological_order_behind_views_and_joins():
    net = Net(x=(1, 4, 4, 3))
    wide = net.conv("x", net.constant([[[[1, 2, 3]]]] * 8), (1, 4, 4, 8))
    narrow = net.rescale(wide, DType.INT8, shift=38)
    padded = net.add("PAD", (narrow, net.shape(*[0] * 6, 0, 8), net.constant([0])), (1, 4, 4, 16))
    joined = net.add("CONCAT", (padded, net.transpose(padded, 0, 2, 1, 3)), (1, 4, 4, 32), axis=3)
    fused = fuse_graph(net.graph(net.add("BITWISE_NOT", (joined,), (1, 4, 4, 32))))
    assert [type(chain) for chain in fused.chains] == [TensorChain, Expansion, VectorChain]
    words = [line.split()[0] for line in str(fused).splitlines()]
    assert words == ["tensor", "expand", "view", "join", "vector"]


def test_what_no_output_needs_is_in_no_chain():
    net = Net(x=(1, 4))
    output = net.add("BITWISE_NOT", ("x",), (1, 4))
    net.add("ABS", (net.rescale("x", DType.INT32),), (1, 4), DType.INT32)
    fused = fuse_graph(net.graph(output))
    assert [chain.output for chain in fused.chains] == [output]
    assert list(fused.by_last_operator) == [output]


def test_a_rescale_that_two_operators_read_is_in_both_chains():
    net = Net(x=(1, 4))
    wide = net.rescale("x", DType.INT32)
    absolute = net.add("ABS", (wide,), (1, 4), DType.INT32)
    zeros = net.add("CLZ", (wide,), (1, 4), DType.INT32)
    first, second = fuse_graph(net.graph(absolute, zeros)).chains
    assert first.operators == (wide, absolute)
    assert second.operators == (wide, zeros)
