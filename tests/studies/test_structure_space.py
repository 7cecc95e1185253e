"""The space of smaller structures: its parameters, what can be built, and which combinations are one network."""

from __future__ import annotations

import numpy as np
import pytest

from chipsmith.errors import BadInput
from chipsmith.learn.networks import Cnn, Function, MobileNetV1, ResNet
from chipsmith.studies.search.candidates import Candidates
from chipsmith.studies.structure_space import StructureSpace


def space(network, *, pixels=28):
    return StructureSpace.of(network, columns=8, input_shape=(1, pixels, pixels), outputs=10)


def test_parameters_are_the_choices_of_the_family_from_small_to_large():
    parameters = {parameter.name: parameter.values for parameter in space(Cnn(channels=(16, 32))).parameters}
    assert parameters["channels.0"] == (4, 8, 16)
    assert parameters["channels.length"] == (1, 2, 3)
    assert parameters["kernel"] == (1, 3)


def test_what_cannot_be_built_is_not_legal():
    small = space(Cnn(channels=(16, 32), dense=(64,)), pixels=5)
    plain = small.first[0]
    assert small.refusal(plain) == ""
    assert "with 3 poolings needs images of 8 pixels" in small.refusal({**plain, "channels.length": 3})
    assert small.measure().legal_share == pytest.approx(2 / 3)
    shrinking = space(ResNet(blocks=(1, 1), widths=(16, 32)))
    assert "widths must not shrink" in shrinking.refusal({**shrinking.first[0], "widths.0": 16, "widths.1": 8})


def test_values_of_layers_that_are_not_there_make_no_other_design():
    family = space(Cnn(channels=(16, 32), dense=(64,)))
    shallow = {**family.first[0], "channels.length": 1}
    assert family.identify({**shallow, "channels.1": 8}) == family.identify({**shallow, "channels.1": 32})
    assert family.identify({**shallow, "channels.0": 4}) != family.identify({**shallow, "channels.0": 8})

    candidates = Candidates(family, np.random.default_rng(0))
    drawn = []
    while (values := candidates.draw()) is not None:
        drawn.append(family.identify(values))
    assert len(drawn) == len(set(drawn)) < len(family.legal)
    assert set(drawn) == {family.identify(values) for values in family.legal}


def test_the_first_are_half_of_each_width_and_the_least():
    plain, least = space(MobileNetV1()).first
    assert plain["width"] == 0.5
    assert all(least[parameter.name] == parameter.values[0] for parameter in space(MobileNetV1()).parameters)


def test_a_network_of_ones_own_has_nothing_to_choose():
    with pytest.raises(BadInput, match="kind function has no widths, depths or kernels"):
        space(Function(function="mine:build"))
