"""Which networks a space of width, depth and kernel holds, and what it refuses."""

from __future__ import annotations

import pytest
from image_data import CNN, MOBILENET, RESNET, toy_recipe

from chipsmith.errors import BadInput
from chipsmith.learn.elastic import parse_elastic
from chipsmith.learn.networks import Cnn, Gru, MobileNetV1, ResNet, Stage


def test_values_go_from_small_to_large_whatever_their_order():
    space = parse_elastic(Cnn(), {"kernel": [5, 3], "width": [1.0, 0.25, 0.5], "depth": [2, 1]})
    assert [(each.name, each.values) for each in space.parameters] == [
        ("width", (0.25, 0.5, 1.0)),
        ("depth", (1, 2)),
        ("kernel", (3, 5)),
    ]
    assert space.smallest == {"width": 0.25, "depth": 1, "kernel": 3}
    assert space.largest == {"width": 1.0, "depth": 2, "kernel": 5}
    assert space.combinations == len(list(space.all_values())) == 12


def test_a_cnn_has_fewer_channels_in_multiples_of_four_and_other_depths():
    space = parse_elastic(Cnn(), {"width": [0.4, 1.0], "depth": [1, 3], "kernel": [3, 5]})
    assert space.settings({"width": 1.0, "depth": 3, "kernel": 3}) == Cnn(channels=(16, 32, 32))
    small = space.settings({"width": 0.4, "depth": 1, "kernel": 5})
    assert small == Cnn(channels=(8,), dense=(24,), kernel=5)


def test_a_resnet_has_as_many_blocks_in_every_stage():
    space = parse_elastic(ResNet(), {"width": [0.5, 1.0], "depth": [1, 2], "kernel": [3, 5]})
    small = space.settings({"width": 0.5, "depth": 2, "kernel": 5})
    assert small == ResNet(blocks=(2, 2, 2), widths=(8, 16, 32), kernel=5)


def test_a_mobilenet_multiplies_its_own_width_and_repeats_every_stage():
    stages = (Stage(channels=32), Stage(channels=64, stride=2))
    space = parse_elastic(MobileNetV1(width=0.5, stages=stages), {"width": [0.5, 1.0], "depth": [1, 2]})
    small = space.settings({"width": 0.5, "depth": 2})
    assert small.width == 0.25
    assert [(stage.channels, stage.repeats, stage.stride) for stage in small.stages] == [(32, 2, 1), (64, 2, 2)]


def test_one_value_is_a_list_of_one():
    assert parse_elastic(Cnn(), {"depth": 1}).parameters[0].values == (1,)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, r"space.network is empty: give width, depth or kernel some values"),
        ({"widht": [1.0]}, r"space.network.widht is nothing that a network is elastic in.*did you mean width\?"),
        ({"width": []}, r"space.network.width is empty: list the values to try, as \[0.25"),
        ({"width": [0.5, 8]}, r"space.network.width: 8 is not allowed; it is above 0 and at most 4"),
        ({"width": [0]}, r"space.network.width: 0 is not allowed"),
        ({"width": [float("nan")]}, r"space.network.width: nan is no number"),
        ({"width": [0.5, 0.5]}, r"space.network.width: 0.5 is given twice: keep one"),
        ({"width": [0.25, 0.26]}, r"space.network.width: 0.25 and 0.26 give the same channels: keep one"),
        ({"width": ["half"]}, r"space.network.width: 'half' is no number"),
        ({"depth": [0, 1]}, r"space.network.depth: 0 is not allowed; it is a whole number from 1 to 8"),
        ({"depth": [9]}, r"space.network.depth: 9 is not allowed"),
        ({"depth": [1.5]}, r"space.network.depth: 1.5 is not allowed"),
        ({"depth": [True]}, r"space.network.depth: True is no number"),
        ({"kernel": [4]}, r"space.network.kernel: 4 is not allowed; it is one of 1, 3, 5, 7"),
        ({"kernel": {"from": 3, "to": 5}}, r"space.network.kernel: .* is no number; list numbers, as \[3, 5\]"),
    ],
)
def test_faults_name_the_key_and_a_mend(fields, said):
    with pytest.raises(BadInput, match=said):
        parse_elastic(Cnn(), fields)


def test_a_family_says_which_kernels_it_has():
    with pytest.raises(BadInput, match=r"space.network.kernel: 7 is not allowed; it is one of 3, 5$"):
        parse_elastic(ResNet(), {"kernel": [3, 7]})


def test_a_width_that_the_family_forbids_is_refused():
    with pytest.raises(
        BadInput,
        match=r"space.network.width: 4 makes no network: width = 8.0 is not allowed: give a number from .* to 4",
    ):
        parse_elastic(MobileNetV1(width=2.0), {"width": [1, 4]})


def test_a_recurrent_network_is_not_elastic():
    with pytest.raises(BadInput, match=r"kind gru is not elastic, those of kind cnn, resnet, mobilenet_v1 are"):
        parse_elastic(Gru(), {"width": [0.5, 1.0]})


@pytest.mark.parametrize("values", [{}, {"width": 0.5, "depth": 1}, {"width": 0.3}])
def test_a_combination_is_of_the_space(values):
    with pytest.raises(BadInput, match=r"space\.network"):
        parse_elastic(Cnn(), {"width": [0.5, 1.0]}).settings(values)


def test_an_image_that_is_pooled_away_is_refused_with_the_reason():
    space = parse_elastic(Cnn(), {"depth": [3, 5]})
    assert space.refusal({"depth": 3}, input_shape=(1, 28, 28), outputs=10) == ""
    assert "needs images of 32 pixels or more" in space.refusal({"depth": 5}, input_shape=(1, 28, 28), outputs=10)


@pytest.mark.parametrize("network", [CNN, RESNET, MOBILENET])
def test_the_widest_of_width_one_is_the_recipes_own(network):
    own = toy_recipe(network).network
    assert parse_elastic(own, {"width": [0.5, 1.0]}).settings({"width": 1.0}) == own
