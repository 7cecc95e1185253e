"""Each way to name a network, and one clear line where the name does not fit."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from chipsmith.errors import BadInput
from chipsmith.frontends.registry import load_model
from chipsmith.tosa.file import read_tosa

NETWORKS = Path(__file__).parents[1] / "networks"

MODULE = """
import torch

CONSTANT = 3

def build():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU())

class Two(torch.nn.Module):
    def forward(self, left, right):
        return left + right

def wrong_type():
    return {"layers": 3}

def broken():
    raise RuntimeError("out of ideas")

def hungry(size):
    return torch.nn.Linear(size, size)
"""


@pytest.fixture
def own_module(tmp_path, monkeypatch):
    """A current directory with my_networks.py, images.npy and an empty cache."""
    (tmp_path / "my_networks.py").write_text(MODULE)
    (tmp_path / "needy.py").write_text("import surely_not_installed\n")
    (tmp_path / "faulty.py").write_text("1 / 0\n")
    np.save(tmp_path / "images.npy", np.random.default_rng(0).normal(size=(8, 3, 8, 8)))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHIPSMITH_CACHE", str(tmp_path / "cache"))
    yield tmp_path
    for name in ("my_networks", "needy", "faulty"):
        sys.modules.pop(name, None)


def test_tosa_file():
    path = NETWORKS / "digits_cnn.tosa"
    assert load_model(str(path)).graph.operators == read_tosa(path).operators


def test_tflite_file(shared_data):
    assert load_model(str(shared_data / "mlperf_tiny" / "ad01_int8.tflite")).graph.name == "ad01_int8"


def test_function_of_a_module_in_the_current_directory(own_module):
    before = list(sys.path)
    graph = load_model("my_networks:build", "images.npy").graph
    assert graph.tensor(graph.inputs[0]).shape == (1, 8, 8, 3)
    assert sys.path == before


def test_several_inputs_are_keyed_by_argument(own_module):
    rows = np.random.default_rng(0).normal(size=(2, 8, 4))
    np.savez("pairs.npz", right=rows[0], left=100 * rows[1])
    scales = [binding.scale for binding in load_model("my_networks:Two", "pairs.npz").inputs]
    assert scales[0] > 50 * scales[1]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("no_such_file.tosa", "cannot read no_such_file.tosa"),
        ("network.onnx", "cannot read network.onnx: No such file"),
        ("nonsense", "'nonsense' names no network"),
        ("missing_module:build", "cannot import missing_module: there is no module 'missing_module'"),
        ("my_networks:bild", "'bild' is not in my_networks; did you mean 'build'"),
        ("my_networks:CONSTANT", "my_networks:CONSTANT is a int; it must be a function"),
        ("my_networks:wrong_type", "my_networks:wrong_type returned a dict; it must return a torch.nn.Module"),
        ("my_networks:broken", "my_networks:broken raised RuntimeError: out of ideas"),
        ("my_networks:hungry", "my_networks:hungry raised TypeError: .*called without arguments"),
        ("needy:build", "cannot import needy: it needs the module 'surely_not_installed'"),
        ("faulty:build", "cannot import faulty: it raised ZeroDivisionError"),
    ],
)
def test_wrong_name_is_told(model, message, own_module):
    calibration = None if model.endswith(".tosa") else "images.npy"
    with pytest.raises(BadInput, match=message):
        load_model(model, calibration)


def test_function_needs_a_calibration(own_module):
    with pytest.raises(BadInput, match=r"my_networks:build is a float network and needs --calibration x\.npy"):
        load_model("my_networks:build")


def test_quantised_file_takes_no_calibration(own_module):
    with pytest.raises(BadInput, match="is quantised already: leave --calibration out"):
        load_model("net.tosa", "images.npy")


def test_missing_calibration_file_is_named(own_module):
    with pytest.raises(BadInput, match=r"cannot read none\.npy: no such file"):
        load_model("my_networks:build", "none.npy")


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array(3.0), "holds no inputs"),
        (np.zeros((0, 3, 8, 8)), "holds no inputs"),
        (np.full((1, 3, 8, 8), np.nan), "must hold finite numbers"),
        (np.array(["text"]), "must hold finite numbers"),
        (np.zeros((4, 1, 8, 8)), r"PyTorch cannot export 'my_networks:build' for inputs of shape \[\[1, 1, 8, 8\]\]"),
    ],
)
def test_calibration_that_does_not_fit_is_told(array, message, own_module):
    np.save("odd.npy", array)
    with pytest.raises(BadInput, match=message):
        load_model("my_networks:build", "odd.npy")


@pytest.mark.parametrize("data", [b"", b"text", b"\x80\x04]q\x00."])
def test_calibration_is_never_unpickled(data, own_module):
    Path("odd.npy").write_bytes(data)
    with pytest.raises(BadInput, match=r"odd\.npy is not a whole \.npy or \.npz file"):
        load_model("my_networks:build", "odd.npy")


def test_unknown_argument_of_forward_is_named(own_module):
    np.savez("pairs.npz", left=np.zeros((2, 4)), centre=np.zeros((2, 4)))
    with pytest.raises(
        BadInput, match=r"'centre', which is no argument of Two\.forward; its arguments are left, right"
    ):
        load_model("my_networks:Two", "pairs.npz")
