"""Kinds of networks that once came out wrong, or were refused without reason: each beside its unchanged source."""

from __future__ import annotations

import json

import numpy as np
import pytest
from door_networks import hold, hold_module, hold_onnx, normal, port, run_onnx, save_calibration, write_onnx
from onnx import helper

import chipsmith

node = helper.make_node


@pytest.mark.parametrize("reader", ["Flatten", "GlobalMaxPool", "ReduceMean"])
def test_an_output_that_inner_operators_read_too(tmp_path, reader):
    axes = {"axes": [2, 3]} if reader == "ReduceMean" else {}
    nodes = [
        node("Conv", ["x", "w"], ["map"]),
        node(reader, ["map"], ["inner"], **axes),
        node("Flatten", ["inner"], ["flat"]),
        node("Gemm", ["flat", "g"], ["scores"]),
    ]
    features = 5 * 4 * 3 if reader == "Flatten" else 5
    constants = {"w": normal(1, 5, 3, 2, 2), "g": normal(2, features, 6)}
    outputs = [port("scores", 1, 6), port("map", 1, 5, 4, 3)]
    file = write_onnx(tmp_path, nodes, [port("x", 1, 3, 5, 4)], outputs, constants)
    hold_onnx(file, normal(0, 24, 1, 3, 5, 4))


def test_several_spatial_outputs_of_a_shared_map(tmp_path):
    nodes = [
        node("Conv", ["x", "w"], ["inner"], pads=[1, 1, 1, 1]),
        node("Conv", ["inner", "v"], ["small"], strides=[2, 2]),
        node("Conv", ["inner", "u"], ["wide"]),
        node("MaxPool", ["inner"], ["pooled"], kernel_shape=[2, 2], strides=[2, 2]),
    ]
    constants = {"w": normal(1, 6, 2, 3, 3), "v": normal(2, 4, 6, 2, 2), "u": normal(3, 9, 6, 1, 1)}
    outputs = [
        port("wide", 1, 9, 6, 8),
        port("pooled", 1, 6, 3, 4),
        port("small", 1, 4, 3, 4),
        port("inner", 1, 6, 6, 8),
    ]
    file = write_onnx(tmp_path, nodes, [port("x", 1, 2, 6, 8)], outputs, constants)
    hold_onnx(file, normal(0, 24, 1, 2, 6, 8))


@pytest.mark.parametrize("kind", ["Relu", "Clip", "Sigmoid", "LeakyRelu"])
def test_before_and_behind_an_activation(tmp_path, kind):
    limits = ["low", "high"] if kind == "Clip" else []
    nodes = [node("Gemm", ["x", "w"], ["before"]), node(kind, ["before", *limits], ["behind"])]
    constants = {"w": normal(1, 7, 5), "low": np.float32(0), "high": np.float32(1.5)}
    file = write_onnx(tmp_path, nodes, [port("x", 1, 7)], [port("behind", 1, 5), port("before", 1, 5)], constants)
    hold_onnx(file, normal(0, 24, 1, 7))


@pytest.mark.parametrize("value", [11.0, -9.5, 0.0])
def test_padding_that_the_input_never_reaches(tmp_path, value):
    nodes = [node("Pad", ["x", "pads", "value"], ["y"])]
    constants = {"pads": np.array([0, 0, 2, 1, 0, 0, 0, 3]), "value": np.float32(value)}
    file = write_onnx(tmp_path, nodes, [port("x", 1, 3, 4, 4)], [port("y", 1, 3, 6, 8)], constants)
    hold_onnx(file, normal(0, 24, 1, 3, 4, 4))


@pytest.mark.parametrize(("alpha", "beta"), [(1.0, 3.0), (0.25, 1.0), (0.5, -2.0), (1.0, 0.0)])
def test_factors_of_gemm(tmp_path, alpha, beta):
    nodes = [node("Gemm", ["x", "w", "b"], ["y"], alpha=alpha, beta=beta, transB=1)]
    file = write_onnx(
        tmp_path, nodes, [port("x", 1, 6)], [port("y", 1, 4)], {"w": normal(1, 4, 6), "b": normal(2, 4) + 1}
    )
    hold_onnx(file, normal(0, 24, 1, 6))


@pytest.mark.parametrize("scale", [2.0, 3.0])
@pytest.mark.parametrize("mode", ["linear", "nearest"])
def test_upsample_keeps_the_coordinates_of_its_opset(tmp_path, mode, scale):
    nodes = [node("Upsample", ["x", "scales"], ["y"], mode=mode)]
    size = int(4 * scale)
    file = write_onnx(
        tmp_path,
        nodes,
        [port("x", 1, 3, 4, 4)],
        [port("y", 1, 3, size, size)],
        {"scales": np.float32([1, 1, scale, scale])},
        opset=9,
        ir_version=4,
    )
    hold_onnx(file, normal(0, 24, 1, 3, 4, 4))


def test_indices_that_count_from_the_end(tmp_path):
    nodes = [node("Gather", ["table", "i"], ["y"])]
    file = write_onnx(
        tmp_path, nodes, [port("i", 1, 5, dtype="int64")], [port("y", 1, 5, 3)], {"table": normal(1, 13, 3)}
    )
    hold_onnx(file, np.random.default_rng(0).integers(-13, 13, (24, 1, 5)))


@pytest.mark.parametrize("mode", ["linear", "cubic"])
@pytest.mark.parametrize("scale", [1 / 3, 2 / 3])
def test_an_antialiased_resize(tmp_path, mode, scale):
    nodes = [node("Resize", ["x", "", "scales"], ["y"], mode=mode, antialias=1)]
    size = round(9 * scale)
    scales = {"scales": np.float32([1, 1, scale, scale])}
    file = write_onnx(tmp_path, nodes, [port("x", 1, 2, 9, 9)], [port("y", 1, 2, size, size)], scales, opset=18)
    hold_onnx(file, normal(0, 24, 1, 2, 9, 9))


TWICE = """
import torch
from torch import nn

class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(3)
        self.first, self.second = nn.Linear(5, 4), nn.Linear(4, 6)

    def forward(self, x):
        y = self.first(x).tanh()
        z = self.second(y)
        return z, y, {"again": z, "given": x}, y

def build():
    return Twice().eval()
"""


def test_a_module_that_returns_a_tensor_twice(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "twice_returned.py").write_text(TWICE)
    import twice_returned

    hold_module(tmp_path, "twice_returned:build", twice_returned.build(), normal(0, 24, 1, 5))


def test_a_module_gives_its_outputs_under_numbered_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "named_outputs.py").write_text(TWICE)
    np.save(tmp_path / "x.npy", normal(0, 24, 5))
    result = chipsmith.infer("named_outputs:build", inputs=normal(1, 2, 5), calibration="x.npy", output="y.npz")
    with np.load("y.npz") as outputs:
        assert outputs.files == [f"output_{index}" for index in range(5)] == list(result.outputs)
        np.testing.assert_array_equal(outputs["output_1"], outputs["output_4"])
        np.testing.assert_array_equal(outputs["output_3"], normal(1, 2, 5))


@pytest.mark.parametrize("opset", [7, 8, 13])
def test_ir_3_lists_its_weights_among_the_inputs(tmp_path, opset):
    nodes = [node("Conv", ["x", "w", "b"], ["c"]), node("Relu", ["c"], ["y"])]
    inputs = [port("x", 1, 2, 5, 5), port("w", 4, 2, 3, 3), port("b", 4)]
    constants = {"w": normal(1, 4, 2, 3, 3), "b": normal(2, 4)}
    file = write_onnx(tmp_path, nodes, inputs, [port("y", 1, 4, 3, 3)], constants, opset=opset, ir_version=3)
    columns = [normal(0, 24, 1, 2, 5, 5)]
    calibration = save_calibration(tmp_path, columns, ["x"])
    result = chipsmith.infer(str(file), inputs=columns[0], calibration=calibration)
    wanted = run_onnx_with_weights_as_constants(file, columns)
    hold([result.outputs["y"].reshape(wanted[0].shape)], wanted)


def run_onnx_with_weights_as_constants(file, columns):
    """onnxruntime's API lists only the inputs that have no initializer."""
    from door_networks import join_calls, open_session

    session = open_session(file)
    return join_calls([session.run(None, {"x": array}) for array in columns[0]])


@pytest.mark.parametrize("scale", [1e-12, 3e-9])
def test_a_bias_of_a_channel_with_hardly_any_weights(tmp_path, scale):
    """A bias is int32 at the scale of input times weights: there a channel of tiny weights has no room for it."""
    nodes = [
        node("QuantizeLinear", ["x", "sx", "zero"], ["a"]),
        node("DequantizeLinear", ["a", "sx", "zero"], ["d"]),
        node("DequantizeLinear", ["q", "sw", "zeros"], ["w"], axis=0),
        node("Gemm", ["d", "w", "b"], ["c"], transB=1),
        node("QuantizeLinear", ["c", "sy", "zero"], ["e"]),
        node("DequantizeLinear", ["e", "sy", "zero"], ["y"]),
    ]
    codes = np.random.default_rng(1).integers(-127, 128, (4, 6)).astype(np.int8)
    codes[2] = 0
    constants = {
        "sx": np.float32(0.025),
        "sy": np.float32(0.2),
        "zero": np.int8(0),
        "zeros": np.zeros(4, np.int8),
        "sw": np.float32([0.01, 0.02, scale, 0.015]),
        "q": codes,
        "b": np.float32([0.3, -0.4, -3.0, 1.0]),
    }
    file = write_onnx(tmp_path, nodes, [port("x", 1, 6)], [port("y", 1, 4)], constants)
    inputs = normal(0, 8, 1, 6)
    outputs = chipsmith.infer(str(file), inputs=inputs).outputs["y"]
    assert np.abs(outputs[:, 0, 2] + 3.0).max() < 1e-6
    np.testing.assert_allclose(outputs.reshape(8, 4), run_onnx(file, [inputs])[0], atol=0.2001)


@pytest.mark.parametrize("shape", [(), (1,), (1, 5), (5,), (1, 1)])
def test_every_shape_of_a_bias_that_broadcasts(tmp_path, shape):
    nodes = [node("Gemm", ["x", "w", "b"], ["y"])]
    file = write_onnx(
        tmp_path, nodes, [port("x", 1, 7)], [port("y", 1, 5)], {"w": normal(1, 7, 5), "b": normal(2, *shape) + 2}
    )
    hold_onnx(file, normal(0, 24, 1, 7))


def test_weights_that_two_products_share(tmp_path):
    nodes = [
        node("MatMul", ["x", "w"], ["hidden"]),
        node("Tanh", ["hidden"], ["bent"]),
        node("Gemm", ["bent", "w"], ["y"], transB=1),
    ]
    file = write_onnx(tmp_path, nodes, [port("x", 1, 6)], [port("y", 1, 6)], {"w": normal(1, 6, 9) * 0.4})
    hold_onnx(file, normal(0, 24, 1, 6))


@pytest.mark.parametrize("behind", [True, False])
@pytest.mark.parametrize("kind", ["Clip", "Relu", "Sigmoid", "HardSwish", "Neg"])
def test_an_elementwise_operator_is_the_first(tmp_path, kind, behind):
    limits = ["low", "high"] if kind == "Clip" else []
    nodes = [node(kind, ["x", *limits], ["r" if behind else "y"])]
    nodes += [node("Gemm", ["r", "w"], ["y"])] if behind else []
    constants = {"w": normal(1, 5, 3), "low": np.float32(-0.5), "high": np.float32(0.75)}
    file = write_onnx(tmp_path, nodes, [port("x", 1, 5)], [port("y", 1, 3 if behind else 5)], constants)
    hold_onnx(file, normal(0, 24, 1, 5))


def test_half_precision(tmp_path):
    nodes = [node("Conv", ["x", "w", "b"], ["c"]), node("Relu", ["c"], ["y"])]
    constants = {"w": normal(1, 4, 2, 3, 3).astype(np.float16), "b": normal(2, 4).astype(np.float16)}
    ports = [port("x", 1, 2, 6, 6, dtype="float16")], [port("y", 1, 4, 4, 4, dtype="float16")]
    file = write_onnx(tmp_path, nodes, *ports, constants)
    hold_onnx(file, normal(0, 24, 1, 2, 6, 6).astype(np.float16))


@pytest.mark.parametrize("weights", [(7, 4), (2, 7, 4)])
def test_a_product_whose_left_side_is_constant(tmp_path, weights):
    nodes = [node("MatMul", ["w", "x"], ["y"])]
    shape = (*(weights[:-2] or (1,)), 4, 3)
    file = write_onnx(tmp_path, nodes, [port("x", *shape)], [port("y", *shape[:-2], 7, 3)], {"w": normal(1, *weights)})
    hold_onnx(file, normal(0, 24, *shape))


@pytest.mark.parametrize("name", ["file", "a/b:0", "Größe", "Gemm", "x y"])
def test_outputs_of_any_name(tmp_path, name):
    nodes = [node("Gemm", ["args", "w"], [name])]
    file = write_onnx(tmp_path, nodes, [port("args", 1, 6)], [port(name, 1, 4)], {"w": normal(1, 6, 4)})
    columns = [normal(0, 24, 1, 6)]
    calibration = save_calibration(tmp_path, columns, ["args"])
    chipsmith.infer(str(file), inputs=columns[0], calibration=calibration, output=tmp_path / "y.npz")
    with np.load(tmp_path / "y.npz") as outputs:
        assert outputs.files == [name]
        hold([outputs[name].reshape(24, 4)], run_onnx(file, columns))


def test_an_input_handed_on_as_an_output(tmp_path):
    nodes = [node("Gemm", ["x", "w"], ["y"])]
    outputs = [port("x", 1, 6), port("y", 1, 4), port("k", 1, 3, dtype="int64")]
    inputs = [port("x", 1, 6), port("k", 1, 3, dtype="int64")]
    file = write_onnx(tmp_path, nodes, inputs, outputs, {"w": normal(1, 6, 4)})
    hold_onnx(file, normal(0, 24, 1, 6), np.random.default_rng(1).integers(-9, 9, (24, 1, 3)))


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_an_open_first_axis_that_is_time(tmp_path, kind):
    """A calibration of one sequence of 12 steps fixes a network of 12 steps: never 12 sequences of a single step."""
    gates = {"LSTM": 4, "GRU": 3}[kind]
    nodes = [node(kind, ["x", "w", "r"], ["", "y"], hidden_size=5)]
    constants = {"w": normal(1, 1, 5 * gates, 3) * 0.5, "r": normal(2, 1, 5 * gates, 5) * 0.5}
    file = write_onnx(tmp_path, nodes, [port("x", "steps", 1, 3)], [port("y", 1, 1, 5)], constants)
    sequence = normal(0, 12, 1, 3)
    np.save(tmp_path / "x.npy", sequence)
    outputs = chipsmith.infer(str(file), inputs=sequence, calibration=tmp_path / "x.npy").outputs
    hold([outputs["y"].reshape(1, 1, 5)], run_onnx(file, [sequence[None]]))


@pytest.mark.parametrize("shape", [(1, 6), (2, 3, 6)])
def test_a_product_to_which_its_own_input_is_added(tmp_path, shape):
    nodes = [node("MatMul", ["x", "w"], ["t"]), node("Add", ["t", "x"], ["y"])]
    file = write_onnx(tmp_path, nodes, [port("x", *shape)], [port("y", *shape)], {"w": normal(1, 6, 6)})
    hold_onnx(file, normal(0, 24, *shape))


def test_compile_says_how_near_the_chip_is_to_the_file(tmp_path):
    """`check` of `compile --json`: every output by the author's name, and a verdict."""
    nodes = [node("Gemm", ["x", "w"], ["q"]), node("Relu", ["q"], ["y"])]
    file = write_onnx(tmp_path, nodes, [port("x", 1, 6)], [port("y", 1, 4), port("q", 1, 4)], {"w": normal(1, 6, 4)})
    calibration = save_calibration(tmp_path, [normal(0, 24, 1, 6)], ["x"])
    check = json.loads(json.dumps(chipsmith.compile(str(file), calibration=calibration).check.to_json()))
    assert [output["name"] for output in check["outputs"]] == ["y", "q"]
    assert min(output["sqnr_db"] for output in check["outputs"]) >= 25
    assert check["verdict"] == "right"
