"""Border transposes leave the graph; the host's layout takes their place."""

from __future__ import annotations

import numpy as np

from chipsmith.frontends.layout import strip_border_transposes
from chipsmith.tosa.graph import DType, Graph, Operator, Tensor

NCHW, NHWC = (1, 3, 4, 5), (1, 4, 5, 3)


def tensor(name, shape):
    return Tensor(name=name, shape=shape, dtype=DType.INT8)


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
    values = np.arange(60).reshape(NCHW)
    assert np.transpose(values, layout.input_axes[0]).shape == NHWC
    np.testing.assert_array_equal(
        np.transpose(values, layout.input_axes[0]), np.transpose(values, layout.output_axes[0])
    )


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
