"""Layer by layer: figures computed by hand, networks whose layers all are there, and one line for bad input."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import chipsmith
from chipsmith import cli
from chipsmith.console.programs import present_diff
from chipsmith.errors import BadInput
from chipsmith.witness.diff.layer import LayerValues, from_float, from_witness

DIGITS = str(Path(__file__).parents[2] / "networks" / "digits_cnn.tosa")
MODULE = """
import torch

def build():
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3), torch.nn.ReLU(), torch.nn.MaxPool2d(2), torch.nn.Flatten(), torch.nn.Linear(72, 10)
    )

def attend():
    torch.manual_seed(0)
    return torch.nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A current directory with my_layers.py, small.onnx, its QDQ form and images.npy."""
    (tmp_path / "my_layers.py").write_text(MODULE)
    np.save(tmp_path / "images.npy", np.random.default_rng(0).normal(size=(32, 3, 8, 8)).astype(np.float32))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHIPSMITH_CACHE", str(tmp_path / "cache"))
    onnx.save(small(), tmp_path / "small.onnx")
    quantise("small.onnx", "quantised.onnx", np.load("images.npy"))
    yield tmp_path
    sys.modules.pop("my_layers", None)


def quantise(source, target, images):
    """A QDQ file as onnxruntime writes it."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.rows = iter(images)

        def get_next(self):
            row = next(self.rows, None)
            return None if row is None else {"x": row[None]}

    quantize_static(
        source,
        target,
        Reader(),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QInt8,
        weight_type=QuantType.QInt8,
    )


def small():
    random = np.random.default_rng(0)
    weights = {"w": (8, 3, 3, 3), "v": (72, 10)}
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "w"], ["c"], name="conv"),
            helper.make_node("Relu", ["c"], ["r"], name="relu"),
            helper.make_node("MaxPool", ["r"], ["p"], name="pool", kernel_shape=[2, 2], strides=[2, 2]),
            helper.make_node("Flatten", ["p"], ["f"], name="flatten"),
            helper.make_node("Gemm", ["f", "v"], ["y"], name="dense"),
        ],
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 10])],
        [numpy_helper.from_array(random.normal(size=s).astype(np.float32) * 0.3, n) for n, s in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def values(**changes):
    """Four elements with a scale of 0.5 and a zero point of 1."""
    fields = {
        "scale": 0.5,
        "zero_point": 1,
        "real": np.array([[0.0, 1.0, 2.1, -0.5]]),
        "witness": np.array([[1, 3, 5, 0]]),
        "npu": np.array([[1, 3, 6, 0]]),
    }
    return LayerValues(name="layer", operator="Conv", **{**fields, **changes})


def test_error_of_int8_is_in_steps_of_the_scale():
    error = from_float(values())
    assert error.largest == pytest.approx(0.2)
    assert error.differing == 0
    assert error.snr_db == pytest.approx(10 * np.log10((1 + 2.1**2 + 0.25) / 0.1**2))


def test_rounding_to_another_integer_differs():
    assert from_float(values(witness=np.array([[1, 3, 6, 0]]))).differing == 0.25


def test_differences_are_shares_of_the_layers_range_too():
    """The same values in 8 and in 32 bits: steps are 2^24 times as many, the share of the range is the same."""
    fine = values(scale=0.5 / 2**24, zero_point=0, bits=32, witness=np.array([[0, 1, 2, 0]]) * 2**25)
    coarse = values(zero_point=0, witness=np.array([[0, 2, 4, 0]]))
    assert from_float(coarse).of_range == pytest.approx(0.5 / 2.6)
    assert from_float(fine).of_range == pytest.approx(0.5 / 2.6)
    assert from_float(fine).largest == pytest.approx(2**24 * from_float(coarse).largest)
    assert from_witness(values()).of_range == pytest.approx(0.5 / 2.6)
    assert from_float(values(real=np.full((1, 4), 1.0))).of_range is None


def test_npu_against_the_witness():
    error = from_witness(values())
    assert (error.largest, error.differing) == (1, 0.25)
    exact = from_witness(values(npu=np.array([[1, 3, 5, 0]])))
    assert (exact.snr_db, exact.largest, exact.differing) == (None, 0, 0)
    assert from_witness(values(npu=None)) is None


@pytest.mark.parametrize(("model", "first"), [("small.onnx", ("conv", "Conv")), ("quantised.onnx", ("conv", "Conv"))])
def test_layers_of_an_onnx_network(model, first, folder):
    """A Relu is done in the kernel of its convolution: that gives the layer its name, wherever its range is chosen."""
    diff = chipsmith.diff(model, calibration="images.npy")
    assert [(layer.name, layer.operator) for layer in diff.layers] == [
        first,
        ("pool", "MaxPool"),
        ("flatten", "Flatten"),
        ("dense", "Gemm"),
    ]
    assert diff.inputs == 16
    assert all(layer.int8.snr_db > 30 for layer in diff.layers)
    assert_as_the_witness(diff)


def assert_as_the_witness(diff):
    """The chip is within a step, or, where a result stays in 32 bits, far below what int8 changes."""
    for layer in diff.layers:
        assert layer.npu.largest <= 1 or layer.npu.snr_db > layer.int8.snr_db + 20


def test_quantised_network_is_compared_over_random_inputs_too(folder):
    diff = chipsmith.diff("quantised.onnx")
    assert diff.inputs == 16
    assert_as_the_witness(diff)


def test_layers_of_a_pytorch_network(folder):
    diff = chipsmith.diff("my_layers:build", calibration="images.npy")
    assert [(layer.name, layer.operator) for layer in diff.layers] == [
        ("0", "conv2d"),
        ("2", "max_pool2d"),
        ("4", "linear"),
    ]
    assert all(layer.int8.snr_db > 25 for layer in diff.layers)
    assert_as_the_witness(diff)


def test_layers_of_a_file_in_integers(shared_data):
    """LiteRT's own tensors: of the keyword network each is the chip's to the bit."""
    diff = chipsmith.diff(str(shared_data / "mlperf_tiny" / "kws_dscnn_int8.tflite"))
    assert len(diff.layers) > 10
    assert diff.witness.startswith("LiteRT ")
    assert {layer.npu.largest for layer in diff.layers} == {0}


@pytest.mark.slow
def test_parts_that_the_quantiser_takes_anew_from_attention_are_no_layers(folder):
    """Some bear the name of a node of the float network that computes something else."""
    np.save("series.npy", np.random.default_rng(0).normal(size=(16, 5, 8)).astype(np.float32))
    diff = chipsmith.diff("my_layers:attend", calibration="series.npy")
    assert {layer.name for layer in diff.layers} >= {"self_attn.linear", "linear2"}
    assert all(layer.int8.snr_db > 15 for layer in diff.layers)


def test_layers_of_an_onnx_network_have_the_names_of_the_placement_table(folder):
    diff = chipsmith.diff("small.onnx", calibration="images.npy")
    placements = chipsmith.compile("small.onnx", calibration="images.npy").operators
    assert {layer.name for layer in diff.layers} <= {row.source for row in placements}


def test_command_prints_a_table_or_one_object(folder, capsys):
    assert run("diff", "quantised.onnx", "--json") == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["network"], len(printed["layers"])) == ("quantised", 4)
    assert set(printed["layers"][0]) == {"name", "operator", "scale", "int8", "npu", "kernel", "bits", "exact"}
    assert printed["layers"][0]["kernel"].endswith(" (k0)")
    assert run("diff", "quantised.onnx") == 0
    assert "dense" in capsys.readouterr().out


def test_the_table_says_that_the_chip_is_exact_and_what_a_step_is(folder, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert run("diff", "small.onnx", "--calibration", "images.npy") == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "edge-256 is exact: in all 4 layers its bits are the integer network's" in printed
    assert "a step of 8 bits is 0.39 %" in printed
    assert re.search(r" dense k\d 32 ", printed)


def test_a_layer_with_other_bits_is_named(folder, capsys):
    diff = chipsmith.diff("quantised.onnx")
    first, *others = diff.layers
    broken = replace(diff, layers=(replace(first, exact=False), *others))
    assert "1 differ on edge-256" in repr(broken)
    present_diff(broken).print_text()
    assert f"edge-256 is not exact: in {first.name} its bits are not" in " ".join(capsys.readouterr().out.split())


def run(*arguments):
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    return ended.value.code or 0


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (DIGITS, "holds no network to compare with"),
        ("small.onnx", "small.onnx is a float network and needs --calibration"),
        ("missing.onnx", "cannot read missing.onnx"),
        ("my_layers:build", "my_layers:build is a float network and needs --calibration"),
        ("nonsense", "'nonsense' names no network"),
    ],
)
def test_bad_input_is_one_line(model, message, folder):
    with pytest.raises(BadInput, match=message):
        chipsmith.diff(model)
