"""The smaller structures of a family: what there is to choose, and networks with other choices."""

from __future__ import annotations

import pytest

from chipsmith.errors import BadInput
from chipsmith.learn.compression.structure import apply_choices, find_choices, halve_widths
from chipsmith.learn.networks import Cnn, Function, Lstm, MobileNetV2, ResNet


def options(network, columns=8):
    return {choice.name: choice.options for choice in find_choices(network, columns=columns)}


def test_widths_fill_columns_and_nothing_grows_but_a_last_layer():
    choices = options(Cnn(channels=(16, 32), dense=(64,), kernel=5))
    assert choices["channels.0"] == (16, 8, 4)
    assert choices["channels.1"] == (32, 24, 16, 8, 4)
    assert choices["dense.0"] == (64, 48, 32, 24, 16, 8)
    assert choices["kernel"] == (5, 3, 1)
    assert choices["channels.length"] == (3, 2, 1)


def test_depths_of_residual_and_recurrent_networks():
    assert options(ResNet(blocks=(3, 3), widths=(16, 32)))["blocks.1"] == (3, 2, 1)
    assert options(Lstm(hidden=32, layers=2))["layers"] == (2, 1)
    assert "stages.1.repeats" in options(MobileNetV2())


def test_chosen_values_give_another_network():
    network = apply_choices(Cnn(channels=(16, 32), dense=(64,)), {"channels.0": 8, "channels.length": 3, "kernel": 1})
    assert network == Cnn(channels=(8, 32, 32), dense=(64,), kernel=1)
    deep = MobileNetV2()
    assert apply_choices(deep, {"stages.1.repeats": 1}).stages[1].repeats == 1


def test_the_search_begins_with_half_of_each_width():
    family = Cnn(channels=(16, 32), dense=(64,), kernel=5)
    assert apply_choices(family, halve_widths(family, find_choices(family, columns=8))) == Cnn(
        channels=(8, 16), dense=(32,), kernel=5
    )
    deep = ResNet(blocks=(3, 3), widths=(16, 32))
    assert apply_choices(deep, halve_widths(deep, find_choices(deep, columns=8))).blocks == (3, 3)


def test_values_that_do_not_go_together_are_refused():
    with pytest.raises(BadInput, match="widths must not shrink"):
        apply_choices(ResNet(blocks=(1, 1), widths=(16, 32)), {"widths.1": 8})


def test_a_network_of_ones_own_has_nothing_to_choose():
    with pytest.raises(BadInput, match="kind function has no widths, depths or kernels"):
        find_choices(Function(function="mine:build"), columns=8)
