"""Zeros in weights: how many, where, and that they stay."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch
from torch import nn

from chipsmith.errors import BadInput
from chipsmith.learn.compression.masks import (
    make_permanent,
    mask_smallest,
    mask_two_of_four,
    packed_weight_bytes,
    two_of_four,
    zero_share,
)
from chipsmith.tosa.file import read_tosa


def zeros(module):
    weights = torch.cat([module[0].weight.flatten(), module[2].weight.flatten()])
    return float((weights == 0).float().mean())


@pytest.fixture
def dense():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 4))


def test_the_smallest_weights_go_wherever_they_are(dense):
    before = torch.cat([dense[0].weight.flatten(), dense[2].weight.flatten()]).detach()
    mask_smallest(dense, 0.75)
    after = torch.cat([dense[0].weight.flatten(), dense[2].weight.flatten()]).detach()
    assert zeros(dense) == 0.75
    assert before[after == 0].abs().max() < before[after != 0].abs().min()


def test_two_of_every_four_inputs_stay():
    weight = torch.tensor([[1.0, -4.0, 2.0, 3.0, 0.1, 0.2, -0.4, 0.3, 9.0]])
    assert two_of_four(weight).tolist() == [[0, 1, 0, 1, 0, 0, 1, 1, 1]]


def test_the_fours_of_a_convolution_are_input_channels():
    mask = two_of_four(torch.randn(3, 8, 5, 5))
    assert (mask.unflatten(1, (2, 4)).sum(2) == 2).all()
    assert two_of_four(torch.randn(3, 1, 5, 5)).all()


@pytest.mark.parametrize("mask", [mask_two_of_four, lambda module: mask_smallest(module, 0.5)])
def test_zeros_stay_through_training_and_become_plain_weights(mask, dense):
    mask(dense)
    optimizer = torch.optim.SGD(dense.parameters(), 0.1)
    for _ in range(3):
        optimizer.zero_grad()
        dense(torch.randn(32, 16)).square().mean().backward()
        optimizer.step()
    assert zeros(dense) == 0.5
    make_permanent(dense)
    assert zeros(dense) == 0.5
    assert sorted(copy.deepcopy(dense).state_dict()) == ["0.bias", "0.weight", "2.bias", "2.weight"]


def test_bad_shares_and_networks_are_refused(dense):
    with pytest.raises(BadInput, match=r"is 1.5; it must be"):
        mask_smallest(dense, 1.5)
    with pytest.raises(BadInput, match="LSTM has no dense"):
        mask_two_of_four(nn.LSTM(4, 8))


def test_zeros_pack():
    graph = read_tosa("tests/networks/digits_cnn.tosa")
    empty = replace(graph, constants={name: 0 * array for name, array in graph.constants.items()})
    assert zero_share(graph) < 0.05
    assert zero_share(empty) == 1
    assert packed_weight_bytes(empty) < packed_weight_bytes(graph) / 100
