"""Which targets work here: with tools and packages, without tools, without packages."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from chipsmith import cli
from chipsmith.runtimes import runtime as runtimes
from chipsmith.targets import target_names
from chipsmith.targets.check import check_targets


def by_name():
    return {check.name: check for check in check_targets()}


def test_every_target_is_there_by_its_name():
    checks = by_name()
    assert set(target_names()) <= set(checks)
    assert {"cpu --runtime openvino", "cpu --runtime litert"} <= set(checks)
    assert checks["npu"].available
    assert checks["reference"].mend == ""


def test_without_tools_those_that_need_some_say_which(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.delenv("CC", raising=False)
    checks = by_name()
    assert not checks["rtl"].available
    assert "g++ or clang++" in checks["rtl"].missing
    assert "apt install g++" in checks["rtl"].mend
    assert not checks["c"].available
    assert checks["c"].missing == ("gcc or clang",)
    assert checks["npu"].available


def test_without_packages_those_that_need_some_say_which(monkeypatch):
    monkeypatch.setattr(runtimes, "find_spec", lambda _: None)
    checks = by_name()
    assert checks["cpu"].missing == ("onnxruntime",)
    assert checks["cpu"].mend == "pip install 'chipsmith[onnx]'"
    assert checks["cpu --runtime litert"].mend == "pip install 'chipsmith[tflite]'"


def test_the_command_prints_them(capsys):
    cli_exit(["doctor", "--json"])
    targets = json.loads(capsys.readouterr().out)["targets"]
    assert {"name", "available", "missing", "mend"} == set(targets[0])
    assert {"cpu", "torch", "cuda", "c", "rtl", "npu"} <= {target["name"] for target in targets}
    cli_exit(["doctor"])
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("npu ") and line.endswith("works here") for line in lines)


def cli_exit(arguments):
    with pytest.raises(SystemExit) as done:
        cli.main(arguments)
    assert done.value.code in (0, None)


def test_asking_them_imports_no_heavy_library():
    script = "import sys; from chipsmith.targets.check import check_targets; check_targets(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"torch", "onnxruntime", "openvino", "onnx", "ai_edge_litert"} & set(done.stdout.split())
