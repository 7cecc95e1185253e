"""Widths chosen by cycles, and the cost of a network at any width."""

from __future__ import annotations

import numpy as np
import pytest

from chipsmith.chip import load_chip
from chipsmith.errors import BadInput
from chipsmith.frontends.pytorch.shape_graph import shape_graph
from chipsmith.learn.compression.channels import ChannelGroup, keep_channels
from chipsmith.learn.compression.widths import narrower, scaled_graph
from chipsmith.profile.cost import ChipCost, graph_cost
from chipsmith.studies.greedy_pruning import next_width, thin
from chipsmith.tosa.file import read_tosa


def cost(cycles):
    return ChipCost(
        chip="paper", clock_mhz=100, cycles=cycles, warm_cycles=cycles, energy_pj=2e6 * cycles, weight_bytes=1
    )


def group(name, *importance):
    return ChannelGroup(name=name, importance=np.array(importance, np.float64))


def test_units_of_a_cost():
    assert (cost(500).latency_us, cost(500).energy_uj) == (5, 1000)


@pytest.mark.parametrize(
    "widths", [{"depthwise": 8, "inner": 8}, pytest.param({"depthwise": 11, "inner": 3}, marks=pytest.mark.slow)]
)
def test_the_cost_is_that_of_a_network_lowered_with_these_widths(widths, residual, example, residual_price):
    groups, price = residual_price
    smaller = keep_channels(residual, example, groups, widths)
    assert price(widths) == graph_cost(shape_graph(smaller, example.numpy()), load_chip("nano-64"))


def test_fewer_channels_are_fewer_cycles_and_less_energy(residual_price):
    groups, price = residual_price
    steps = list(thin(groups, price, columns=8))
    cycles = [step.cost.cycles for step in steps]
    assert steps[0].widths == {"depthwise": 16, "inner": 24}
    assert cycles == sorted(cycles, reverse=True)
    assert len(set(cycles)) == len(cycles)
    assert steps[-1].cost.energy_pj < steps[0].cost.energy_pj / 2


def test_the_walk_takes_what_costs_little_and_weighs_much():
    """Both groups have the same importance; those of `wide` cost twice the cycles, those of `free` none."""
    groups = [group("wide", *[1] * 16), group("narrow", *[1] * 16), group("free", *[1] * 16)]
    steps = list(thin(groups, lambda widths: cost(20 * widths["wide"] + 10 * widths["narrow"]), columns=8))
    assert [step.widths["wide"] for step in steps[:3]] == [16, 8, 4]
    assert steps[-1].widths == {"wide": 1, "narrow": 1, "free": 16}


def test_important_channels_stay_longer():
    groups = [group("dear", *[3] * 16), group("cheap", *[1] * 16)]
    first = list(thin(groups, lambda widths: cost(sum(widths.values())), columns=8))[1]
    assert first.widths == {"dear": 16, "cheap": 8}


@pytest.mark.parametrize(("width", "smaller"), [(24, 16), (20, 16), (16, 8), (9, 8), (8, 4), (5, 2), (2, 1), (1, None)])
def test_steps_fill_whole_columns(width, smaller):
    assert next_width(width, columns=8) == smaller


def test_narrower_widths_have_ratios_of_their_own():
    widths = {"a": 16, "b": 16, "c": 32, "d": 64}
    found = narrower(widths)
    assert len({found[name] / widths[name] for name in widths}) == len(widths)
    assert narrower({"a": 2, "b": 2}) is None


def test_graphs_of_two_structures_are_not_one_that_scales():
    convolutions, recurrent = (read_tosa(f"tests/networks/{name}.tosa") for name in ("digits_cnn", "lstm"))
    with pytest.raises(BadInput, match="another structure"):
        scaled_graph(convolutions, {"a": 8}, recurrent, {"a": 7})
