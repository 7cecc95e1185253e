"""Modules whose steps depend on the values in their tensors: the user's file and line are named, and a way forward."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from chipsmith.errors import BadInput, ChipsmithError
from chipsmith.frontends.pytorch.load import load_pytorch

HEAD = """import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(8, 4)

    def forward(self, x):
"""
FIRST = 11
"""The line of the first statement of `forward`."""

CASES = [
    ("if x.sum() > 0:\n    x = -x\nreturn self.linear(x)", FIRST, r"torch\.where\(condition, a, b\)"),
    ("x = -x if x[0, 0] > 0 else x\nreturn self.linear(x)", FIRST, r"torch\.where\(condition, a, b\)"),
    ("while x.abs().max() > 1:\n    x = x / 2\nreturn self.linear(x)", FIRST, "repeat a fixed number of times"),
    ("y = self.linear(x)\nreturn y * y.max().item()", FIRST + 1, "go on with the tensor itself"),
    ("y = self.linear(x)\nfor v in y[0].tolist():\n    y = y + v\nreturn y", FIRST + 1, "on the whole tensor at once"),
    ("n = int(x[0, 0])\nreturn self.linear(x)[:, :n]", FIRST, "go on with the tensor itself"),
    ("for _ in range(x[0].argmax()):\n    x = x * 2\nreturn self.linear(x)", FIRST, "a fixed number of times"),
    ("count = len((x > 0).nonzero())\nreturn self.linear(x) * count", FIRST, "weigh them by the mask"),
    (
        "for i in torch.nonzero(x[0] > 0):\n    x = x + x[:, i]\nreturn self.linear(x)",
        FIRST,
        "the whole tensor at once",
    ),
    ("return self.linear(x)[x[:, :4] > 0]", FIRST, "how many elements a computed mask chooses"),
    ("assert x.max() < 5\nreturn self.linear(x)", FIRST, "take the assert out"),
    ("return torch.from_numpy(self.linear(x).numpy())", FIRST, "do the same with functions of torch"),
    ("return self.linear(x.reshape(-1, 7))", FIRST, "shape '.-1, 7.' is invalid for input of size 8"),
    ("y = self.linear(x)\nreturn torch.linalg.svd(y)[1]", FIRST + 1, "it has no counterpart on the chip"),
]


def load(folder: Path, body: str):
    """A module of the user's own file, whose `forward` has this body."""
    file = folder / "users_net.py"
    file.write_text(HEAD + "".join(f"        {line}\n" for line in body.splitlines()))
    spec = importlib.util.spec_from_file_location("users_net", file)
    users_net = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(users_net)
    return users_net.Net()


@pytest.mark.parametrize(("body", "line", "advice"), CASES)
def test_the_users_line_is_named_with_a_way_forward(tmp_path, body, line, advice):
    inputs = np.random.default_rng(0).normal(size=(8, 8)).astype(np.float32)
    with pytest.raises(ChipsmithError, match=advice) as refusal:
        load_pytorch(load(tmp_path, body), inputs)
    message = str(refusal.value)
    assert f"at users_net.py:{line}: {body.splitlines()[line - FIRST]}" in message
    assert "data-dependent" not in message
    assert "unhinted" not in message


def test_a_missing_calibration_says_what_is_needed(tmp_path):
    with pytest.raises(BadInput, match=r"Net is a float network and needs --calibration x\.npy: some hundred inputs"):
        load_pytorch(load(tmp_path, "return self.linear(x)"), None)
