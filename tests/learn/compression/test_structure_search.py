"""Structures of a family, and the search among them; costs and scores are formulas here, nothing is trained."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from chipsmith.errors import BadInput
from chipsmith.learn.compression.structure import halved, structure_choices, with_choices
from chipsmith.learn.networks import Cnn, Function, Lstm, MobileNetV2, ResNet
from chipsmith.profile.cost import ChipCost
from chipsmith.studies.budget import Budget
from chipsmith.studies.structure_search import StructureSearch, best_trials


def options(network, columns=8):
    return {choice.name: choice.options for choice in structure_choices(network, columns=columns)}


def test_widths_fill_columns_and_nothing_grows_but_a_last_layer():
    found = options(Cnn(channels=(16, 32), dense=(64,), kernel=5))
    assert found["channels.0"] == (16, 8, 4)
    assert found["channels.1"] == (32, 24, 16, 8, 4)
    assert found["dense.0"] == (64, 48, 32, 24, 16, 8)
    assert found["kernel"] == (5, 3, 1)
    assert found["channels.length"] == (3, 2, 1)


def test_depths_of_residual_and_recurrent_networks():
    assert options(ResNet(blocks=(3, 3), widths=(16, 32)))["blocks.1"] == (3, 2, 1)
    assert options(Lstm(hidden=32, layers=2))["layers"] == (2, 1)
    assert "stages.1.repeats" in options(MobileNetV2())


def test_chosen_values_give_another_network():
    network = with_choices(Cnn(channels=(16, 32), dense=(64,)), {"channels.0": 8, "channels.length": 3, "kernel": 1})
    assert network == Cnn(channels=(8, 32, 32), dense=(64,), kernel=1)
    deep = MobileNetV2()
    assert with_choices(deep, {"stages.1.repeats": 1}).stages[1].repeats == 1


def test_the_search_begins_with_half_of_each_width():
    family = Cnn(channels=(16, 32), dense=(64,), kernel=5)
    assert with_choices(family, halved(family, structure_choices(family, columns=8))) == Cnn(
        channels=(8, 16), dense=(32,), kernel=5
    )
    deep = ResNet(blocks=(3, 3), widths=(16, 32))
    assert with_choices(deep, halved(deep, structure_choices(deep, columns=8))).blocks == (3, 3)


def test_values_that_do_not_go_together_are_refused():
    with pytest.raises(BadInput, match="widths must not shrink"):
        with_choices(ResNet(blocks=(1, 1), widths=(16, 32)), {"widths.1": 8})


def test_a_network_of_ones_own_has_nothing_to_choose():
    with pytest.raises(BadInput, match="kind function has no widths, depths or kernels"):
        structure_choices(Function(function="mine:build"), columns=8)


class Formulas(StructureSearch):
    """A search whose costs and scores are formulas of the widths: wide is good and slow."""

    def _cost(self, network):
        cycles = 10 * sum(network.channels) + sum(network.dense)
        return ChipCost(chip="paper", clock_mhz=1, cycles=cycles, warm_cycles=cycles, energy_pj=1e6, weight_bytes=1)

    def _score(self, network):
        trained.append(network)
        return min(network.channels) / 100 + max(network.dense) / 10_000


trained: list[Cnn] = []


@pytest.fixture
def search():
    trained.clear()
    base = SimpleNamespace(recipe=SimpleNamespace(seed=0, name="paper"), columns=8)
    family = Cnn(channels=(32, 32), dense=(64,))
    return Formulas(base=base, network=family, budget=Budget(max_latency_us=600), epochs=1)


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_structures_beyond_the_budget_are_not_trained(sampler, search):
    trials = search.run(sampler, trials=15, journal=None, on_trial=lambda _: None)
    assert len(trials) == 15
    assert {trial.score is None for trial in trials if trial.cycles > 600} == {True}
    assert all(search._cost(network).cycles <= 600 for network in trained)
    assert trials == search.run(sampler, trials=15, journal=None, on_trial=lambda _: None)


def test_the_best_come_first_and_once(search):
    trials = search.run("tpe", trials=20, journal=None, on_trial=lambda _: None)
    first, second = best_trials(trials + trials, count=2)
    assert first.score >= second.score
    assert first.chosen != second.chosen
    assert first.score == max(trial.score for trial in trials if trial.score is not None)


def test_an_interrupted_search_goes_on(search, tmp_path):
    journal, seen = tmp_path / "search.journal", []
    search.run("tpe", trials=4, journal=journal, on_trial=seen.append)
    trials = search.run("tpe", trials=6, journal=journal, on_trial=seen.append)
    assert len(trials) == len(seen) == 6
    assert tuple(seen) == trials
