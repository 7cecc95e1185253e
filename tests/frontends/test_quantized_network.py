"""The noun of all front ends: what goes in and out, by hand on a graph of two inputs."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from chipsmith.errors import BadInput
from chipsmith.frontends.quantized_io import AuthorTensor, ConstantOutput, IoBinding, PassedInput
from chipsmith.frontends.quantized_network import QuantizedNetwork, follow_names, integer_network
from chipsmith.tosa.graph import DType, Graph, Operator, Tensor

GRAPH = Graph(
    name="sum",
    tensors={name: Tensor(name=name, shape=(1, 2), dtype=DType.INT8) for name in ("a", "b", "y")},
    operators=(Operator(kind="ADD", name="y", inputs=("a", "b"), outputs=("y",)),),
    constants={},
    inputs=("a", "b"),
    outputs=("y",),
)


def bind(tensor, position, scale):
    return IoBinding(tensor=tensor, position=position, scale=scale, zero_point=0, axes=(0, 1))


def author(name, *shape, dtype="float32"):
    return AuthorTensor(name=name, dtype=np.dtype(dtype), shape=shape)


NETWORK = QuantizedNetwork(
    graph=GRAPH,
    inputs=(bind("a", 2, 0.5), bind("b", 0, 2.0)),
    outputs=(bind("y", 0, 0.25),),
    author_inputs=(author("right", 1, 2), author("unread", 7, 7), author("left", 1, 2)),
    author_outputs=(author("sum", 1, 2),),
)


def test_inputs_are_the_authors_by_position():
    arrays = NETWORK.quantize_inputs(np.array([[2.0, 4.0]]), np.zeros((7, 7)), np.array([[1.0, -1.0]]))
    assert {name: array.tolist() for name, array in arrays.items()} == {"a": [[2, -2]], "b": [[1, 2]]}


@pytest.mark.parametrize("count", [0, 2, 4])
def test_another_number_of_inputs_is_refused_by_the_authors_names(count):
    with pytest.raises(BadInput, match=rf"'sum' takes 3 inputs \(right, unread, left\), {count} were given"):
        NETWORK.quantize_inputs(*[np.zeros((1, 2))] * count)


def test_outputs_come_back_in_the_authors_order_and_types():
    outputs = (bind("b", 1, 2.0), bind("a", 0, 0.5), bind("b", 2, 2.0))
    given = (author("first", 1, 2), author("second", 1, 2, dtype="float16"), author("second again", 1, 2))
    several = dataclasses.replace(NETWORK, outputs=outputs, author_outputs=given)
    values = several.dequantize_outputs({"a": np.array([[4, 4]]), "b": np.array([[1, 1]])})
    assert [value.tolist() for value in values] == [[[2, 2]], [[2, 2]], [[2, 2]]]
    assert [value.dtype for value in values] == ["float32", "float16", "float32"]
    assert several.output_names == ("first", "second", "second again")


def test_outputs_that_no_operator_computes():
    outputs = (PassedInput(position=0, source=1), bind("y", 1, 0.25), ConstantOutput(position=2, values=np.ones(3)))
    given = (author("same", 7, 7), author("sum", 1, 2), author("ones", 3))
    network = dataclasses.replace(NETWORK, outputs=outputs, author_outputs=given)
    inputs = (np.zeros((2, 2)), np.arange(98.0).reshape(14, 7), np.zeros((2, 2)))
    same, computed, ones = network.dequantize_outputs({"y": np.array([[4, 8], [0, 0]])}, inputs)
    np.testing.assert_array_equal(same, inputs[1])
    np.testing.assert_array_equal(computed, [[1, 2], [0, 0]])
    np.testing.assert_array_equal(ones, np.ones(6))


def test_host_steps_say_when():
    assert [(step.name, step.when) for step in NETWORK.host_steps] == [
        ("quantize a", "before"),
        ("quantize b", "before"),
        ("dequantize y", "after"),
    ]


def test_a_network_of_integers_leaves_the_host_nothing():
    network = integer_network(GRAPH)
    assert network.host_steps == ()
    values = np.array([[1, 2]], np.int8)
    arrays = network.quantize_inputs(values, values)
    np.testing.assert_array_equal(arrays["b"], values)
    np.testing.assert_array_equal(network.dequantize_outputs({"y": values})[0], values)
    assert (network.source, network.fake_quantized) == (None, None)


def test_names_follow_their_operators():
    (operator,) = GRAPH.operators
    renamed = dataclasses.replace(GRAPH, operators=(dataclasses.replace(operator, name="total"),))
    assert follow_names({"y": "head", "gone": "body"}, GRAPH, renamed) == {"total": "head"}
    assert follow_names({}, GRAPH, renamed) == {}
