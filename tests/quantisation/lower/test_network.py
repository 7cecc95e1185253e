"""Whole graphs: their inputs and outputs by name, the author's names, what is refused, and programs of chips."""

from __future__ import annotations

import numpy as np
import pytest
from lowering_witness import (
    assert_compiles,
    assert_rounded_right,
    compare,
    convolve,
    cover,
    int8_weights,
    lower,
    multiply_matrices,
    plan_by_range,
    random_inputs,
    real_constant,
    write_graph,
)

from chipsmith.errors import BadInput, OperatorRefused
from chipsmith.frontends.forms.normalise import softmax, standardise
from chipsmith.frontends.forms.values import natural_value
from chipsmith.quantisation.lower.network import lower_network
from chipsmith.quantisation.network import FloatLayer, FloatNetwork
from chipsmith.quantisation.plan import QuantisationPlan, quantise_tensor
from chipsmith.tosa.builder import GraphBuilder
from chipsmith.tosa.graph import DType, Graph
from chipsmith.tosa.verify import verify

CHIPS = ("nano-64", "edge-256")


def write_image_network(build: GraphBuilder) -> list[str]:
    """Two convolutions, a residual sum, pooling, classes; the features are an output too."""
    build.scope = "first"
    first = convolve(build, "x", int8_weights((4, 3, 3, 3), axis=0), np.ones(4), shape=(1, 6, 6, 4))
    build.scope = "relu"
    relu = build.emit("CLAMP", (first,), (1, 6, 6, 4), DType.FP32, {"min_val": 0.0, "max_val": 6.0})
    build.scope = "second"
    second = convolve(build, relu, int8_weights((4, 1, 1, 4), axis=0), np.ones(4), shape=(1, 6, 6, 4))
    build.scope = "sum"
    total = build.binary("ADD", second, relu)
    build.scope = "pool"
    pooled = build.emit(
        "MAX_POOL2D", (total,), (1, 3, 3, 4), DType.FP32, {"kernel": (2, 2), "stride": (2, 2), "pad": (0, 0, 0, 0)}
    )
    build.scope = "classes"
    flat = build.reshape(pooled, (1, 1, 36))
    return [multiply_matrices(build, flat, real_constant(build, int8_weights((1, 36, 10), axis=2))), relu]


def write_attention(build: GraphBuilder) -> str:
    """A head of attention with a normalisation in front."""
    normal = standardise(build, natural_value(build, "x"), (2,), epsilon=1e-5).tensor
    queries, keys, values = (
        multiply_matrices(build, normal, real_constant(build, int8_weights((1, 8, 8), axis=2, seed=seed)))
        for seed in range(3)
    )
    scores = multiply_matrices(build, queries, build.transpose(keys, (0, 2, 1)))
    build.scope = "probabilities"
    probabilities = softmax(build, natural_value(build, scores), 2).tensor
    build.scope = "result"
    return build.binary("ADD", multiply_matrices(build, probabilities, values), "x")


def plan_products(graph: Graph, inputs: dict[str, np.ndarray]) -> QuantisationPlan:
    """Every operand of a product over the range that it has, and the outputs."""
    read = {name for op in graph.operators if op.kind in ("CONV2D", "MATMUL", "MAX_POOL2D") for name in op.inputs[:2]}
    return plan_by_range(graph, inputs, sorted((read | set(graph.outputs)) - set(graph.constants)))


@pytest.mark.parametrize("chip", CHIPS)
@pytest.mark.parametrize("wide", [False, True], ids=["int8", "int16"])
def test_an_image_network_on_a_chip(chip, wide):
    graph = write_graph(write_image_network, x=(1, 8, 8, 3))
    inputs = random_inputs(graph)
    plan = plan_by_range(graph, inputs, ["x", "relu", "pool", "classes"], wide=["x", "relu"] if wide else [])
    for comparison in compare(graph, plan, inputs).values():
        assert comparison.relative < 0.02
    assert_compiles(graph, plan, inputs, chip=chip)


@pytest.mark.parametrize("chip", CHIPS)
def test_attention_on_a_chip(chip):
    graph = write_graph(write_attention, x=(2, 6, 8))
    inputs = random_inputs(graph)
    plan = plan_products(graph, inputs)
    (comparison,) = compare(graph, plan, inputs).values()
    assert comparison.relative < 0.05
    assert_compiles(graph, plan, inputs, chip=chip)


def test_no_operator_is_left_that_nobody_reads_or_that_has_constants_alone():
    graph = write_graph(write_image_network, x=(1, 8, 8, 3))
    lowered = lower(graph, plan_products(graph, random_inputs(graph)))
    verify(lowered.graph)
    read = {name for op in lowered.graph.operators for name in op.inputs} | set(lowered.graph.outputs)
    assert all(op.outputs[0] in read for op in lowered.graph.operators)
    assert all(set(op.inputs) - set(lowered.graph.constants) for op in lowered.graph.operators)


def test_operators_of_constants_are_computed_before():
    def write(build: GraphBuilder) -> str:
        turned = build.transpose(real_constant(build, int8_weights((1, 7, 5), axis=1)), (0, 2, 1))
        return multiply_matrices(build, "x", build.tile(turned, (2, 1, 1)))

    graph = write_graph(write, x=(2, 3, 5))
    assert_rounded_right(graph)
    kinds = [op.kind for op in lower(graph, QuantisationPlan(tensors={"x": cover(-1, 1)})).graph.operators]
    assert "TRANSPOSE" not in kinds
    assert "TILE" not in kinds


def test_inputs_and_outputs_have_their_names_and_order():
    graph = write_graph(lambda build: [build.binary("ADD", "b", "a"), build.binary("SUB", "b", "a")], a=(3,), b=(3,))
    lowered = lower(graph, plan_by_range(graph, random_inputs(graph), graph.outputs))
    assert lowered.graph.inputs == ("a", "b")
    assert lowered.graph.outputs == graph.outputs
    assert set(lowered.tensors) >= {"a", "b", *graph.outputs}


def test_outputs_that_are_a_tensor_are_tensors_of_their_own():
    def write(build: GraphBuilder) -> list[str]:
        return [build.unary("IDENTITY", "x"), build.unary("IDENTITY", "x"), build.reshape("x", (5, 3))]

    graph = write_graph(write, x=(3, 5))
    lowered = lower(graph, plan_by_range(graph, random_inputs(graph)))
    assert len(set(lowered.graph.outputs)) == 3
    assert_rounded_right(graph)


def test_an_input_that_nothing_reads_stays():
    graph = write_graph(lambda build: build.unary("TANH", "x"), x=(3,), unread=(4,))
    lowered = lower(graph, QuantisationPlan(tensors={"x": cover(-1, 1)}))
    assert lowered.graph.inputs == ("x", "unread")


def test_an_input_without_a_range_is_refused():
    graph = write_graph(lambda build: build.unary("TANH", "x"), x=(3,))
    with pytest.raises(BadInput, match="input 'x' has no range"):
        lower(graph, QuantisationPlan(tensors={}))


def name_network(graph: Graph) -> FloatNetwork:
    """The author calls the operator node Conv /features/0."""
    layer = FloatLayer(name="/features/0", operator="Conv", tensor="node", axes=(0, 1, 2, 3), source="y")
    return FloatNetwork(graph=graph, inputs=(), outputs=(), layers=(layer,), origins={"node": "/features/0"})


def test_operators_keep_their_authors_names():
    graph = write_graph(
        lambda build: convolve(build, "x", int8_weights((4, 1, 1, 3), axis=0), np.ones(4), shape=(1, 6, 6, 4)),
        x=(1, 6, 6, 3),
    )
    plan = QuantisationPlan(tensors={"x": cover(-1, 1), "node": cover(-3, 3)})
    lowered = lower_network(name_network(graph), plan)
    assert {op.kind: lowered.origins[op.name] for op in lowered.graph.operators} == {
        "CONV2D": "/features/0",
        "RESCALE": "/features/0",
    }


def test_refusals_name_the_authors_operator():
    def write(build: GraphBuilder) -> str:
        return build.pad("x", [(0, 0), (1, 1)], np.nan)

    graph = write_graph(write, x=(3, 5))
    with pytest.raises(OperatorRefused, match="Conv '/features/0': a constant is not a number"):
        lower_network(name_network(graph), QuantisationPlan(tensors={"x": cover(-1, 1)}))


@pytest.mark.parametrize("shape", [(), (3,)], ids=str)
def test_constants_of_the_plan_are_rounded(shape):
    """A sum of constants that the plan rounds to steps of 0.25: 0.3 is 0.25."""

    def write(build: GraphBuilder) -> str:
        build.scope = "constant"
        constant = build.binary("ADD", *(real_constant(build, np.full(shape, value)) for value in (0.1, 0.2)))
        build.scope = "node"
        return build.multiply("x", constant)

    graph = write_graph(write, x=shape)
    plan = QuantisationPlan(tensors={"x": cover(-1, 1), "constant": quantise_tensor(0.25, 0)})
    assert "constant" in graph.tensors
    (comparison,) = compare(graph, plan, random_inputs(graph)).values()
    assert comparison.relative < 1e-4
