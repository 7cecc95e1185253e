"""Channels taken out where they save cycles, and the cost of a network at any width."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from small_residual import SmallResidual
from toy_compression import toy_cost

from chipsmith.chip import load_chip
from chipsmith.frontends.pytorch.shape_graph import shape_graph
from chipsmith.learn.compression.channels import ChannelGroup, find_channel_groups, keep_channels
from chipsmith.profile.cost import graph_cost
from chipsmith.studies.greedy_pruning import build_price, next_width, prune


def cost(cycles):
    return toy_cost(cycles=cycles, energy_uj=2 * cycles)


def group(name, *importance):
    return ChannelGroup(name=name, importance=np.array(importance, np.float64))


@pytest.fixture(scope="module")
def residual_price(example):
    """The groups of a SmallResidual, and its Price on nano-64."""
    torch.manual_seed(0)
    module = SmallResidual().eval()
    groups = find_channel_groups(module, example)
    return groups, build_price(module, example, groups, load_chip("nano-64"))


@pytest.mark.parametrize(
    "widths", [{"depthwise": 8, "inner": 8}, pytest.param({"depthwise": 11, "inner": 3}, marks=pytest.mark.slow)]
)
def test_the_cost_is_that_of_a_network_lowered_with_these_widths(widths, residual, example, residual_price):
    groups, price = residual_price
    smaller = keep_channels(residual, example, groups, widths)
    assert price(widths) == graph_cost(shape_graph(smaller, example.numpy()), load_chip("nano-64"))


def test_fewer_channels_are_fewer_cycles_and_less_energy(residual_price):
    groups, price = residual_price
    steps = list(prune(groups, price, columns=8))
    cycles = [step.cost.cycles for step in steps]
    assert steps[0].widths == {"depthwise": 16, "inner": 24}
    assert cycles == sorted(cycles, reverse=True)
    assert len(set(cycles)) == len(cycles)
    assert steps[-1].cost.energy_pj < steps[0].cost.energy_pj / 2


def test_the_walk_takes_what_costs_little_and_weighs_much():
    """Both groups have the same importance; those of `wide` cost twice the cycles, those of `free` none."""
    groups = [group("wide", *[1] * 16), group("narrow", *[1] * 16), group("free", *[1] * 16)]
    steps = list(prune(groups, lambda widths: cost(20 * widths["wide"] + 10 * widths["narrow"]), columns=8))
    assert [step.widths["wide"] for step in steps[:3]] == [16, 8, 4]
    assert steps[-1].widths == {"wide": 1, "narrow": 1, "free": 16}


def test_important_channels_stay_longer():
    groups = [group("dear", *[3] * 16), group("cheap", *[1] * 16)]
    first = list(prune(groups, lambda widths: cost(sum(widths.values())), columns=8))[1]
    assert first.widths == {"dear": 16, "cheap": 8}


@pytest.mark.parametrize(("width", "smaller"), [(24, 16), (20, 16), (16, 8), (9, 8), (8, 4), (5, 2), (2, 1), (1, None)])
def test_steps_fill_whole_columns(width, smaller):
    assert next_width(width, columns=8) == smaller
