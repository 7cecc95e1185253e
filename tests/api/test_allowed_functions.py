"""A run of a network of one's own: every verb that would call its function again can be told that it may."""

from __future__ import annotations

import json
import sys

import pytest

import chipsmith
from chipsmith.errors import BadInput

torch = pytest.importorskip("torch")

NAME = "own_network:build"
SOURCE = """
import torch

def build(input_shape, outputs):
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, outputs))
"""
FIELDS = {
    "name": "own",
    "task": "classification",
    "data": {"kind": "sklearn", "name": "digits8x8"},
    "network": {"kind": "function", "function": NAME},
    "training": {"epochs": 1, "optimizer": {"kind": "sgd", "learning_rate": 0.1}},
}


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A folder with a module, a recipe that names its function, and the run of it."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "own_network.py").write_text(SOURCE)
    (folder / "own.yaml").write_text(json.dumps(FIELDS))
    sys.path.insert(0, str(folder))
    chipsmith.run(folder / "own.yaml", chip="nano-64", out=folder / "run", allow=[NAME])
    yield folder
    sys.path.remove(str(folder))
    sys.modules.pop("own_network", None)


def test_diff_names_the_recipe_and_goes_on_where_the_function_is_allowed(own):
    with pytest.raises(BadInput, match=rf"the recipe in .*trained.safetensors names the function.*--allow {NAME}"):
        chipsmith.diff(own / "run")
    assert chipsmith.diff(own / "run", allow=[NAME]).layers
    assert chipsmith.diff(chipsmith.report(own / "run"), allow=[NAME]).layers


def test_what_reads_the_data_alone_needs_no_leave(own):
    program = own / "run" / "own.program"
    assert chipsmith.judge(program, recipe=own / "own.yaml").recipe == "own"
    assert chipsmith.check_data(own / "own.yaml").findings is not None
    with pytest.raises(BadInput, match="no recordings to join"):
        chipsmith.tune(program, recipe=own / "own.yaml")


def test_a_study_of_such_a_recipe_can_be_searched(own, tmp_path):
    study = tmp_path / "study.yaml"
    fields = {
        "network": {"recipe": str(own / "own.yaml")},
        "space": {"chip": {"base": "nano-64", "external.bytes_per_cycle": [4, 8]}},
        "objectives": {"accuracy": "maximise", "latency_s": "minimise"},
        "trials": 2,
        "seeds": [0],
        "verify": "none",
    }
    study.write_text(json.dumps(fields))
    with pytest.raises(BadInput, match=f"--allow {NAME}"):
        chipsmith.search(study, out=tmp_path / "search")
    found = chipsmith.search(study, out=tmp_path / "search", allow=[NAME])
    assert found.result.trials
