"""Operators that move elements: of int8 and int16 as they are, of int32 and tables once they are rounded."""

from __future__ import annotations

import numpy as np
import pytest
from lowering_witness import (
    SOURCES,
    assert_nearly_exact,
    assert_rounded_right,
    lower,
    plan_by_range,
    random_inputs,
    real_constant,
    write_graph,
)

from chipsmith.tosa.builder import GraphBuilder
from chipsmith.tosa.graph import DType


def reverse(build: GraphBuilder, source: str) -> str:
    return build.emit("REVERSE", (source,), build.shape(source), DType.FP32, {"axis": 3})


MOVES = {
    "transpose": lambda build, source: build.transpose(source, (0, 3, 1, 2)),
    "transpose that keeps channels": lambda build, source: build.transpose(source, (0, 2, 1, 3)),
    "reshape": lambda build, source: build.reshape(source, (2, 36)),
    "reshape that keeps channels": lambda build, source: build.reshape(source, (1, 24, 3)),
    "slice": lambda build, source: build.slice(source, (0, 1, 2, 0), (1, 3, 3, 3)),
    "slice of channels": lambda build, source: build.slice(source, (0, 1, 2, 1), (1, 3, 3, 2)),
    "reverse": reverse,
    "tile": lambda build, source: build.tile(source, (2, 1, 1, 2)),
    "identity": lambda build, source: build.unary("IDENTITY", source),
    "pad by zero": lambda build, source: build.pad(source, [(0, 0), (1, 1), (2, 0), (0, 1)], 0.0),
    "pad beyond the range": lambda build, source: build.pad(source, [(0, 0), (1, 1), (2, 0), (0, 1)], 5.3),
}


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("source", SOURCES)
def test_moves(move, source):
    graph = write_graph(lambda build: MOVES[move](build, SOURCES[source](build)), x=(1, 4, 6, 3))
    assert_rounded_right(graph)
    assert_nearly_exact(graph)
    assert_rounded_right(graph, wide=["x"])


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("sign", [-1, 1])
def test_padding_by_infinity_is_left_out_of_a_maximum(source, sign):
    def write(build: GraphBuilder) -> str:
        padded = build.pad(SOURCES[source](build), [(0, 0), (1, 1), (0, 0), (0, 0)], sign * np.inf)
        return build.reduce("REDUCE_MAX" if sign < 0 else "REDUCE_MIN", padded, 1)

    assert_rounded_right(write_graph(write, x=(1, 4, 6, 3)))


def test_an_identity_with_another_scale_is_a_tensor_of_its_own():
    """As two QuantizeLinear of a tensor are."""
    graph = write_graph(lambda build: build.unary("IDENTITY", build.unary("IDENTITY", "x")), x=(3, 5))
    plan = plan_by_range(graph, random_inputs(graph, low=-2, high=2), graph.outputs)
    inputs = random_inputs(graph)
    assert_rounded_right(graph)
    lowered = lower(graph, plan_by_range(graph, inputs))
    assert lowered.tensors["x"].quantisation.scale != plan.tensors["x"].scale


@pytest.mark.parametrize("wide", [(), ("x", "node")], ids=["int8", "int16"])
def test_concat(wide):
    def write(build: GraphBuilder) -> str:
        return build.concat(["x", "y", real_constant(build, [[1.0, 2.0], [-0.3, 0.4]])], 1)

    graph = write_graph(write, x=(2, 3), y=(2, 4))
    assert_rounded_right(graph, wide=wide)
    assert_nearly_exact(graph)


def test_more_tensors_than_a_concat_takes():
    graph = write_graph(lambda build: build.concat(["x"] * 200, 1), x=(2, 3))
    assert_rounded_right(graph)
    assert_nearly_exact(graph)


def enter_indices(build: GraphBuilder) -> str:
    """Indices below zero count from the end."""
    indices = build.enter("indices", (1, 4), DType.INT32)
    below = build.binary("GREATER", build.constant([[0]], DType.INT32), indices, DType.BOOL)
    shifted = build.binary("ADD", indices, build.constant([[7]], DType.INT32))
    return build.emit("SELECT", (below, shifted, indices), (1, 4), DType.INT32)


def gather(build: GraphBuilder, values: str, indices: str) -> str:
    return build.emit("GATHER", (values, indices), (1, 4, build.shape(values)[2]), DType.FP32)


def test_rows_of_a_constant_by_indices_below_zero():
    rows = np.random.default_rng(2).normal(size=(1, 7, 5))
    graph = write_graph(lambda build: gather(build, real_constant(build, rows), enter_indices(build)))
    assert_rounded_right(graph)
    assert_nearly_exact(graph, tolerance=5e-3)


@pytest.mark.parametrize("source", ["int8", "int32", "table"])
def test_rows_of_an_activation(source):
    def write(build: GraphBuilder) -> str:
        return gather(build, build.reshape(SOURCES[source](build), (1, 24, 3)), enter_indices(build))

    graph = write_graph(write, x=(1, 4, 6, 3))
    assert_rounded_right(graph)
    assert_nearly_exact(graph)


def test_rows_replaced():
    def write(build: GraphBuilder) -> str:
        indices = build.constant([[6, 0]], DType.INT32)
        return build.emit("SCATTER", ("x", indices, "rows"), (1, 7, 5), DType.FP32)

    assert_rounded_right(write_graph(write, x=(1, 7, 5), rows=(1, 2, 5)))
