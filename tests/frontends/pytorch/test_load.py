"""Modules at the door: by name or themselves, with arrays, names and shapes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import chipsmith
from chipsmith.errors import BadInput
from chipsmith.frontends.options import LoadOptions
from chipsmith.frontends.registry import load_model, load_random


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


class Two(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.left, self.right = nn.Linear(8, 4), nn.Linear(6, 4)

    def forward(self, x, scale=1.0, y=None):
        return torch.relu(self.left(x) * scale + self.right(y))


class Steps(nn.Module):
    """Its first axis is time."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.cell = nn.GRU(4, 6)

    def forward(self, series):
        return self.cell(series)[0]


def test_a_live_module_and_arrays_compile():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 5))
    result = chipsmith.compile(module, calibration=normal(32, 3, 8, 8))
    assert result.program is not None
    assert result.check.verdict == "right"


def test_arrays_by_the_names_of_arguments():
    network = load_model(Two(), {"y": normal(32, 6), "x": normal(32, 8, seed=1)})
    assert network.input_names == ("x", "y")
    x, y = normal(5, 8, seed=2), normal(5, 6, seed=3)
    (expected,) = network.source.run(x, y)
    with torch.no_grad():
        np.testing.assert_allclose(expected, Two()(torch.tensor(x), y=torch.tensor(y)).numpy(), atol=1e-6)


def test_integers_keep_their_type():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Embedding(9, 4), nn.Linear(4, 2))
    network = load_model(module, np.random.default_rng(0).integers(0, 9, (20, 3)))
    assert str(network.author_inputs[0].dtype) == "int64"


def test_a_first_axis_that_is_time_is_asked_for():
    series = normal(70, 2, 4)
    with pytest.raises(
        BadInput, match=r"first axis of 'series' is time, along which 'cell' goes .*--shape series=STEPSx2x4"
    ):
        load_model(Steps(), series)
    network = load_model(Steps(), series, LoadOptions(shapes={"series": (7, 2, 4)}))
    assert network.author_inputs[0].shape == (7, 2, 4)
    (expected,) = network.source.run(series)
    assert expected.shape == (70, 2, 6)


def test_shapes_alone_are_enough_for_random_inputs():
    network = load_random(nn.Conv2d(3, 2, 3), LoadOptions(shapes={"input": (1, 3, 6, 6)}))
    assert network.author_inputs[0].shape == (1, 3, 6, 6)
    with pytest.raises(BadInput, match="Conv2d does not say which shapes it takes"):
        load_random(nn.Conv2d(3, 2, 3))


def test_half_precision_is_called_in_its_own_type():
    torch.manual_seed(0)
    network = load_model(nn.Linear(6, 3).half(), normal(32, 6))
    assert str(network.author_inputs[0].dtype) == "float16"
    (answer,) = network.source.run(normal(4, 6))
    assert answer.dtype == np.float16


def test_what_is_no_network_and_what_does_not_fit():
    with pytest.raises(BadInput, match="a dict is no network: give a"):
        load_model({}, normal(4, 4))
    with pytest.raises(BadInput, match=r"Linear is a float network and needs --calibration"):
        load_model(nn.Linear(4, 2))
    with pytest.raises(BadInput, match=r"'z', which is no argument of Two\.forward; its arguments are x, scale, y"):
        load_model(Two(), {"x": normal(4, 8), "z": normal(4, 6)})
    with pytest.raises(BadInput, match="no input 'data' to give a shape to; there are input"):
        load_model(nn.Linear(4, 2), normal(4, 4), LoadOptions(shapes={"data": (1, 4)}))
