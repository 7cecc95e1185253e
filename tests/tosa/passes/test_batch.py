"""Several inferences as one graph: the same bits as one after the other, for networks and for each kind of operator."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chipsmith.errors import BadInput, OperatorRefused
from chipsmith.frontends.registry import load_model
from chipsmith.tosa.builder import GraphBuilder, pointwise_attributes
from chipsmith.tosa.graph import DType, Graph
from chipsmith.tosa.passes.batch import batch_graph
from chipsmith.tosa.reference import evaluate, evaluate_batch

NETWORKS = Path(__file__).parents[2] / "networks"
BATCH = 3


def random_inputs(graph: Graph, *, below: int | None = None) -> dict[str, np.ndarray]:
    """Inputs of BATCH inferences, (BATCH, *shape); `below` bounds int32, such as indices."""
    random = np.random.default_rng(0)
    arrays = {}
    for name in graph.inputs:
        tensor = graph.tensor(name)
        limits = np.iinfo(tensor.dtype.numpy.name)
        low, high = (0, below) if below and tensor.dtype is DType.INT32 else (limits.min, limits.max + 1)
        arrays[name] = random.integers(low, high, (BATCH, *tensor.shape)).astype(tensor.dtype.numpy)
    return arrays


def check(graph: Graph, *, below: int | None = None) -> Graph:
    """The batched graph, whose outputs are those of the inferences, one after the other."""
    batched = batch_graph(graph, BATCH)
    inputs = random_inputs(graph, below=below)
    expected = evaluate_batch(graph, inputs)
    whole = evaluate(batched, {name: array.reshape(batched.tensor(name).shape) for name, array in inputs.items()})
    assert list(whole) == list(graph.outputs)
    for name, array in expected.items():
        first, *rest = graph.tensor(name).shape or (1,)
        assert whole[name].shape == (BATCH * first, *rest)
        assert np.array_equal(whole[name], array.reshape(whole[name].shape))
    return batched


@pytest.mark.parametrize("name", ["digits_cnn", "encoder_layer", "gru", "lstm"])
def test_networks(name):
    check(load_model(str(NETWORKS / f"{name}.tosa")).graph)


def started(*shapes: tuple[int, ...], dtype: DType = DType.INT8) -> tuple[GraphBuilder, list[str]]:
    builder = GraphBuilder()
    return builder, [builder.enter(f"x{index}", shape, dtype) for index, shape in enumerate(shapes)]


@pytest.mark.parametrize(
    ("shape", "act"),
    [
        ((2, 3), lambda b, x: b.transpose(x, (1, 0))),
        ((1, 2, 3), lambda b, x: b.transpose(x, (2, 0, 1))),
        ((1, 2, 3), lambda b, x: b.transpose(x, (0, 2, 1))),
        ((4, 3), lambda b, x: b.slice(x, (1, 0), (2, 2))),
        ((4, 3), lambda b, x: b.slice(x, (0, 1), (4, 2))),
        ((2, 3), lambda b, x: b.pad(x, ((1, 0), (0, 2)), 7)),
        ((2, 3), lambda b, x: b.pad(x, ((0, 0), (1, 2)), 7)),
        ((2, 3), lambda b, x: b.tile(x, (2, 1))),
        ((2, 3), lambda b, x: b.tile(x, (1, 2))),
        ((2, 3), lambda b, x: b.reshape(x, (3, 2))),
        ((2, 3), lambda b, x: b.reshape(x, (6,))),
        ((1,), lambda b, x: b.reshape(x, ())),
        ((2, 3), lambda b, x: b.concat((x, b.constant([[1, 2, 3]], DType.INT8)), 0)),
        ((2, 3), lambda b, x: b.concat((b.constant([[1], [2]], DType.INT8), x), 1)),
        ((2, 3), lambda b, x: b.reduce("REDUCE_MAX", x, 0)),
        ((2, 3), lambda b, x: b.reduce("REDUCE_MIN", x, 1)),
        ((4, 3), lambda b, x: b.emit("ARGMAX", (x,), (3,), DType.INT32, {"axis": 0})),
        ((4, 3), lambda b, x: b.emit("ARGMAX", (x,), (4,), DType.INT32, {"axis": 1})),
        ((4, 3), lambda b, x: b.emit("REVERSE", (x,), (4, 3), DType.INT8, {"axis": 0})),
    ],
)
def test_operators_that_move_and_reduce(shape, act):
    builder, (x,) = started(shape)
    check(builder.finish("moves", [act(builder, x)]))


@pytest.mark.parametrize("shape", [(1, 4), (3, 4), (3, 1), (1, 1)])
def test_a_constant_is_spread_over_the_inferences(shape):
    builder, (x,) = started((3, 4), dtype=DType.INT32)
    constant = builder.constant(np.arange(np.prod(shape)).reshape(shape), DType.INT32)
    check(builder.finish("adds", [builder.binary("ADD", x, constant)]))


@pytest.mark.parametrize(("left", "right"), [((1, 4), (3, 4)), ((3, 1), (1, 4)), ((), ()), ((4,), (1,))])
def test_inputs_that_broadcast(left, right):
    builder, (x, y) = started(left, right, dtype=DType.INT32)
    check(builder.finish("subtracts", [builder.binary("SUB", x, y)]))


@pytest.mark.parametrize("shape", [(4,), (2, 4)])
def test_a_rescale_per_channel(shape):
    builder, (x,) = started(shape, dtype=DType.INT32)
    operands = (
        x,
        builder.constant([1 << 30, 1 << 29, 3 << 28, 1 << 30], DType.INT32),
        builder.constant([34, 33, 40, 31], DType.INT8),
        builder.constant([0], DType.INT32),
        builder.constant([5], DType.INT8),
    )
    attributes = {
        "scale32": True,
        "rounding_mode": "SINGLE_ROUND",
        "per_channel": True,
        "input_unsigned": False,
        "output_unsigned": False,
    }
    check(builder.finish("rescales", [builder.emit("RESCALE", operands, shape, DType.INT8, attributes)]))


@pytest.mark.parametrize("shared", [1, 2])
def test_a_product_with_a_constant_matrix(shared):
    builder, (x,) = started((shared, 5, 4))
    matrix = builder.constant(np.arange(shared * 12).reshape(shared, 4, 3), DType.INT8)
    zero = builder.constant([0], DType.INT8)
    product = builder.emit("MATMUL", (x, matrix, zero, zero), (shared, 5, 3), DType.INT32)
    batched = check(builder.finish("product", [product]))
    assert ("TILE" in {operator.kind for operator in batched.operators}) == (shared == 2)


def test_a_product_of_two_inputs():
    builder, (x, y) = started((2, 5, 4), (2, 4, 3))
    zero = builder.constant([0], DType.INT8)
    check(builder.finish("product", [builder.emit("MATMUL", (x, y, zero, zero), (2, 5, 3), DType.INT32)]))


@pytest.mark.parametrize("tables", [1, 2])
def test_rows_of_a_constant_table(tables):
    builder, (indices,) = started((tables, 4), dtype=DType.INT32)
    table = builder.constant(np.arange(tables * 15).reshape(tables, 5, 3), DType.INT8)
    rows = builder.emit("GATHER", (table, indices), (tables, 4, 3), DType.INT8)
    check(builder.finish("rows", [rows]), below=5)


def test_what_depends_on_no_input_is_the_same_for_all():
    builder, (x,) = started((2, 3), dtype=DType.INT32)
    constant = builder.unary("ABS", builder.constant([[-1, 2, -3]], DType.INT32))
    check(builder.finish("constant", [builder.binary("ADD", x, constant), builder.unary("ABS", constant)]))


def convolution(weights_from_input: bool) -> Graph:
    builder, (x, *weights) = started((1, 4, 4, 2), *([(3, 1, 1, 2)] if weights_from_input else []))
    weight = weights[0] if weights else builder.constant(np.ones((3, 1, 1, 2)), DType.INT8)
    bias, zero = builder.constant([1, 2, 3], DType.INT32), builder.constant([0], DType.INT8)
    operands = (x, weight, bias, zero, zero)
    attributes = pointwise_attributes("INT32")
    return builder.finish("window", [builder.emit("CONV2D", operands, (1, 4, 4, 3), DType.INT32, attributes)])


def test_a_convolution_grows_along_its_own_batch():
    batched = check(convolution(weights_from_input=False))
    assert [operator.kind for operator in batched.operators] == ["CONV2D"]


def test_weights_that_depend_on_an_input_are_refused():
    with pytest.raises(OperatorRefused, match="CONV2D 'network' has weights that depend on an input"):
        batch_graph(convolution(weights_from_input=True), 2)


def test_an_operator_along_the_first_of_six_axes_is_refused():
    builder, (x,) = started((2, 1, 1, 1, 1, 3))
    graph = builder.finish("deep", [builder.reduce("REDUCE_MAX", x, 0)])
    with pytest.raises(OperatorRefused, match="REDUCE_MAX 'network' has 6 axes"):
        batch_graph(graph, 2)


def test_a_batch_of_one_is_the_graph_itself_and_less_is_refused():
    graph = convolution(weights_from_input=False)
    assert batch_graph(graph, 1) is graph
    with pytest.raises(BadInput, match="a batch has 1 or more inferences, not 0"):
        batch_graph(graph, 0)


def test_an_input_that_is_an_output_too_keeps_its_name():
    builder, (x,) = started((2, 3))
    check(builder.finish("both", [x, builder.reduce("REDUCE_MAX", x, 1)]))
