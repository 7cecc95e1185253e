"""The check of compile and estimate: the author's file beside the program, a line, a verdict, an exit code."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import chipsmith
from chipsmith import cli
from chipsmith.frontends import quantise

RANDOM = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def network(tmp_path, monkeypatch):
    """A folder with net.onnx of two outputs and x.npy."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHIPSMITH_CACHE", str(tmp_path / "cache"))
    weights = numpy_helper.from_array(RANDOM.normal(size=(6, 4)).astype(np.float32), "w")
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "w"], ["scores"], name="dense"),
            helper.make_node("Relu", ["scores"], ["positive"], name="relu"),
        ],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 6])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 4]) for name in ("scores", "positive")],
        [weights],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), "net.onnx")
    np.save("x.npy", RANDOM.normal(size=(64, 6)).astype(np.float32))


def run(*words, code=0):
    with pytest.raises(SystemExit) as left:
        cli.main(list(words))
    assert left.value.code == code


def test_the_check_is_a_line_and_an_object(capsys):
    run("compile", "net.onnx", "--calibration", "x.npy", "--json")
    check = json.loads(capsys.readouterr().out)["check"]
    assert (check["verdict"], check["inputs"], check["inputs_kind"]) == ("right", 16, "calibration")
    assert check["source"].startswith("onnxruntime ")
    assert check["source"].endswith(" on net.onnx")
    assert [output["name"] for output in check["outputs"]] == ["scores", "positive"]
    assert all(output["sqnr_db"] > 30 and output["top1_agreement"] > 0.9 for output in check["outputs"])
    run("compile", "net.onnx", "--calibration", "x.npy")
    assert f"against {check['source']}, 16 inputs (calibration): right" in " ".join(capsys.readouterr().out.split())


def test_an_output_under_the_floor_fails_and_the_program_is_written(capsys, tmp_path):
    run("compile", "net.onnx", "--calibration", "x.npy", "--floor", "99", "-o", "net.program", code=1)
    shown = capsys.readouterr()
    assert (tmp_path / "net.program").is_file()
    assert ": wrong; the first layer off is " in " ".join(shown.out.split())
    assert "the program does not give what onnxruntime" in shown.err
    run("estimate", "net.onnx", "--calibration", "x.npy", "--floor", "99", code=1)


def test_no_check_leaves_it_out(capsys):
    run("compile", "net.onnx", "--calibration", "x.npy", "--floor", "99", "--no-check", "--json")
    assert json.loads(capsys.readouterr().out)["check"] is None


def test_a_network_that_was_changed_on_its_way_is_wrong(monkeypatch):
    """Whatever a front end does to a network, the check begins before it: here folding halves the weights."""

    def halve(network, *, planned):
        folded = fold(network, planned=planned)
        constants = {
            name: (data / 2).astype(np.float32) if data.size == 24 else data
            for name, data in folded.graph.constants.items()
        }
        return dataclasses.replace(folded, graph=dataclasses.replace(folded.graph, constants=constants))

    fold = quantise.fold_products
    assert chipsmith.compile("net.onnx", calibration="x.npy").check.right
    monkeypatch.setattr(quantise, "fold_products", halve)
    check = chipsmith.compile("net.onnx", calibration="x.npy").check
    assert not check.right
    assert [output.sqnr_db for output in check.outputs] == [pytest.approx(6, abs=0.5)] * 2
    assert (check.first_layer_off.name, check.first_layer_off.operator) == ("dense", "MatMul")


def test_estimate_checks_once_for_all_chips():
    first, second = chipsmith.estimate("net.onnx", chips=("nano-64", "edge-256"), calibration="x.npy")
    assert first.check is second.check
    assert first.check.right


def test_random_calibration_says_so(capsys):
    run("compile", "net.onnx", "--random-calibration", "--json")
    assert "RANDOM" in json.loads(capsys.readouterr().out)["check"]["verdict"]
    run("compile", "net.onnx", "--random-calibration", "--calibration", "x.npy", code=2)
    assert "exclude each other" in capsys.readouterr().err


def test_a_tosa_file_has_no_other_source():
    digits = Path(__file__).parents[1] / "networks" / "digits_cnn.tosa"
    result = chipsmith.compile(str(digits))
    assert result.check is None
    assert result.to_json()["check"] is None
