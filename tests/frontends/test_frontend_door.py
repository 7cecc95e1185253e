"""The open door of the front ends: one new folder, and every verb reads a new form of networks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]

NPZ_DEMO = '''
"""Networks of a made-up form: an archive with the shape of an int8 tensor and the limits that it is clamped to."""

from __future__ import annotations

from pathlib import Path

from chipsmith.files import read_arrays
from chipsmith.frontends.calibration import CalibrationSource, needless_calibration
from chipsmith.frontends.front_end import FrontEnd
from chipsmith.frontends.options import LoadOptions
from chipsmith.frontends.quantized_network import QuantizedNetwork, integer_network
from chipsmith.tosa.graph import DType, Graph, Operator, Tensor


def load_npz(model: str, calibration: CalibrationSource | None, _options: LoadOptions) -> QuantizedNetwork:
    """The network of a `.npzdemo` file."""
    if calibration is not None:
        raise needless_calibration(model)
    fields = read_arrays(model)
    low, high = (int(value) for value in fields["limits"])
    clamp = Operator(
        kind="CLAMP",
        name="y",
        inputs=("x",),
        outputs=("y",),
        attributes={"min_val": low, "max_val": high, "nan_mode": "PROPAGATE"},
    )
    shape = tuple(int(size) for size in fields["shape"])
    tensors = {name: Tensor(name=name, shape=shape, dtype=DType.INT8) for name in ("x", "y")}
    graph = Graph(
        name=Path(model).stem, tensors=tensors, operators=(clamp,), constants={}, inputs=("x",), outputs=("y",)
    )
    return integer_network(graph, operator_names={"y": "the clamp"})


FRONT_END = FrontEnd(
    name="npz demo", suffixes=(".npzdemo",), form=".npzdemo", loader="chipsmith.frontends.npz_demo:load_npz"
)
'''


@pytest.fixture
def house(tmp_path):
    """A folder with a copy of the package, the new front end in it, and a network of its form."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    folder = tmp_path / "src" / "chipsmith" / "frontends" / "npz_demo"
    folder.mkdir()
    (folder / "__init__.py").write_text(NPZ_DEMO)
    with (tmp_path / "net.npzdemo").open("wb") as file:
        np.savez(file, shape=[1, 4, 4, 8], limits=[-5, 100])
    return tmp_path


def chipsmith(house, *arguments):
    """The command of the copy, run in it."""
    environment = {**os.environ, "PYTHONPATH": str(house / "src")}
    command = [sys.executable, "-m", "chipsmith.cli", *arguments]
    return subprocess.run(command, cwd=house, env=environment, capture_output=True, text=True, timeout=300)


def test_a_front_end_is_one_folder(house):
    compiled = chipsmith(house, "compile", "net.npzdemo", "--chip", "nano-64", "-o", "net.program", "--json")
    assert compiled.returncode == 0, compiled.stderr
    (operator,) = json.loads(compiled.stdout)["operators"]
    assert (operator["kind"], operator["source"]) == ("CLAMP", "the clamp")
    estimated = chipsmith(house, "estimate", "net.npzdemo", "--chip", "nano-64", "--json")
    assert json.loads(estimated.stdout)["estimates"][0]["network"] == "net"
    np.save(house / "x.npy", np.arange(-64, 64, dtype=np.int8).reshape(1, 4, 4, 8))
    simulated = chipsmith(house, "simulate", "net.program", "--input", "x.npy", "--output", "y.npy")
    assert simulated.returncode == 0, simulated.stderr
    np.testing.assert_array_equal(np.load(house / "y.npy").reshape(-1), np.maximum(np.arange(-64, 64), -5))


def test_messages_name_the_new_form(house):
    refused = chipsmith(house, "estimate", "net.unknown")
    assert refused.returncode == 2
    assert ".npzdemo" in refused.stderr
    calibrated = chipsmith(house, "estimate", "net.npzdemo", "--calibration", "x.npy")
    assert "net.npzdemo is quantised already: leave --calibration out" in calibrated.stderr
