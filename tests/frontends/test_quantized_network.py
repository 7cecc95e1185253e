"""The noun of all front ends: what goes in and out, by hand on a graph of two inputs."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from chipsmith.errors import BadInput
from chipsmith.frontends.quantized_io import IoBinding
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


NETWORK = QuantizedNetwork(
    graph=GRAPH,
    inputs=(bind("a", 2, 0.5), bind("b", 0, 2.0)),
    outputs=(bind("y", 0, 0.25),),
    input_names=("right", "unread", "left"),
)


def test_inputs_are_the_authors_by_position():
    arrays = NETWORK.quantize_inputs(np.array([[2.0, 4.0]]), np.zeros((7, 7)), np.array([[1.0, -1.0]]))
    assert {name: array.tolist() for name, array in arrays.items()} == {"a": [[2, -2]], "b": [[1, 2]]}


@pytest.mark.parametrize("count", [0, 2, 4])
def test_another_number_of_inputs_is_refused_by_the_authors_names(count):
    with pytest.raises(BadInput, match=rf"'sum' takes 3 inputs \(right, unread, left\), {count} were given"):
        NETWORK.quantize_inputs(*[np.zeros((1, 2))] * count)


def test_outputs_come_back_in_the_authors_order():
    outputs = (bind("b", 1, 2.0), bind("a", 0, 0.5))
    swapped = dataclasses.replace(NETWORK, outputs=outputs)
    first, second = swapped.dequantize_outputs({"a": np.array([[4, 4]]), "b": np.array([[1, 1]])})
    assert (first.tolist(), second.tolist()) == ([[2, 2]], [[2, 2]])


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
