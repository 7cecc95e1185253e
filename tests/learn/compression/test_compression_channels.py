"""Channels that can be taken out, and the networks without them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from chipsmith.errors import BadInput
from chipsmith.learn.compression.channels import CRITERIA, find_channel_groups, keep_channels
from chipsmith.learn.networks.catalogue import CATALOGUE


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 8, batch_first=True)
        self.dense = nn.Linear(8, 3)

    def forward(self, series):
        return self.dense(self.lstm(series)[0][:, -1])


def test_layers_that_are_added_are_one_group_and_outputs_are_none(residual, example):
    widths = {group.name: group.width for group in find_channel_groups(residual, example)}
    assert widths == {"depthwise": 16, "inner": 24}


def test_each_layer_follows_its_group(residual, example):
    groups = find_channel_groups(residual, example)
    smaller = keep_channels(residual, example, groups, {"depthwise": 8, "inner": 16})
    assert smaller.first.weight.shape == (8, 1, 3, 3)
    assert smaller.back.weight.shape == (8, 16, 3, 3)
    assert smaller.depthwise.weight.shape == (8, 1, 3, 3)
    assert smaller.dense.weight.shape == (5, 8 * 4 * 4)
    assert smaller(example).shape == residual(example).shape
    assert residual.first.weight.shape == (16, 1, 3, 3)


def test_channels_that_do_nothing_go_first_and_nothing_changes(residual, example):
    with torch.no_grad():
        for dead in (3, 7, 20):
            residual.inner.weight[dead] = residual.inner.bias[dead] = 0
            residual.back.weight[:, dead] = 0
    groups = find_channel_groups(residual, example)
    inner = next(group for group in groups if group.name == "inner")
    assert inner.dropped(21) == [3, 7, 20]
    assert inner.lost_importance(21) == 0
    smaller = keep_channels(residual, example, groups, {"inner": 21})
    torch.testing.assert_close(smaller(example), residual(example))


@pytest.mark.parametrize("criterion", CRITERIA)
def test_each_criterion_scores_every_channel(criterion, residual, example):
    residual(example).square().mean().backward()
    for group in find_channel_groups(residual, example, criterion=criterion):
        assert np.isfinite(group.importance).all()
        assert group.importance.mean() == pytest.approx(1)


SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("mobilenet_v3", "conv_autoencoder", "vit")]


@pytest.mark.parametrize("name", ["resnet_cifar", "transformer_text", *SLOW])
def test_families_of_networks_can_be_halved(name):
    entry = CATALOGUE[name]
    torch.manual_seed(0)
    module = entry.network.build(input_shape=entry.input_shape, outputs=entry.outputs).eval()
    (row,) = entry.network.example_inputs(input_shape=entry.input_shape)
    rows = torch.cat([row, row])
    groups = find_channel_groups(module, rows)
    smaller = keep_channels(module, rows, groups, {group.name: group.width // 2 for group in groups})
    assert smaller(rows).shape == module(rows).shape
    sizes = [sum(parameter.numel() for parameter in network.parameters()) for network in (smaller, module)]
    assert sizes[0] < 0.8 * sizes[1]


def test_a_network_without_channels_is_refused_by_name():
    with pytest.raises(BadInput, match="out of Recurrent: its layers of kind LSTM"):
        find_channel_groups(Recurrent(), torch.zeros(2, 5, 4))


def test_an_unknown_criterion_is_refused(residual, example):
    with pytest.raises(BadInput, match="no pruning criterion 'guess'"):
        find_channel_groups(residual, example, criterion="guess")


@pytest.mark.parametrize("width", [0, 25])
def test_impossible_widths_are_refused(width, residual, example):
    with pytest.raises(BadInput, match=f"'inner' has 24 channels: it cannot keep {width}"):
        keep_channels(residual, example, find_channel_groups(residual, example), {"inner": width})
