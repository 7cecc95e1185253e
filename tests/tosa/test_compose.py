"""A network composed of graphs computes what they compute one after another."""

from __future__ import annotations

import numpy as np
import pytest

from chipsmith.errors import BadInput
from chipsmith.tosa.compose import compose
from chipsmith.tosa.file import parse_tosa, serialize_tosa
from chipsmith.tosa.graph import DType, Graph, Operator, Tensor
from chipsmith.tosa.reference import evaluate


def layer(name: str, *, shape: tuple[int, ...] = (3,)) -> Graph:
    """The complement of x + bias."""
    return Graph(
        name=name,
        tensors={name: Tensor(name=name, shape=shape, dtype=DType.INT32) for name in ("x", "bias", "sum", "y")},
        operators=(
            Operator(kind="ADD", name="sum", inputs=("x", "bias"), outputs=("sum",)),
            Operator(kind="BITWISE_NOT", name="y", inputs=("sum",), outputs=("y",)),
        ),
        constants={"bias": np.arange(np.prod(shape), dtype=np.int32).reshape(shape)},
        inputs=("x",),
        outputs=("y",),
    )


def test_three_layers_are_one_after_another(reference_model):
    net = compose([layer("a"), layer("b"), layer("c")], name="deep")
    x = np.array([5, -7, 1 << 30], np.int32)
    expected = x
    for _ in range(3):
        expected = evaluate(layer("one"), {"x": expected})["y"]
    np.testing.assert_array_equal(evaluate(net, {"x": x})["y"], expected)
    np.testing.assert_array_equal(reference_model(net, {"x": x})["y"], expected)


def test_ends_keep_their_names_and_the_rest_is_numbered():
    net = compose([layer("a"), layer("b")], name="deep")
    assert (net.name, net.inputs, net.outputs) == ("deep", ("x",), ("y",))
    assert [op.name for op in net.operators] == ["0.sum", "0.y", "1.sum", "y"]
    assert set(net.constants) == {"0.bias", "1.bias"}
    again = parse_tosa(serialize_tosa(net), "deep")
    assert (again.tensors, again.operators) == (net.tensors, net.operators)


def test_one_graph_stays_as_it_is_but_for_numbers():
    net = compose([layer("a")], name="alone")
    np.testing.assert_array_equal(evaluate(net, {"x": np.zeros(3, np.int32)})["y"], [-1, -2, -3])


def test_layers_that_do_not_fit_are_refused():
    with pytest.raises(BadInput, match=r"graph 1, b, takes int32\[4\], but graph 0 gives int32\[3\]"):
        compose([layer("a"), layer("b", shape=(4,))], name="deep")
    with pytest.raises(BadInput, match="composed of no graphs"):
        compose([], name="none")
