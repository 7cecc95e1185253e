"""Canonical graphs compute the same bits; the witness is tosa_reference_model on random inputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from nets import RESCALE, Net, kinds, random_int8

from chipsmith.errors import BadInput
from chipsmith.frontends.tflite.network import load_tflite
from chipsmith.tosa.file import read_tosa
from chipsmith.tosa.graph import DType, Graph
from chipsmith.tosa.passes.canonicalize import PASSES, canonicalize
from chipsmith.tosa.passes.cleanup import drop_dead, drop_identities, merge_duplicates
from chipsmith.tosa.passes.constants import fold_constants
from chipsmith.tosa.passes.convolution import merge_padding, plain_convolutions, single_channel_convolutions
from chipsmith.tosa.passes.layout import (
    merge_reshapes,
    merge_transposes,
    transpose_weights,
    transposes_to_reshapes,
)
from chipsmith.tosa.passes.slices import slice_sources
from chipsmith.tosa.passes.tables import tabulate
from chipsmith.tosa.verify import verify

NETWORKS = Path(__file__).parents[2] / "networks"


@pytest.fixture
def same_bits(reference_model):
    """Rewrites, verifies, and compares with the graph before on random inputs."""

    def check(graph, *passes, runs=2):
        after = graph
        for rewrite in passes:
            after = rewrite(after)
        verify(after)
        assert [after.tensor(name) for name in after.inputs] == [graph.tensor(name) for name in graph.inputs]
        assert [after.tensor(name) for name in after.outputs] == [graph.tensor(name) for name in graph.outputs]
        for seed in range(runs):
            inputs = {name: random_int8(*graph.tensor(name).shape, seed=seed) for name in graph.inputs}
            wanted, result = reference_model(graph, inputs), reference_model(after, inputs)
            for name in graph.outputs:
                np.testing.assert_array_equal(result[name], wanted[name])
        return after

    return check


# Convolutions


@pytest.mark.parametrize(("channels", "multiplier"), [(1, 1), (1, 8), (3, 2), (4, 3)])
def test_depthwise_becomes_a_plain_convolution(channels, multiplier, same_bits):
    net = Net(x=(1, 6, 7, channels))
    weights = net.constant(random_int8(3, 2, channels, multiplier, seed=9))
    shape = {"pad": (1, 0, 1, 0), "stride": (2, 1)}
    y = net.conv(
        "x", weights, (1, 3, 7, channels * multiplier), kind="DEPTHWISE_CONV2D", input_zp=-5, weight_zp=3, **shape
    )
    assert kinds(same_bits(net.graph(y), plain_convolutions)) == ["CONV2D"]


def test_depthwise_of_many_channels_stays():
    net = Net(x=(1, 3, 3, 4))
    y = net.conv("x", net.constant(random_int8(3, 3, 4, 1)), (1, 1, 1, 4), kind="DEPTHWISE_CONV2D")
    graph = net.graph(y)
    assert plain_convolutions(graph) == graph


@pytest.mark.parametrize(("channels", "kind"), [(1, "CONV2D"), (2, "DEPTHWISE_CONV2D")])
def test_a_depthwise_convolution_of_one_channel_has_the_weights_of_a_plain_one(channels, kind, same_bits):
    net = Net(x=(1, 5, 6, channels))
    weights = net.constant(random_int8(3, 3, channels, 4))
    y = net.conv("x", weights, (1, 3, 4, channels * 4), kind="DEPTHWISE_CONV2D")
    assert kinds(same_bits(net.graph(y), single_channel_convolutions)) == [kind]


def padded(net, widths, value, shape):
    return net.add("PAD", ("x", net.shape(*widths), net.constant([value])), shape)


def test_padding_with_the_zero_point_merges_into_a_convolution(same_bits):
    net = Net(x=(1, 4, 4, 2))
    wide = padded(net, (0, 0, 1, 2, 0, 1, 0, 0), -7, (1, 7, 5, 2))
    y = net.conv(wide, net.constant(random_int8(3, 3, 3, 2)), (1, 7, 5, 3), input_zp=-7, pad=(1, 1, 1, 1))
    after = same_bits(net.graph(y), merge_padding, drop_dead)
    assert kinds(after) == ["CONV2D"]
    assert after.operators[0].attributes["pad"] == (2, 3, 1, 2)


@pytest.mark.parametrize(("value", "widths", "shape"), [
    (0, (0, 0, 1, 1, 1, 1, 0, 0), (1, 6, 6, 2)),
    (-7, (0, 0, 1, 1, 0, 0, 0, 1), (1, 6, 4, 3)),
])  # fmt: skip
def test_other_padding_stays(value, widths, shape):
    net = Net(x=(1, 4, 4, 2))
    wide = padded(net, widths, value, shape)
    out = (1, shape[1] - 2, shape[2] - 2, 3)
    y = net.conv(wide, net.constant(random_int8(3, 3, 3, shape[3])), out, input_zp=-7)
    graph = net.graph(y)
    assert merge_padding(graph) == graph


@pytest.mark.parametrize(("width", "left"), [(1, ["MAX_POOL2D"]), (2, ["PAD", "MAX_POOL2D"])])
def test_padding_merges_into_a_pooling_that_may_have_it(width, left, same_bits):
    net = Net(x=(1, 4, 4, 2))
    size = 4 + 2 * width
    wide = padded(net, (0, 0, width, width, width, width, 0, 0), -128, (1, size, size, 2))
    pooling = {"kernel": (2, 2), "stride": (2, 2), "pad": (0, 0, 0, 0), "nan_mode": "PROPAGATE"}
    y = net.add("MAX_POOL2D", (wide,), (1, size // 2, size // 2, 2), **pooling)
    assert kinds(same_bits(net.graph(y), merge_padding, drop_dead)) == left


# Layout


def test_transpose_of_single_axes_becomes_a_reshape(same_bits):
    net = Net(x=(1, 5, 1, 7))
    after = same_bits(net.graph(net.transpose("x", 2, 1, 3, 0)), transposes_to_reshapes)
    assert kinds(after) == ["RESHAPE"]


def test_other_transpose_stays():
    net = Net(x=(1, 5, 1, 7))
    graph = net.graph(net.transpose("x", 0, 3, 2, 1))
    assert transposes_to_reshapes(graph) == graph


def test_transposes_merge(same_bits):
    net = Net(x=(2, 3, 4))
    y = net.transpose(net.transpose("x", 1, 2, 0), 1, 0, 2)
    assert kinds(same_bits(net.graph(y), merge_transposes, drop_dead)) == ["TRANSPOSE"]


def test_reshapes_merge_and_vanish(same_bits):
    net = Net(x=(2, 3, 4))
    y = net.add(
        "ABS", (net.rescale(net.reshape(net.reshape("x", 6, 4), 2, 3, 4), DType.INT32),), (2, 3, 4), DType.INT32
    )
    assert kinds(same_bits(net.graph(y), merge_reshapes, drop_identities, drop_dead)) == ["RESCALE", "ABS"]


@pytest.mark.parametrize(
    ("shape", "perms", "flat"),
    [
        ((1, 4, 5, 3), (0, 3, 1, 2), (1, 1, 1, 60)),
        ((2, 4, 5, 3), (0, 3, 2, 1), (2, 1, 1, 60)),
        ((2, 4, 5, 3), (0, 1, 3, 2), (8, 1, 1, 15)),
        ((1, 4, 5, 3), (0, 1, 3, 2), (1, 2, 2, 15)),
    ],
)
def test_transpose_before_a_dense_layer_moves_into_its_weights(shape, perms, flat, same_bits):
    net = Net(x=shape)
    weights = net.constant(random_int8(6, 1, 1, flat[-1], seed=4))
    y = net.conv(net.reshape(net.transpose("x", *perms), *flat), weights, (*flat[:3], 6), input_zp=4, weight_zp=-2)
    assert kinds(same_bits(net.graph(y), transpose_weights, drop_dead)) == ["RESHAPE", "CONV2D"]


def test_transpose_before_a_matrix_product_moves_into_its_weights(same_bits):
    net = Net(x=(2, 4, 5, 3))
    weights = net.constant(random_int8(1, 60, 6, seed=4))
    flat = net.reshape(net.transpose("x", 0, 3, 1, 2), 1, 2, 60)
    zero_points = (net.constant([3]), net.constant([-4]))
    y = net.add("MATMUL", (flat, weights, *zero_points), (1, 2, 6), DType.INT32)
    assert kinds(same_bits(net.graph(y), transpose_weights, drop_dead)) == ["RESHAPE", "MATMUL"]


@pytest.mark.parametrize(("perms", "flat"), [((3, 1, 2, 0), (1, 1, 1, 120)), ((0, 3, 1, 2), (6, 1, 1, 20))])
def test_transpose_beyond_the_channels_stays(perms, flat, same_bits):
    net = Net(x=(2, 4, 5, 3))
    weights = net.constant(random_int8(6, 1, 1, flat[-1]))
    y = net.conv(net.reshape(net.transpose("x", *perms), *flat), weights, (*flat[:3], 6))
    after = same_bits(net.graph(y), transpose_weights, drop_dead)
    assert ("TRANSPOSE" in kinds(after)) == (flat != (1, 1, 1, 120))


@pytest.mark.parametrize(
    ("start", "size", "left"),
    [
        ((0, 3, 0), (1, 2, 4), ["SLICE"]),
        ((0, 3, 1), (1, 1, 2), ["SLICE"]),
        ((0, 2, 0), (1, 2, 4), ["CONCAT", "SLICE"]),
    ],
)
def test_slice_of_a_concat_reads_the_part(start, size, left, same_bits):
    net = Net(x=(1, 3, 4), y=(1, 2, 4))
    joined = net.add("CONCAT", ("x", "y"), (1, 5, 4), axis=1)
    z = net.add("SLICE", (joined, net.shape(*start), net.shape(*size)), size)
    after = same_bits(net.graph(z), slice_sources, drop_dead)
    assert kinds(after) == left


def test_slice_through_a_reshape_reads_the_part(same_bits):
    net = Net(x=(1, 1, 4), y=(1, 1, 4), z=(1, 1, 4))
    joined = net.add("CONCAT", ("x", "y", "z"), (1, 3, 4), axis=1)
    view = net.reshape(joined, 1, 3, 1, 4)
    last = net.add("SLICE", (view, net.shape(0, 2, 0, 0), net.shape(1, 1, 1, 4)), (1, 1, 1, 4))
    after = same_bits(net.graph(last), slice_sources, drop_dead)
    assert kinds(after) == ["RESHAPE"]
    assert after.operators[0].inputs[0] == "z"


# Constants, identities, duplicates, dead operators


def test_constants_fold(same_bits):
    net = Net(x=(1, 1, 1, 4))
    weights = net.transpose(net.reshape(net.constant(random_int8(4, 6)), 4, 1, 1, 6), 3, 1, 2, 0)
    y = net.conv("x", weights, (1, 1, 1, 6))
    assert kinds(same_bits(net.graph(y), fold_constants)) == ["CONV2D"]


def test_constant_output_keeps_its_operator():
    net = Net(x=(4,))
    y = net.rescale(net.constant([1, 2, 3, 4]), DType.INT32)
    graph = net.graph(y)
    assert fold_constants(graph) == graph


def pooled(net, source, kind, operands=(), **attributes):
    single = {"kernel": (1, 1), "stride": (1, 1), "pad": (0, 0, 0, 0)}
    return net.add(kind, (source, *operands), net.tensors[source].shape, **single, **attributes)


IDENTITIES = {
    "IDENTITY": lambda net: net.add("IDENTITY", ("x",), (1, 2, 3, 4)),
    "RESHAPE": lambda net: net.reshape("x", 1, 2, 3, 4),
    "TRANSPOSE": lambda net: net.transpose("x", 0, 1, 2, 3),
    "CLAMP": lambda net: net.add("CLAMP", ("x",), (1, 2, 3, 4), min_val=-128, max_val=127, nan_mode="PROPAGATE"),
    "SLICE": lambda net: net.add("SLICE", ("x", net.shape(0, 0, 0, 0), net.shape(1, 2, 3, 4)), (1, 2, 3, 4)),
    "PAD": lambda net: padded(net, (0,) * 8, 3, (1, 2, 3, 4)),
    "TILE": lambda net: net.add("TILE", ("x", net.shape(1, 1, 1, 1)), (1, 2, 3, 4)),
    "CONCAT": lambda net: net.add("CONCAT", ("x",), (1, 2, 3, 4), axis=2),
    "REVERSE": lambda net: net.add("REVERSE", ("x",), (1, 2, 3, 4), axis=0),
    "REDUCE_MAX": lambda net: net.add("REDUCE_MAX", ("x",), (1, 2, 3, 4), axis=0, nan_mode="PROPAGATE"),
    "MAX_POOL2D": lambda net: pooled(net, "x", "MAX_POOL2D", nan_mode="PROPAGATE"),
    "AVG_POOL2D": lambda net: pooled(net, "x", "AVG_POOL2D", (net.constant([3]), net.constant([3])), acc_type="INT32"),
}


@pytest.mark.parametrize("kind", IDENTITIES)
def test_identity_goes(kind, same_bits):
    net = Net(x=(1, 2, 3, 4))
    y = net.rescale(IDENTITIES[kind](net), DType.INT32)
    assert kinds(same_bits(net.graph(y), drop_identities)) == ["RESCALE"]


@pytest.mark.parametrize(("kind", "operand"), [("ADD", 0), ("SUB", 0), ("MUL", 1)])
def test_neutral_arithmetic_goes(kind, operand, same_bits):
    net = Net(x=(2, 3))
    wide = net.rescale("x", DType.INT32)
    operands = [wide, net.constant([[operand]], DType.INT32), *([net.constant([0])] if kind == "MUL" else [])]
    y = net.add("ABS", (net.add(kind, operands, (2, 3), DType.INT32),), (2, 3), DType.INT32)
    assert kinds(same_bits(net.graph(y), drop_identities)) == ["RESCALE", "ABS"]


ALMOST = {
    "CLAMP": lambda net: net.add("CLAMP", ("x",), (1, 2, 3, 4), min_val=-127, max_val=127, nan_mode="PROPAGATE"),
    "TRANSPOSE": lambda net: net.transpose("x", 0, 1, 3, 2),
    "REVERSE": lambda net: net.add("REVERSE", ("x",), (1, 2, 3, 4), axis=1),
    "AVG_POOL2D": lambda net: pooled(net, "x", "AVG_POOL2D", (net.constant([3]), net.constant([4])), acc_type="INT32"),
}


@pytest.mark.parametrize("kind", ALMOST)
def test_what_only_looks_like_an_identity_stays(kind):
    net = Net(x=(1, 2, 3, 4))
    graph = net.graph(net.rescale(ALMOST[kind](net), DType.INT32))
    assert drop_identities(graph) == graph


def test_identity_at_an_output_leaves_its_name(same_bits):
    net = Net(x=(2, 3))
    wide = net.rescale("x", DType.INT32)
    y = net.add("IDENTITY", (wide,), (2, 3), DType.INT32)
    z = net.add("IDENTITY", (wide,), (2, 3), DType.INT32)
    after = same_bits(net.graph(y, z), drop_identities)
    assert kinds(after) == ["RESCALE", "IDENTITY"]


def test_identity_from_input_to_output_stays():
    net = Net(x=(2, 3))
    graph = net.graph(net.add("IDENTITY", ("x",), (2, 3)))
    assert drop_identities(graph).operators == graph.operators


def test_duplicates_merge(same_bits):
    net = Net(x=(2, 3))
    first, other = net.rescale("x", DType.INT32), net.rescale("x", DType.INT32)
    y = net.add("MUL", (first, other, net.constant([0])), (2, 3), DType.INT32)
    after = same_bits(net.graph(y), merge_duplicates, drop_dead)
    assert kinds(after) == ["RESCALE", "MUL"]
    assert len(after.constants) == 4


def test_constants_of_different_types_do_not_merge():
    net = Net(x=(4,))
    wide = net.rescale("x", DType.INT32, zero_points=(0, 0))
    after = merge_duplicates(net.graph(net.rescale(wide, DType.INT8)))
    assert [after.tensor(name).dtype for name in after.operators[0].inputs[3:]] == [DType.INT8, DType.INT32]


def test_dead_operators_go(same_bits):
    net = Net(x=(2, 3), y=(4,))
    net.rescale("x", DType.INT32)
    after = same_bits(net.graph(net.rescale("x", DType.INT32)), drop_dead)
    assert kinds(after) == ["RESCALE"]
    assert set(after.tensors) == {*after.inputs, *after.outputs, *after.constants}


# Tables


def squared(net, source, shape):
    wide = net.rescale(source, DType.INT32, zero_points=(3, 0))
    square = net.add("MUL", (wide, wide, net.constant([0])), shape, DType.INT32)
    return net.rescale(square, DType.INT8, multiplier=1 << 30, shift=37, zero_points=(0, -100))


def test_chain_of_one_int8_tensor_becomes_a_table(same_bits):
    net = Net(x=(16, 16))
    after = same_bits(net.graph(squared(net, "x", (16, 16))), tabulate, drop_dead, runs=4)
    assert kinds(after) == ["TABLE"]


def test_table_reaches_through_tables_and_views(same_bits):
    net = Net(x=(16, 16))
    looked_up = net.add("TABLE", ("x", net.constant(random_int8(256))), (16, 16))
    y = squared(net, net.reshape(looked_up, 4, 64), (4, 64))
    after = same_bits(net.graph(y), tabulate, drop_dead, runs=4)
    assert kinds(after) == ["TABLE", "RESHAPE"]


def test_there_and_back_is_no_operator(same_bits):
    net = Net(x=(16, 16))
    same = net.rescale(net.rescale("x", DType.INT32, multiplier=1 << 30, shift=20), DType.INT8, shift=40)
    y = net.rescale(same, DType.INT32)
    after = same_bits(net.graph(y), tabulate, drop_identities, drop_dead)
    assert kinds(after) == ["RESCALE"]


def test_scales_by_channel_of_one_channel_make_a_table(same_bits):
    net = Net(x=(4, 1))
    operands = (net.constant([1 << 30], DType.INT32), net.constant([31]), net.constant([0]), net.constant([3]))
    y = net.add("RESCALE", ("x", *operands), (4, 1), **(RESCALE | {"per_channel": True}))
    z = net.add("CLAMP", (y,), (4, 1), min_val=0, max_val=50, nan_mode="PROPAGATE")
    after = same_bits(net.graph(z), tabulate, drop_dead)
    assert kinds(after) == ["TABLE"]


def test_two_int8_tensors_make_no_table(same_bits):
    net = Net(x=(4, 4), y=(4, 4))
    wide = [net.rescale(name, DType.INT32) for name in ("x", "y")]
    y = net.rescale(net.add("ADD", wide, (4, 4), DType.INT32), DType.INT8, shift=31)
    graph = net.graph(y)
    assert tabulate(graph) == graph


@pytest.mark.parametrize("constant", [[[5, 6, 7, 8]], [[5], [6], [7], [8]]])
def test_different_constants_make_no_table(constant):
    net = Net(x=(4, 4))
    wide = net.rescale("x", DType.INT32)
    moved = net.add("ADD", (wide, net.constant(constant, DType.INT32)), (4, 4), DType.INT32)
    graph = net.graph(net.rescale(moved, DType.INT8))
    assert tabulate(graph) == graph


def test_spread_value_makes_no_table():
    net = Net(x=(1, 4))
    wide = net.rescale("x", DType.INT32)
    sums = net.add("REDUCE_SUM", (wide,), (1, 1), DType.INT32, axis=1)
    graph = net.graph(net.rescale(net.add("SUB", (wide, sums), (1, 4), DType.INT32), DType.INT8))
    assert tabulate(graph) == graph


def test_values_that_others_read_are_kept(same_bits):
    net = Net(x=(4, 4))
    wide = net.rescale("x", DType.INT32)
    y = net.rescale(wide, DType.INT8, shift=31)
    after = same_bits(net.graph(wide, y), tabulate, drop_dead)
    assert kinds(after) == ["RESCALE", "RESCALE"]


# Whole networks


@pytest.mark.parametrize(("network", "most"), [("digits_cnn", 13), ("encoder_layer", 100), ("gru", 346), ("lstm", 295)])
def test_network_keeps_its_bits(network, most, same_bits):
    after = same_bits(read_tosa(NETWORKS / f"{network}.tosa"), canonicalize)
    assert len(after.operators) <= most
    assert "DEPTHWISE_CONV2D" not in kinds(after)
    assert canonicalize(after).operators == after.operators


@pytest.mark.parametrize(("network", "most"), [("ic_resnet8", 80), ("kws_dscnn", 63), ("vww_96", 99), ("ad01", 22)])
def test_mlperf_tiny_network_keeps_its_bits(network, most, shared_data, same_bits):
    after = same_bits(load_tflite(shared_data / "mlperf_tiny" / f"{network}_int8.tflite").graph, canonicalize)
    assert len(after.operators) <= most
    assert "CLAMP" not in kinds(after)


def test_passes_have_names_that_say_what_they_do():
    assert all(rewrite.__doc__ for rewrite in PASSES)


def test_illegal_graph_is_refused():
    net = Net(x=(4,))
    graph = net.graph(net.rescale("x", DType.INT32))
    broken = Graph(
        name="net", tensors={}, operators=graph.operators, constants={}, inputs=graph.inputs, outputs=graph.outputs
    )
    with pytest.raises(BadInput, match="not declared"):
        canonicalize(broken)
