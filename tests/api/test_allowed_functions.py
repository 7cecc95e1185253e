"""A run of a network of one's own: every verb that would call its function again can be told that it may."""

from __future__ import annotations

import inspect
import json
import sys
from pathlib import Path

import numpy as np
import pytest

import chipsmith
from chipsmith.api import VERBS
from chipsmith.api.door import enter, unknown_options
from chipsmith.api.parameter import Argument
from chipsmith.errors import BadInput, OperatorRefused

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


def test_no_refusal_of_a_verb_names_an_option_that_the_verb_has_not(own, tmp_path, monkeypatch):
    """Every verb that takes a run or a recipe, given one that names a function."""
    monkeypatch.chdir(tmp_path)
    messages = []
    for verb in VERBS.values():
        for word in verb.words:
            taken = word.help.lower()
            if not isinstance(word.form, Argument) or not ("run" in taken or "recipe" in taken or "study" in taken):
                continue
            if verb.name in NOT_HERE:
                continue
            given = own / "run" if "run" in taken else own / "own.yaml"
            needed = {each.name: NEEDED[each.name] for each in verb.words if each.required and each.name != word.name}
            outs = {"out": tmp_path / verb.name} if "out" in inspect.signature(verb.function).parameters else {}
            try:
                enter(verb, {**needed, **outs, word.name: [given] * 2 if verb.name == "compare" else given})
            except (BadInput, OperatorRefused) as error:
                messages.append((verb.name, str(error), unknown_options(verb, str(error))))
    assert [row for row in messages if row[2]] == []
    refused = {name for name, said, _ in messages if "--allow" in said}
    assert {"diff", "run", "train", "compress", "audit"} <= refused


NOT_HERE = ("power", "cosim", "sign", "verify", "runs", "generations")
"""Verbs that never read a recipe, or take minutes."""
NEEDED = {"inputs": np.zeros((1, 1, 8, 8), np.float32), "output": Path("firmware"), "key": Path("key.pem")}


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
    searched = chipsmith.search(study, out=tmp_path / "search", allow=[NAME])
    assert searched.result.trials
