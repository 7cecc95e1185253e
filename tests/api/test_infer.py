"""chipsmith infer: the author's inputs in, the author's outputs out, in names, shapes, types of the source."""

from __future__ import annotations

import json
import sys

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

import chipsmith
from chipsmith import cli

RANDOM = np.random.default_rng(0)
MODULE = """
import torch

class Twice(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = torch.nn.Linear(4, 3)

    def forward(self, x):
        y = torch.relu(self.dense(x))
        return y, {"sum": y + 1, "again": y}

def build():
    torch.manual_seed(0)
    return Twice().eval()
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHIPSMITH_CACHE", str(tmp_path / "cache"))
    return tmp_path


def value_info(name, shape, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def save_network():
    """Two images outputs in NCHW, one of them named `file`, and a row of scores."""
    weights = {"w": RANDOM.normal(size=(3, 2, 3, 3)), "g": RANDOM.normal(size=(12, 4))}
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x/in:0", "w"], ["file"]),
            helper.make_node("Relu", ["file"], ["größe"]),
            helper.make_node("Flatten", ["file"], ["row"]),
            helper.make_node("Gemm", ["row", "g"], ["a/b"]),
        ],
        "g",
        [value_info("x/in:0", [1, 2, 4, 4])],
        [value_info("größe", [1, 3, 2, 2]), value_info("a/b", [1, 4]), value_info("file", [1, 3, 2, 2])],
        [numpy_helper.from_array(values.astype(np.float32), name) for name, values in weights.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), "net.onnx")
    np.save("x.npy", RANDOM.normal(size=(32, 2, 4, 4)).astype(np.float32))


def by_onnxruntime(values):
    session = onnxruntime.InferenceSession("net.onnx", providers=["CPUExecutionProvider"])
    names = [port.name for port in session.get_outputs()]
    rows = [session.run(names, {"x/in:0": row[None]}) for row in values]
    return {name: np.concatenate(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}


def decibels(expected, output):
    return 10 * np.log10((expected**2).sum() / ((expected - output) ** 2).sum())


@pytest.mark.parametrize("target", ["npu", "source", "int8", "reference"])
def test_outputs_have_the_sources_names_order_layout_and_type(target, capsys):
    save_network()
    arguments = ["infer", "net.onnx", "--calibration", "x.npy", "--input", "x.npy", "--output", "out.npz"]
    with pytest.raises(SystemExit) as left:
        cli.main([*arguments, "--target", target, "--json"])
    assert left.value.code == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["target"], shown["inferences"]) == (target, 32)
    expected = by_onnxruntime(np.load("x.npy"))
    outputs = np.load("out.npz")
    assert outputs.files == list(expected) == [entry["name"] for entry in shown["outputs"]]
    for name, values in expected.items():
        assert (outputs[name].shape, outputs[name].dtype) == (values.shape, values.dtype)
        assert decibels(values, outputs[name]) > 30 or target == "source"
        assert target != "source" or np.allclose(values, outputs[name], atol=1e-5)


def test_a_leading_axis_counts_inferences_and_may_be_left_out():
    save_network()
    images = np.load("x.npy")
    joined = chipsmith.infer("net.onnx", calibration="x.npy", inputs=images).outputs
    stacked = chipsmith.infer("net.onnx", calibration="x.npy", inputs={"x/in:0": images[:, None]}).outputs
    single = chipsmith.infer("net.onnx", calibration="x.npy", inputs=images[3]).outputs
    for name, values in joined.items():
        np.testing.assert_array_equal(stacked[name], values[:, None])
        np.testing.assert_array_equal(single[name], values[3:4])


@pytest.mark.parametrize(("target", "told"), [("npu", True), ("reference", True), ("source", False)])
def test_values_beyond_what_the_integers_stand_for_are_counted(target, told, capsys):
    save_network()
    images = np.load("x.npy")[:1]
    images[0, 0, 0, :3] = [100, -100, np.inf]
    result = chipsmith.infer("net.onnx", calibration="x.npy", inputs=images, target=target)
    sentences = ("input x/in:0: 3 of 32 values are beyond its range and are cut off",)
    assert result.clipped_inputs == (sentences if told else ())
    assert result.to_json()["clipped_inputs"] == list(result.clipped_inputs)
    assert chipsmith.infer("net.onnx", calibration="x.npy", inputs=np.full_like(images, 0.5)).clipped_inputs == ()


def test_a_tensor_that_a_module_returns_twice_is_there_twice(folder, monkeypatch):
    import torch

    (folder / "twice.py").write_text(MODULE)
    np.save("x.npy", RANDOM.normal(size=(16, 4)).astype(np.float32))
    monkeypatch.syspath_prepend(str(folder))
    outputs = chipsmith.infer("twice:build", calibration="x.npy", inputs="x.npy", output="out.npz").outputs
    (first, others) = sys.modules.pop("twice").build()(torch.from_numpy(np.load("x.npy")))
    assert list(outputs) == list(np.load("out.npz").files) == ["output_0", "output_1", "output_2"]
    for name, values in zip(outputs, (first, others["sum"], others["again"]), strict=True):
        assert decibels(values.detach().numpy(), outputs[name]) > 30


def test_an_answer_that_is_far_off_is_an_answer(capsys):
    """Ranges that were chosen on far smaller inputs clip everything: infer says nothing, compile does."""
    save_network()
    images = np.load("x.npy")
    np.save("small.npy", images / 100)
    arguments = ["net.onnx", "--calibration", "small.npy"]
    with pytest.raises(SystemExit) as left:
        cli.main(["infer", *arguments, "--input", "x.npy", "--output", "out.npz"])
    assert left.value.code == 0
    assert decibels(by_onnxruntime(images)["file"], np.load("out.npz")["file"]) < 5


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--output", "out.txt"], "must end in .npy"),
        (["--output", "out.npy"], "there are 3 outputs"),
        (["--output", "nowhere/out.npz"], "no folder nowhere"),
        (["--target", "cloud"], "there is no target 'cloud'"),
    ],
)
def test_bad_input_is_one_line(words, told, capsys):
    save_network()
    with pytest.raises(SystemExit) as left:
        cli.main(["infer", "net.onnx", "--calibration", "x.npy", "--input", "x.npy", *words])
    error = capsys.readouterr().err
    assert (left.value.code, error.count("\n")) == (2, 1)
    assert told in error


def test_single_inferences_are_timed_on_this_computer(capsys):
    save_network()
    arguments = ["infer", "net.onnx", "--calibration", "x.npy", "--input", "x.npy", "--output", "o.npz", "--json"]
    with pytest.raises(SystemExit) as done:
        cli.main([*arguments, "--target", "cpu", "--precision", "float32", "--threads", "1", "--time", "20"])
    assert done.value.code in (0, None)
    answer, values = json.loads(capsys.readouterr().out), np.load("x.npy")
    latency = answer["latency"]
    assert (latency["inferences"], latency["kind"]) == (20, "measured")
    assert 0 < latency["p50_us"] <= latency["p99_us"]
    assert "float32, 1 thread" in latency["obtained"]
    with np.load("o.npz") as outputs:
        for name, expected in by_onnxruntime(values).items():
            assert np.abs(outputs[name] - expected).max() <= 1e-5 * np.abs(expected).max()


def test_without_being_asked_no_inference_is_timed():
    save_network()
    result = chipsmith.infer("net.onnx", inputs="x.npy", calibration="x.npy", target="cpu", threads=1)
    assert result.latency is None
    assert result.to_json()["latency"] is None


def test_what_no_clock_times_is_refused(capsys):
    save_network()
    with pytest.raises(SystemExit) as done:
        cli.main(["infer", "net.onnx", "--calibration", "x.npy", "--input", "x.npy", "--time", "5"])
    assert done.value.code == 2
    assert "target npu is not timed by this computer's clock: cpu, torch, cuda and c are" in capsys.readouterr().err


def save_look_up():
    """Rows of a table of 5, by tokens that ONNX counts from the end where they are negative."""
    table = numpy_helper.from_array(RANDOM.normal(size=(5, 3)).astype(np.float32), "table")
    node = helper.make_node("Gather", ["table", "tokens"], ["rows"])
    ports = [value_info("tokens", [1, 4], TensorProto.INT64)], [value_info("rows", [1, 4, 3])]
    graph = helper.make_graph([node], "g", *ports, [table])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), "rows.onnx")
    return np.array([[0, 4, -1, -5]], np.int64)


def test_indices_that_exist_are_not_told_though_they_count_from_the_end():
    tokens = save_look_up()
    result = chipsmith.infer("rows.onnx", calibration=tokens, inputs=tokens)
    (expected,) = onnxruntime.InferenceSession("rows.onnx").run(None, {"tokens": tokens})
    np.testing.assert_allclose(result.outputs["rows"], expected, atol=0.02)
    assert result.stray_indices == ()


def test_an_index_that_does_not_exist_reads_zeros_and_is_told(capsys):
    tokens = save_look_up()
    np.save("tokens.npy", np.array([[0, 5, -6, 1]], np.int64))
    np.save("calibration.npy", tokens)
    with pytest.raises(SystemExit) as done:
        cli.main(["infer", "rows.onnx", "--calibration", "calibration.npy", "--input", "tokens.npy", "--json"])
    assert done.value.code in (0, None)
    (told,) = json.loads(capsys.readouterr().out)["stray_indices"]
    assert told.endswith("index 5 is outside of the rows 0 to 4 and gives the integer 0")


def test_a_simulation_tells_them_too():
    tokens = save_look_up()
    program = chipsmith.compile("rows.onnx", calibration=tokens).program
    (port,) = program.manifest.inputs
    assert port.index_range == (-5, 4)
    stray = {port.name: np.array([[0, 1, 2, 5]], np.int32)}
    assert chipsmith.simulate(program, inputs=stray).stray_indices == (
        f"input {port.name}: index 5 is outside of -5 to 4 and reads zeros",
    )
    assert chipsmith.simulate(program, inputs={port.name: tokens.astype(np.int32)}).stray_indices == ()
