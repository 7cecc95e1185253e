"""Recurrent nodes written out compute what onnxruntime's own recurrent kernels compute."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper
from onnx_networks import layer_steps, model, node, qdq_of, quantised, random_inputs, weights

from chipsmith.frontends.onnx.network import lower_network
from chipsmith.frontends.onnx.recurrent import unroll
from chipsmith.frontends.onnx.witness import onnx_tensors

STEPS, BATCH, INPUTS, HIDDEN = 5, 2, 3, 4
GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


def recurrent(kind, *, direction="forward", states=False, batch=BATCH, **attributes):
    count, rows = (2 if direction == "bidirectional" else 1), GATES[kind] * HIDDEN
    constants = [weights("w", count, rows, INPUTS), weights("r", count, rows, HIDDEN), weights("b", count, 2 * rows)]
    inputs = ["x", "w", "r", "b", ""]
    if states:
        inputs += ["h", "c"] if kind == "LSTM" else ["h"]
        constants += [weights(name, count, batch, HIDDEN) for name in inputs[5:]]
    outputs = ["y", "last", "cell"] if kind == "LSTM" else ["y", "last"]
    cell = node(kind, inputs, outputs, name="cell", hidden_size=HIDDEN, direction=direction, **attributes)
    shapes = {"y": [STEPS, count, batch, HIDDEN], "last": [count, batch, HIDDEN], "cell": [count, batch, HIDDEN]}
    graph = helper.make_graph(
        [cell],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [STEPS, batch, INPUTS])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shapes[name]) for name in outputs],
        constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.mark.parametrize("states", [False, True])
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize(
    ("kind", "attributes"),
    [("LSTM", {}), ("GRU", {"linear_before_reset": 1}), ("GRU", {"linear_before_reset": 0}), ("RNN", {})],
)
def test_written_out_it_has_the_values_of_onnxruntimes_kernel(kind, attributes, direction, states):
    network = recurrent(kind, direction=direction, states=states, **attributes)
    plain = unroll(network)
    assert not {node.op_type for node in plain.graph.node} & set(GATES)
    inputs = {"x": np.random.default_rng(0).normal(size=(3, STEPS, BATCH, INPUTS)).astype(np.float32)}
    names = [port.name for port in network.graph.output]
    expected, unrolled = onnx_tensors(network, names, inputs), onnx_tensors(plain, names, inputs)
    for name in names:
        np.testing.assert_allclose(unrolled[name], expected[name], atol=1e-5)


def test_unusual_cell_stays():
    clipped = recurrent("LSTM", clip=1.0)
    assert [node.op_type for node in unroll(clipped).graph.node] == ["LSTM"]


def test_network_without_recurrence_is_itself():
    plain = model(recurrent("RNN")).proto
    del plain.graph.node[:]
    plain.graph.node.append(node("Relu", ["x"], ["y"]))
    assert unroll(plain) is plain


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_quantised_it_is_within_a_step_of_onnxruntime(kind):
    network = lower_network(*quantised(recurrent(kind, direction="bidirectional", batch=1)))
    assert max(step for _, step in layer_steps(network, random_inputs(qdq_of(network), 50, seed=1))) <= 1


def test_weights_that_are_computed_leave_it_as_it_is():
    network = recurrent("RNN")
    network.graph.node.insert(0, node("Identity", ["w"], ["w2"]))
    network.graph.node[1].input[1] = "w2"
    assert "RNN" in {node.op_type for node in unroll(network).graph.node}
