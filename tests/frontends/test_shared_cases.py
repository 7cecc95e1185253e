"""The small inputs of the shared folder `cases`, each beside its unchanged source: the file that its `make.py` writes.

The folder is $CHIPSMITH_CASES, or ../shared/cases beside the repository. Their kinds are in test_cases.py, in networks
of its own.
"""

from __future__ import annotations

import os
import runpy
from pathlib import Path

import numpy as np
import pytest
from door_networks import hold, hold_module, hold_onnx, open_session, run_onnx

import chipsmith

FOLDER = Path(os.environ.get("CHIPSMITH_CASES", Path(__file__).parents[3] / "shared" / "cases"))
pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"no cases in {FOLDER}; set CHIPSMITH_CASES to the folder that holds them"
)
FLOAT_ONNX = (
    "01-output-also-flattened",
    "02-two-spatial-outputs",
    "03-before-and-after-relu",
    "04-pad-constant-out-of-range",
    "05-gemm-beta",
    "06-upsample-9-linear",
    "07-gather-negative-at-run-time",
    "08-resize-antialias",
    "13-gemm-bias-1xN",
    "14-tied-weights",
    "15-clip-first",
    "17-matmul-left-constant",
    "18-output-named-file",
    "19-passthrough-output",
    "27-relu-first",
    "28-gemm-computed-bias",
)
EXACT_TFLITE = ("11-tflite-scalar-constant", "21-tflite-resize-nearest", "22-tflite-resize-align-corners")


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Writes a case's files in a folder of its own, which is the current one, and says where."""

    def write(case, script="make.py"):
        monkeypatch.chdir(tmp_path)
        runpy.run_path(str(FOLDER / case / script), run_name="__main__")
        return tmp_path

    return write


def test_every_case_of_the_folder_has_a_test():
    named = {*FLOAT_ONNX, *EXACT_TFLITE, *OTHERS}
    assert {entry.name for entry in FOLDER.iterdir() if entry.is_dir()} == named


@pytest.mark.parametrize("case", FLOAT_ONNX)
def test_a_float_network_is_near_onnxruntime(make, case):
    folder = make(case)
    hold_onnx(folder / "model.onnx", read_inputs(folder))


def read_inputs(folder):
    """The case's inputs as (n, 1, ...), in the type of the network's input."""
    source = open_session(folder / "model.onnx").get_inputs()[0]
    kind = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(int64)": np.int64}[source.type]
    return np.load(folder / "x.npy").astype(kind)[:, None]


def test_09_a_module_returns_a_tensor_twice(make, monkeypatch):
    folder = make("09-torch-same-tensor-twice", "net.py")
    monkeypatch.syspath_prepend(FOLDER / "09-torch-same-tensor-twice")
    import net

    hold_module(folder, "net:build", net.build().eval(), np.load(folder / "x.npy")[:, None])


def test_10_ir_3(make):
    folder = make("10-ir-3")
    inputs = np.load(folder / "x.npy")
    outputs = chipsmith.infer("model.onnx", inputs=inputs, calibration="x.npy").outputs
    session = open_session(folder / "model.onnx")
    hold([outputs["y"]], [np.concatenate([session.run(None, {"x": array[None]})[0] for array in inputs])])


def test_12_a_bias_of_a_channel_with_tiny_weights(make):
    folder = make("12-qdq-tiny-weight-scale")
    inputs = np.load(folder / "x.npy")
    outputs = chipsmith.infer("model.onnx", inputs=inputs).outputs["y"]
    (wanted,) = run_onnx(folder / "model.onnx", [inputs[:, None]])
    assert np.abs(outputs - wanted).max() < 0.1501  # a step
    np.testing.assert_allclose(outputs[:, 1], wanted[:, 1], atol=1e-6)


def test_16_half_precision(make):
    folder = make("16-fp16")
    hold_onnx(folder / "model.onnx", read_inputs(folder))


def test_20_an_open_first_axis_is_time(make):
    folder = make("20-open-first-axis-is-time")
    sequence = np.load(folder / "x.npy")
    outputs = chipsmith.infer("model.onnx", inputs=sequence, calibration="x.npy").outputs
    hold([outputs["y"].reshape(1, 1, 3)], run_onnx(folder / "model.onnx", [sequence[None]]))


@pytest.mark.parametrize("case", EXACT_TFLITE)
def test_an_integer_file_is_exact(case):
    np.testing.assert_array_equal(infer_tflite(case), expected(case))


def infer_tflite(case):
    """The only output of a case's `.tflite` file for its input, in the shape of what is expected."""
    folder = FOLDER / case
    (outputs,) = chipsmith.infer(str(folder / "model.tflite"), inputs=folder / "input.npy").outputs.values()
    return outputs.reshape(expected(case).shape)


def expected(case):
    return np.load(FOLDER / case / "expected.npy")


def test_23_float_borders_are_within_a_step():
    case = "23-tflite-float-border"
    wanted = expected(case)
    step = np.min(np.diff(np.unique(wanted)))
    assert wanted.dtype == np.float32
    assert np.abs(infer_tflite(case) - wanted).max() < step * 1.01


def test_24_uint8_borders_are_exact():
    case = "24-tflite-uint8-border"
    assert infer_tflite(case).dtype == expected(case).dtype == np.uint8
    np.testing.assert_array_equal(infer_tflite(case), expected(case))


def test_25_a_bilinear_resize_is_exact():
    case = "25-tflite-resize-bilinear"
    np.testing.assert_array_equal(infer_tflite(case), expected(case))


def test_26_a_state_goes_on_from_step_to_step():
    case = "26-tflite-state"
    np.testing.assert_array_equal(infer_tflite(case), expected(case))


OTHERS = (
    "09-torch-same-tensor-twice",
    "10-ir-3",
    "12-qdq-tiny-weight-scale",
    "16-fp16",
    "20-open-first-axis-is-time",
    "23-tflite-float-border",
    "24-tflite-uint8-border",
    "25-tflite-resize-bilinear",
    "26-tflite-state",
)
"""Those with a test of their own, above."""
