"""Where float graphs are rounded: networks of a few operators, each with the tensors that are rounded."""

from __future__ import annotations

import numpy as np
from float_networks import NetworkWriter, write_residual

from chipsmith.quantisation.points import RoundingPoints, find_points
from chipsmith.tosa.graph import DType

IMAGE = (1, 6, 6, 4)


def points_of(write, *shapes: tuple[int, ...]) -> RoundingPoints:
    writer = NetworkWriter()
    sources = [writer.enter(f"x{index}" if index else "x", shape, DType.FP32) for index, shape in enumerate(shapes)]
    return find_points(writer.finish("network", list(write(writer, *sources))))


def test_a_limit_behind_a_product_is_rounded_in_its_place():
    """The Relu waits for the rounding; the residual's operands and its limited sum are rounded."""
    points = points_of(write_residual, IMAGE)
    assert points.tensors == ("x", "relu", "second", "out")


def test_who_reads_a_product_beside_its_limit_sees_it_rounded():
    def write(writer, x):
        product = writer.convolve(x, 4, name="product")
        return [product, writer.clamp(product, 0.0, np.inf, name="relu")]

    assert points_of(write, IMAGE).tensors == ("x", "product", "relu")


def test_factors_and_terms_of_channels_stay_with_the_sums():
    def write(writer, x):
        channels = writer.real(np.ones((1, 1, 1, 4)))
        scaled = writer.apply("MUL", writer.convolve(x, 4, name="product"), channels, name="a")
        shifted = writer.apply("ADD", scaled, channels, name="b")
        return [writer.convolve(writer.clamp(shifted, 0.0, 6.0, name="c"), 40, name="y")]

    assert points_of(write, IMAGE).tensors == ("x", "c", "y")


def test_functions_of_a_single_tensor_are_rounded_where_others_read_them():
    """x * sigmoid(x) becomes a table of the product's integers."""

    def write(writer, x):
        product = writer.convolve(x, 4, name="product")
        swish = writer.apply("MUL", product, writer.apply("SIGMOID", product, name="gate"), name="swish")
        return [writer.convolve(swish, 40, name="y")]

    assert points_of(write, IMAGE).tensors == ("x", "product", "swish", "y")


def test_two_tensors_that_are_multiplied_are_both_rounded():
    def write(writer, x):
        left, right = writer.convolve(x, 4, name="left"), writer.convolve(x, 4, name="right")
        gated = writer.apply("MUL", left, writer.apply("TANH", right, name="gate"), name="gated")
        return [writer.convolve(gated, 40, name="y")]

    assert points_of(write, IMAGE).tensors == ("x", "left", "right", "gate", "gated", "y")


def test_elementwise_products_are_added_as_they_are():
    """The state of an LSTM: forget * state + new * update."""

    def write(writer, forget, state, new, update):
        kept = writer.apply("MUL", forget, state, name="kept")
        added = writer.apply("MUL", new, update, name="added")
        return [writer.convolve(writer.apply("ADD", kept, added, name="next"), 40, name="y")]

    assert points_of(write, IMAGE, IMAGE, IMAGE, IMAGE).tensors == ("x", "x1", "x2", "x3", "next", "y")


def test_what_only_moves_elements_has_the_integers_of_its_source():
    def write(writer, x):
        product = writer.convolve(x, 8, name="product")
        padded = writer.pad(product, [(0, 0), (1, 1), (0, 0), (0, 0)], 0.0)
        turned = writer.transpose(padded, (0, 2, 1, 3))
        return [writer.convolve(writer.slice(turned, (0, 0, 0, 0), (1, 6, 6, 8)), 40, name="y")]

    assert points_of(write, IMAGE).tensors == ("x", "product", "y")


def test_tensors_that_a_concat_alone_reads_take_its_range():
    def write(writer, x):
        left, right = writer.convolve(x, 8, name="left"), writer.convolve(x, 8, name="right")
        turned = writer.transpose(right, (0, 2, 1, 3))
        writer.scope = "both"
        both = writer.concat([left, turned], 3)
        return [writer.convolve(both, 80, name="y"), writer.convolve(left, 80, name="z")]

    points = points_of(write, IMAGE)
    assert points.tensors == ("x", "left", "right", "both", "y", "z")
    assert points.shared == {"right": "both"}


def test_a_constant_that_pads_widens_the_range():
    def write(writer, x):
        writer.scope = "padded"
        return [writer.convolve(writer.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)], -7.0), 40, name="y")]

    points = points_of(write, IMAGE)
    assert points.tensors == ("x", "padded", "y")
    assert points.shared == {"x": "padded"}


def test_nothing_inside_of_a_softmax_is_rounded():
    def write(writer, x, other):
        scores = writer.matmul(x, other, name="scores")
        return [writer.matmul(writer.softmax(scores, name="shares"), x, name="y")]

    points = points_of(write, (1, 6, 40), (1, 40, 6))
    assert points.tensors[:3] == ("x", "x1", "scores")
    assert points.tensors[3].startswith("shares")
    assert points.tensors[4:] == ("y",)
    assert points.scores == {"scores": 2}


def test_means_stay_in_their_sums():
    """x - mean(x): the mean is a sum in int32, and the difference is rounded."""

    def write(writer, x):
        writer.scope = "mean"
        mean = writer.multiply(writer.reduce("REDUCE_SUM", x, 2), writer.real(np.full((1, 1, 1), 0.1)))
        return [writer.matmul(writer.apply("SUB", x, mean, name="centred"), writer.real(RANDOM), name="y")]

    assert points_of(write, (1, 4, 10)).tensors == ("x", "centred", "y")


RANDOM = np.random.default_rng(0).normal(size=(1, 10, 80))


def test_small_outputs_keep_their_sums():
    """Logits, whatever the order of their elements; not what somebody reads, nor what would be the largest tensor."""

    def write(writer, x):
        logits = writer.convolve(x, 2, name="logits")
        large = writer.convolve(x, 40, name="large")
        features = writer.convolve(x, 2, name="features")
        return [writer.transpose(logits, (0, 3, 1, 2)), large, features, writer.apply("TANH", features, name="bounded")]

    assert points_of(write, (1, 6, 6, 8)).tensors == ("x", "large", "features", "bounded")


def test_a_table_of_constants_is_rounded_as_its_rows_are_gathered():
    writer = NetworkWriter()
    index = writer.enter("index", (1, 5), DType.INT32)
    writer.scope = "rows"
    rows = writer.emit("GATHER", [writer.real(np.ones((1, 9, 4))), index], (1, 5, 4), DType.FP32)
    product = writer.matmul(rows, writer.real(np.ones((1, 4, 30))), name="y")
    assert find_points(writer.finish("network", [product])).tensors == ("rows", "y")


def test_slices_of_sums_and_joined_outputs_are_junctions():
    def write(writer, x):
        product = writer.convolve(x, 8, name="product")
        writer.scope = "low"
        low = writer.slice(product, (0, 0, 0, 0), (1, 6, 6, 4))
        writer.scope = "high"
        high = writer.slice(product, (0, 0, 0, 4), (1, 6, 6, 4))
        parts = [writer.apply("TANH", low, name="a"), writer.apply("EXP", high, name="b")]
        writer.scope = "joined"
        return [writer.concat(parts, 3)]

    points = points_of(write, IMAGE)
    assert [(junction.whole, junction.parts) for junction in points.splits] == [("product", ("low", "high"))]
    assert [(junction.whole, junction.parts) for junction in points.joins] == [("joined", ("a", "b"))]
