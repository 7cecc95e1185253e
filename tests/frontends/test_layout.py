"""Border transposes leave the graph; the host's layout takes their place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from chipsmith.frontends.layout import Border, lay_out_border, strip_border_transposes
from chipsmith.tosa.graph import DType, Graph, Operator, Tensor
from chipsmith.tosa.reference import evaluate

NCHW, NHWC = (1, 3, 4, 5), (1, 4, 5, 3)


def tensor(name, shape):
    return Tensor(name=name, shape=shape, dtype=DType.INT32)


def operator(kind, source, result, **attributes):
    inputs = source if isinstance(source, tuple) else (source,)
    return Operator(kind=kind, name=result, inputs=inputs, outputs=(result,), attributes=attributes)


def graph(tensors, operators, inputs=("x",), outputs=("y",)):
    return Graph(
        name="net",
        tensors={name: tensor(name, shape) for name, shape in tensors.items()},
        operators=tuple(operators),
        constants={},
        inputs=inputs,
        outputs=outputs,
    )


IMAGE_NETWORK = graph(
    {"x": NCHW, "x1": NHWC, "y1": NHWC, "y": NCHW},
    [
        operator("TRANSPOSE", "x", "x1", perms=(0, 2, 3, 1)),
        operator("ABS", "x1", "y1"),
        operator("TRANSPOSE", "y1", "y", perms=(0, 3, 1, 2)),
    ],
)


def test_transposes_at_both_ends_leave():
    layout = strip_border_transposes(IMAGE_NETWORK)
    (only,) = layout.graph.operators
    assert (only.kind, only.inputs, only.outputs) == ("ABS", ("x",), ("y",))
    assert layout.graph.tensors == {"x": tensor("x", NHWC), "y": tensor("y", NHWC)}
    assert layout.names == {"x1": "x", "y1": "y"}
    assert_same(IMAGE_NETWORK, layout)


def test_transposes_stay_where_the_chip_lays_out_its_border():
    assert lay_out_border(IMAGE_NETWORK, Border.HOST) == strip_border_transposes(IMAGE_NETWORK)
    layout = lay_out_border(IMAGE_NETWORK, Border.CHIP)
    assert layout.graph == IMAGE_NETWORK
    assert layout.input_axes == (layout.outputs[0].axes,) == ((0, 1, 2, 3),)
    assert_same(IMAGE_NETWORK, layout)


def random_inputs(network, *, seed=0):
    random = np.random.default_rng(seed)
    tensors = (network.tensor(name) for name in network.inputs)
    return {tensor.name: random.integers(-100, 100, tensor.shape, np.int32) for tensor in tensors}


def assert_same(before, layout):
    """What the network gives is what the bare graph and the host's layouts give, for random inputs."""
    inputs = random_inputs(before)
    expected = evaluate(before, inputs)
    moved = {name: inputs[name].transpose(axes) for name, axes in zip(before.inputs, layout.input_axes, strict=True)}
    outputs = evaluate(layout.graph, moved)
    assert set(layout.graph.outputs) == {place.tensor for place in layout.outputs}
    for name, place in zip(before.outputs, layout.outputs, strict=True):
        np.testing.assert_array_equal(outputs[place.tensor], expected[name].transpose(place.axes))
    assert_names_follow(before, layout, inputs, moved)


def assert_names_follow(before, layout, inputs, moved):
    """Each tensor that is left has the values that it had, under its new name."""
    names = {old: new for old, new in layout.names.items() if old not in before.inputs}
    was = evaluate(replace(before, outputs=tuple(names)), inputs)
    now = evaluate(replace(layout.graph, outputs=tuple(dict.fromkeys(names.values()))), moved)
    for old, new in names.items():
        np.testing.assert_array_equal(now[new], was[old])


def test_two_outputs_in_other_layouts():
    """Both convolutions of a network whose outputs are NCHW; the second border transpose leaves as the first does."""
    network = graph(
        {"x": NCHW, "x1": NHWC, "y1": NHWC, "y": NCHW, "z1": NHWC, "z": NCHW},
        [
            operator("TRANSPOSE", "x", "x1", perms=(0, 2, 3, 1)),
            operator("ABS", "x1", "y1"),
            operator("TRANSPOSE", "y1", "y", perms=(0, 3, 1, 2)),
            operator("BITWISE_NOT", "y1", "z1"),
            operator("TRANSPOSE", "z1", "z", perms=(0, 3, 1, 2)),
        ],
        outputs=("y", "z"),
    )
    layout = strip_border_transposes(network)
    assert [op.kind for op in layout.graph.operators] == ["ABS", "BITWISE_NOT"]
    assert layout.graph.outputs == ("y", "z")
    assert_same(network, layout)


def test_readers_of_an_output_keep_its_layout():
    """A transposed output that an inner operator reads too: the reader still gets what it read."""
    network = graph(
        {"x": NHWC, "y1": NHWC, "y": NCHW, "z": NCHW},
        [
            operator("ABS", "x", "y1"),
            operator("TRANSPOSE", "y1", "y", perms=(0, 3, 1, 2)),
            operator("BITWISE_NOT", "y", "z"),
        ],
        outputs=("y", "z"),
    )
    layout = strip_border_transposes(network)
    assert [place.tensor for place in layout.outputs] == ["y1", "z"]
    assert_same(network, layout)


def test_two_outputs_of_the_same_tensor():
    network = graph(
        {"x": NCHW, "y1": NCHW, "y": NHWC, "z": (1, 5, 4, 3)},
        [
            operator("ABS", "x", "y1"),
            operator("TRANSPOSE", "y1", "y", perms=(0, 2, 3, 1)),
            operator("TRANSPOSE", "y1", "z", perms=(0, 3, 2, 1)),
        ],
        outputs=("z", "y"),
    )
    layout = strip_border_transposes(network)
    assert layout.graph.outputs == ("z",)
    assert_same(network, layout)


def random_network(seed):
    """A few operators on tensors of rank 4, with transposes that keep the first axis and others, any outputs."""
    random = np.random.default_rng(seed)
    shapes = {"x": (2, 3, 4, 5), "w": (2, 4, 5, 3)}
    operators = []
    for index in range(random.integers(2, 12)):
        known, name = list(shapes), f"t{index}"
        source = known[random.integers(len(known))]
        alike = [other for other in known if shapes[other] == shapes[source]]
        kind = ("TRANSPOSE", "TRANSPOSE", "ABS", "BITWISE_NOT", "ADD")[random.integers(5)]
        inputs = (source, alike[random.integers(len(alike))]) if kind == "ADD" else (source,)
        order = random.permutation(4) if random.random() < 0.2 else np.array([0, *(1 + random.permutation(3))])
        attributes = {"perms": tuple(order.tolist())} if kind == "TRANSPOSE" else {}
        shapes[name] = tuple(shapes[source][axis] for axis in order) if attributes else shapes[source]
        operators.append(operator(kind, inputs, name, **attributes))
    computed = [op.outputs[0] for op in operators]
    outputs = random.choice(computed, min(len(computed), random.integers(1, 5)), replace=False).tolist()
    return graph(shapes, operators, inputs=("x", "w"), outputs=tuple(outputs))


@pytest.mark.parametrize("seed", range(150))
def test_random_networks_keep_their_meaning(seed):
    network = random_network(seed)
    assert_same(network, strip_border_transposes(network))


def test_input_read_twice_keeps_its_transpose():
    twice = graph(
        {"x": NCHW, "x1": NHWC, "y": NHWC, "z": NCHW},
        [operator("TRANSPOSE", "x", "x1", perms=(0, 2, 3, 1)), operator("ABS", "x1", "y"), operator("ABS", "x", "z")],
        outputs=("y", "z"),
    )
    layout = strip_border_transposes(twice)
    assert layout.graph == twice
    assert layout.input_axes == ((0, 1, 2, 3),)


def test_transpose_that_moves_the_batch_stays():
    moved = graph(
        {"x": (2, 3), "x1": (3, 2), "y": (3, 2)},
        [operator("TRANSPOSE", "x", "x1", perms=(1, 0)), operator("ABS", "x1", "y")],
    )
    assert strip_border_transposes(moved).graph == moved


def test_transpose_from_input_to_output_stays():
    alone = graph({"x": NCHW, "y": NHWC}, [operator("TRANSPOSE", "x", "y", perms=(0, 2, 3, 1))])
    assert strip_border_transposes(alone).graph == alone
