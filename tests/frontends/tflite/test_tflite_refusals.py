"""Operators without a form are refused by the file's own words, in one line that names the first of them."""

from __future__ import annotations

import numpy as np
import pytest
from tflite_files import FileWriter, Scaled

from chipsmith.errors import BadInput, OperatorRefused
from chipsmith.frontends.tflite.network import load_tflite

SCALED = Scaled(0.03, 1)


def refusal_of(write: FileWriter, path, x: int, y: int) -> str:
    with pytest.raises(OperatorRefused) as refusal:
        load_tflite(write.write(path / "network.tflite", [x], [y]))
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


def test_the_first_operator_that_does_not_convert_is_named(tmp_path):
    write = FileWriter()
    x = write.tensor((1, 8), "int8", SCALED)
    wires = [x]
    for kind in ("RELU", "LOGISTIC", "L2_NORMALIZATION", "TANH", "L2_NORMALIZATION"):
        result = write.tensor((1, 8), "int8", Scaled(1 / 128, 0), name=f"after {kind}")
        options = "L2NormOptions" if kind == "L2_NORMALIZATION" else None
        wires.append(write.operator(kind, [wires[-1]], [result], options))
    message = refusal_of(write, tmp_path, x, wires[-1])
    assert "operator 2, L2_NORMALIZATION of tensor 'after L2_NORMALIZATION', is refused" in message
    assert "TOSA has no form of it for int8[1, 8]" in message


def test_custom_operator_is_named(tmp_path):
    write = FileWriter()
    x = write.tensor((1, 8), "int8", SCALED)
    y = write.operator("MyOwnDetection", [x], [write.tensor((1, 8), "int8", SCALED, name="boxes")])
    assert "operator 0, MyOwnDetection of tensor 'boxes', is refused: it is a custom" in refusal_of(
        write, tmp_path, x, y
    )


def test_type_that_no_graph_has_is_named(tmp_path):
    write = FileWriter()
    x, wide = write.tensor((1, 8), "int32"), write.tensor((1, 8), "int64", name="wide")
    write.operator("CAST", [x], [wide], "CastOptions", {"inDataType": 2, "outDataType": 4})
    y = write.operator("ABS", [wide], [write.tensor((1, 8), "int64")])
    assert "operator 0, CAST of tensor 'wide', is refused: 'wide' is int64[1, 8]" in refusal_of(write, tmp_path, x, y)


def test_what_the_machine_does_not_hold_is_named_by_the_files_tensor(tmp_path):
    write = FileWriter()
    x = write.tensor((1, 8, 8, 2), "int16", Scaled(0.001, 0))
    weights = write.constant(np.ones((3, 1, 1, 2)), "int8", Scaled([0.01] * 3, [0] * 3))
    bias = write.constant(np.zeros(3), "int64", Scaled([0.00001] * 3, [0] * 3))
    y = write.tensor((1, 8, 8, 3), "int16", Scaled(0.01, 0), name="features")
    write.operator("CONV_2D", [x, weights, bias], [y], "Conv2DOptions", {"strideH": 1, "strideW": 1})
    assert "tensor 'features' is computed by CONV2D" in refusal_of(write, tmp_path, x, y)


def test_tensor_that_nothing_makes_is_named(tmp_path):
    write = FileWriter()
    x, lost = write.tensor((1, 8), "int8", SCALED), write.tensor((1, 8), "int8", SCALED, name="lost")
    y = write.operator("ADD", [x, lost], [write.tensor((1, 8), "int8", SCALED)], "AddOptions")
    with pytest.raises(BadInput, match=r"network\.tflite: tensor 'lost' is read, and nothing makes it"):
        load_tflite(write.write(tmp_path / "network.tflite", [x], [y]))


def test_operator_without_a_result_is_named_by_its_number(tmp_path):
    """A custom operator without a result has no tensor to be named by."""
    write = FileWriter()
    x = write.tensor((1, 8), "int8", SCALED)
    write.operator("Print", [x], [])
    y = write.operator("RELU", [x], [write.tensor((1, 8), "int8", SCALED)])
    assert "operator 0, Print, is refused: it is a custom operator" in refusal_of(write, tmp_path, x, y)
