"""How nodes are read: types, names, definitions and branches, and what is refused in which words."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx_networks import (
    assert_same,
    booleans,
    branch,
    float_outputs,
    floats,
    integers,
    model,
    node,
    proto,
    random_inputs,
    single,
    weights,
)

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.errors import BadInput, OperatorRefused
from chipsmith.frontends.onnx.load import quantise_file
from chipsmith.frontends.onnx.model import read_model
from chipsmith.frontends.onnx.network import lower_model
from chipsmith.sim import functional

GELU = proto(
    [
        node("Div", ["x", "r"], ["a"]),
        node("Erf", ["a"], ["b"]),
        node("Add", ["b", "o"], ["c"]),
        node("Mul", ["x", "c"], ["d"]),
        node("Mul", ["d", "h"], ["y"]),
    ],
    [floats("r", 2**0.5), floats("o", 1), floats("h", 0.5)],
    x=(1, 5, 16),
)
MASKED = proto(
    [node("Where", ["m", "k", "x"], ["w"]), node("Softmax", ["w"], ["y"], axis=-1)],
    [floats("k", -np.inf), booleans("m", np.triu(np.ones((6, 6)), 1))],
    x=(1, 2, 6, 6),
)


def test_float16_is_computed_in_float32_and_crosses_the_border_as_it_is():
    network = half(single("Gemm", (3, 16), [weights("w", 16, 10), weights("b", 10)]))
    assert_same(network, rtol=5e-3, atol=5e-3)
    lowered, _ = lower_model(network)
    assert {port.dtype for port in (*lowered.inputs, *lowered.outputs)} == {np.dtype("float16")}


def half(network):
    """The network with float16 in the place of float32."""
    for port in (*network.graph.input, *network.graph.output):
        port.type.tensor_type.elem_type = onnx.TensorProto.FLOAT16
    for constant in network.graph.initializer:
        values = onnx.numpy_helper.to_array(constant).astype(np.float16)
        constant.CopyFrom(onnx.numpy_helper.from_array(values, constant.name))
    return model(network)


def test_what_an_operator_is_made_of_bears_its_name():
    plain = model(GELU)
    lowered, _ = lower_model(plain)
    assert [layer.operator for layer in lowered.layers] == ["Div", "Erf", "Add", "Mul", "Mul"]
    assert {lowered.origins[op.name] for op in lowered.graph.operators} == {layer.name for layer in lowered.layers}


def test_operator_that_onnx_defines_by_others_is_read_by_its_definition():
    """Attention has no form here; ONNX says what it is, in versions that onnxruntime knows too."""
    attention = proto(
        [node("Attention", ["x", "k", "v"], ["y"])], opset=23, x=(1, 2, 4, 8), k=(1, 2, 6, 8), v=(1, 2, 6, 8)
    )
    assert_same(model(attention))


def test_an_operand_of_version_6_lies_along_the_axis_that_is_named():
    plain = model(single("Add", (1, 4, 3, 2), [floats("k", [1, 2, 3, 4])], opset=6, axis=1, broadcast=1))
    columns = random_inputs(plain, 2)
    expected = columns[0] + np.arange(1, 5, dtype=np.float32)[:, None, None]
    np.testing.assert_allclose(float_outputs(plain, columns)[0], expected, rtol=1e-6)


def test_branch_of_a_constant_condition_takes_the_place_of_the_node():
    branches = {"then_branch": branch("Relu", "x", "t"), "else_branch": branch("Tanh", "x", "e")}
    network = proto([node("If", ["c"], ["y"], **branches)], [booleans("c", False)], x=(2, 3))
    lowered, _ = lower_model(model(network))
    assert [op.kind for op in lowered.graph.operators] == ["TANH"]


def test_masked_scores_get_no_weight():
    plain = model(MASKED)
    scores = random_inputs(plain, 64, seed=3)[0].reshape(-1, 2, 6, 6)
    network = quantise_file(plain, [scores])
    outputs = functional.execute(compile_graph(network.graph, load_chip("edge-256")), network.quantize_inputs(scores))
    (shares,) = network.dequantize_outputs(outputs)
    lower_triangle = np.tril(np.ones((6, 6)))
    expected = np.exp(scores) * lower_triangle
    np.testing.assert_allclose(shares, expected / expected.sum(axis=-1, keepdims=True), atol=0.03)
    assert not (shares * (1 - lower_triangle)).any()


REFUSED = {
    "LSTM_clipped": (
        single("LSTM", (4, 1, 3), [weights("w", 1, 16, 3), weights("r", 1, 16, 4)], hidden_size=4, clip=1.0),
        r"LSTM 'y': with the attribute clip; write the cell out",
    ),
    "LSTM_of_other_functions": (
        single(
            "LSTM",
            (4, 1, 3),
            [weights("w", 1, 16, 3), weights("r", 1, 16, 4)],
            hidden_size=4,
            activations=["Relu", "Tanh", "Tanh"],
        ),
        r"LSTM 'y': its functions are relu, tanh, tanh; sigmoid, tanh, tanh are held",
    ),
    "CumSum_of_integers": (single("CumSum", ("int64", 5), [integers("a", 0)]), r"CumSum 'y': of integers; cast them"),
    "NonZero": (
        single("NonZero", (3, 4)),
        r"NonZero 'y': a result whose size depends on values; end the network before it",
    ),
    "BitShift": (
        single(
            "BitShift", ("uint32", 5), [onnx.numpy_helper.from_array(np.array(2, np.uint32), "k")], direction="LEFT"
        ),
        r"BitShift 'y': bits of integers; compute them outside of the network",
    ),
    "Multinomial": (
        single("Multinomial", (1, 5)),
        r"Multinomial 'y': random numbers; export the network for inf",
    ),
    "diagonal": (single("Einsum", (3, 3), equation="ii->i"), r"'y': ii->i takes a diagonal"),
    "Det": (
        single("Det", (3, 3)),
        r"Det 'y': is not among the operators that are held; docs/front-ends.md lists them",
    ),
    "If_computed": (
        proto(
            [node("If", ["x"], ["y"], then_branch=branch("Relu", "z", "t"), else_branch=branch("Tanh", "z", "e"))],
            x=("bool",),
            z=(3,),
        ),
        r"If 'y': its condition is computed; export the network with fixed shapes and without branches",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_operator_outside_is_refused_by_name(name):
    network, message = REFUSED[name]
    with pytest.raises(OperatorRefused, match=message):
        lower_model(model(network))


@pytest.mark.parametrize("place", ["input", "output"])
@pytest.mark.parametrize("batch", [1, None])
def test_an_element_type_that_onnx_has_not_is_one_message(tmp_path, place, batch):
    network = single("Relu", (1, 4))
    axes = network.graph.input[0].type.tensor_type.shape.dim
    axes[0].dim_param = "n" if batch is None else ""
    axes[0].dim_value = batch or 0
    getattr(network.graph, place)[0].type.tensor_type.elem_type = 99
    file = tmp_path / "network.onnx"
    file.write_bytes(network.SerializeToString())
    with pytest.raises(BadInput, match=r"has no element type of ONNX \(it says 99\)"):
        read_model(file)
