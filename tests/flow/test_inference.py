"""The author's arrays in and out: the shapes in which they may come, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from chipsmith.errors import BadInput
from chipsmith.flow.inference import arrange_inputs, infer_outputs
from chipsmith.frontends.quantized_io import AuthorTensor
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.tosa.graph import Graph

GRAPH = Graph(name="net", tensors={}, operators=(), constants={}, inputs=(), outputs=())


def author(name, *shape, dtype="float32"):
    return AuthorTensor(name=name, dtype=np.dtype(dtype), shape=shape)


def network_of(*inputs, outputs=()):
    return QuantizedNetwork(graph=GRAPH, inputs=(), outputs=(), author_inputs=inputs, author_outputs=outputs)


class Double:
    """Gives its inputs twice, as a network whose batches lie along axis 0 does."""

    def run(self, *inputs):
        return tuple(2 * array for array in inputs)


def doubled(own, values):
    """What comes out for `values`, of a network that takes and gives tensors of the shape `own`."""
    network = network_of(author("x", *own), outputs=(author("y", *own),))
    inferences = arrange_inputs(network, values)
    return inferences.count, infer_outputs(network, Double(), inferences)["y"]


@pytest.mark.parametrize(
    ("own", "shape", "count"),
    [
        ((1, 3, 4), (1, 3, 4), 1),
        ((1, 3, 4), (5, 3, 4), 5),
        ((1, 3, 4), (5, 1, 3, 4), 5),
        ((2, 3), (2, 3), 1),
        ((2, 3), (6, 3), 3),
        ((2, 3), (3, 2, 3), 3),
        ((20, 1, 4), (20, 1, 4), 1),
        ((20, 1, 4), (3, 20, 1, 4), 3),
        ((), (), 1),
        ((), (4,), 4),
        ((1,), (1,), 1),
        ((1,), (4,), 4),
        ((1, 1), (1, 1), 1),
    ],
)
def test_outputs_lie_as_the_inputs_do(own, shape, count):
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    inferences, outputs = doubled(own, values)
    assert inferences == count
    assert outputs.shape == shape
    np.testing.assert_array_equal(outputs, 2 * values)


def test_a_batch_of_one_may_be_left_out():
    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    count, outputs = doubled((1, 3, 4), values)
    assert (count, outputs.shape) == (1, (1, 3, 4))


@pytest.mark.parametrize("shape", [(3,), (3, 3), (5, 2, 4), (0, 3, 4), (2, 2, 3, 4), ()])
def test_a_shape_that_does_not_fit_is_named(shape):
    with pytest.raises(BadInput, match=r"input x has the shape .* takes \[1, 3, 4\], .* \[n, 1, 3, 4\] or \[n, 3, 4\]"):
        doubled((1, 3, 4), np.zeros(shape, np.float32))


def test_a_part_of_a_batch_is_no_inference():
    with pytest.raises(BadInput, match=r"\[n, 2, 3\] or \[n x 2, 3\]"):
        doubled((2, 3), np.zeros((5, 3), np.float32))


def test_several_inputs_have_names_and_as_many_inferences():
    network = network_of(author("left", 1, 2), author("a/b:0", 1, 3))
    given = {"a/b:0": np.zeros((4, 3)), "left": np.zeros((4, 2))}
    assert [array.shape for array in arrange_inputs(network, given).arrays] == [(4, 2), (4, 3)]
    with pytest.raises(BadInput, match="left 4, a/b:0 1"):
        arrange_inputs(network, {**given, "a/b:0": np.zeros((1, 3))})
    with pytest.raises(BadInput, match=r"the inputs left, a/b:0: give an \.npz keyed by"):
        arrange_inputs(network, np.zeros((1, 2)))
    with pytest.raises(BadInput, match="are left, a/b:0, and left is given"):
        arrange_inputs(network, {"left": np.zeros((1, 2))})


@pytest.mark.parametrize(
    ("author_type", "given", "taken"),
    [
        ("float32", np.float64(0.5), True),
        ("float32", np.uint8(200), True),
        ("float16", np.float32(0.5), True),
        ("uint8", np.int64(255), True),
        ("uint8", np.int64(256), False),
        ("uint8", np.int8(-1), False),
        ("int8", np.float32(0.5), False),
        ("int32", np.int64(2**40), False),
        ("bool", np.bool_(True), True),
        ("float32", np.float32(np.nan), False),
        ("float32", np.complex64(1), False),
    ],
)
def test_values_come_in_the_authors_type_or_are_refused(author_type, given, taken):
    network = network_of(author("x", 1, 1, dtype=author_type))
    values = np.full((1, 1), given)
    if taken:
        (array,) = arrange_inputs(network, values).arrays
        assert (array.dtype, array[0, 0]) == (author_type, given)
    else:
        with pytest.raises(BadInput, match="input x"):
            arrange_inputs(network, values)
