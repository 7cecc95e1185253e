"""The families as settings: what a recipe may say, what it builds, and what is refused."""

from __future__ import annotations

import pytest
import torch
from pydantic import BaseModel, TypeAdapter, ValidationError

from chipsmith.errors import BadInput
from chipsmith.learn.networks import Cnn, DigitsCNN, Function, Mlp, NetworkSettings, ResNet
from chipsmith.learn.networks.base import Network

ADAPTER: TypeAdapter[Network] = TypeAdapter(NetworkSettings)


class Recipe(BaseModel):
    network: NetworkSettings


def test_kind_chooses_the_family():
    assert Recipe.model_validate({"network": {"kind": "mlp", "hidden": [8]}}).network == Mlp(hidden=(8,))
    assert isinstance(ADAPTER.validate_python({"kind": "resnet"}), ResNet)


def test_settings_survive_json():
    network = ResNet.imagenet18()
    assert ADAPTER.validate_json(network.model_dump_json()) == network


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "perceptron"},
        {"kind": "mlp", "width": 3},
        {"kind": "mlp", "hidden": [0]},
        {"kind": "cnn", "kernel": 2},
        {"kind": "resnet", "blocks": [1, 2]},
        {"kind": "resnet", "widths": [64, 32, 16]},
    ],
)
def test_unknown_kinds_fields_and_sizes_are_refused(fields):
    with pytest.raises(ValidationError):
        ADAPTER.validate_python(fields)


def test_the_digits_network_is_a_cnn():
    torch.manual_seed(3)
    digits = DigitsCNN().build().state_dict()
    torch.manual_seed(3)
    family = Cnn().build(input_shape=(1, 28, 28), outputs=10).state_dict()
    assert digits.keys() == family.keys()
    assert all(torch.equal(digits[name], family[name]) for name in digits)
    assert list(digits)[-2:] == ["dense2.weight", "dense2.bias"]


@pytest.mark.parametrize(
    ("network", "input_shape"),
    [(Mlp(), ()), (Cnn(), (28, 28)), (Cnn(), (1, 3, 28)), (ResNet(), (3, 0, 32))],
)
def test_a_shape_that_does_not_fit_is_bad_input(network, input_shape):
    with pytest.raises(BadInput, match=network.kind):
        network.build(input_shape=input_shape, outputs=10)


MODULE = """
import torch

def build(*, input_shape, outputs):
    return torch.nn.Linear(input_shape[0], outputs)

def fixed():
    return torch.nn.Linear(2, 3)

def broken(outputs):
    raise ValueError(f"not with {outputs}")
"""


@pytest.fixture
def own_module(tmp_path, monkeypatch):
    (tmp_path / "own_family.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)


def test_a_function_gets_the_shapes_it_asks_for(own_module):
    asked = Function(function="own_family:build").build(input_shape=(7,), outputs=4)
    assert (asked.in_features, asked.out_features) == (7, 4)
    fixed = Function(function="own_family:fixed").build(input_shape=(7,), outputs=4)
    assert (fixed.in_features, fixed.out_features) == (2, 3)


def test_a_function_that_raises_is_bad_input(own_module):
    with pytest.raises(BadInput, match=r"not with 4.*called with outputs"):
        Function(function="own_family:broken").build(input_shape=(7,), outputs=4)
