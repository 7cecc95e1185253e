"""What the benchmark of supernets draws, correlates and keeps."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))  # last: its files must not stand before Python's own

from search_parts.supernet import (
    SPACES,
    correlate_ranks,
    describe,
    draw_networks,
    measure_supernet,
    pooled_deviation,
)

from chipsmith.errors import BadInput
from chipsmith.learn import Recipe, evaluate, load_recipe, predict
from chipsmith.learn.elastic import parse_elastic

SHORT = ("training.epochs=6", "training.augmentation=null")


def float_accuracy(module, recipe, dataset, part):
    return module, evaluate(lambda inputs: predict(module, inputs), part, dataset.task, resamples=2).primary_metric


def test_networks_are_drawn_once_each_and_the_same_again():
    space = parse_elastic(load_recipe("digits").network, SPACES["digits"])
    drawn = [describe(values) for values in draw_networks(space, 12)]
    assert len(set(drawn)) == 12
    assert drawn == [describe(values) for values in draw_networks(space, 12)]
    assert len(draw_networks(space, 100)) == space.combinations


@pytest.mark.parametrize("name", SPACES)
def test_every_space_is_one_of_its_recipe(name):
    assert parse_elastic(load_recipe(name).network, SPACES[name]).combinations >= 6


def test_a_correlation_of_ranks_has_an_interval():
    values = [0.1, 0.4, 0.2, 0.8, 0.5, 0.9]
    equal = correlate_ranks(values, values)
    assert (equal.rho, equal.count) == (1.0, 6)
    assert equal.low < 0.9
    opposite = correlate_ranks(values, [-value for value in values])
    assert (opposite.rho, opposite.low, opposite.high) == (-1.0, -equal.high, -equal.low)
    # by hand: ranks 1 2 3 4 5 and 2 1 4 3 5 differ by 1 four times: 1 - 6 * 4 / (5 * 24); z = atanh(0.8) = 1.0986,
    # half width 1.96 * sqrt(1.32 / 2) = 1.5923
    near = correlate_ranks([1, 2, 3, 4, 5], [2, 1, 4, 3, 5])
    assert near.rho == pytest.approx(0.8)
    assert (near.low, near.high) == (pytest.approx(-0.4573, abs=2e-4), pytest.approx(0.9909, abs=2e-4))


@pytest.mark.parametrize("second", [[1, 2, 3], [2, 2, 2, 2]])
def test_what_has_no_ranks_is_refused(second):
    with pytest.raises(BadInput, match="needs 4 networks or more, of different accuracies"):
        correlate_ranks([1, 2, 3, 4][: len(second)], second)


def test_noise_is_pooled_over_networks():
    assert pooled_deviation([[0.0, 0.2], [0.5, 0.5]]) == pytest.approx(0.1)  # squares 0.02 over 2 degrees of freedom
    assert pooled_deviation([]) is None


def test_a_run_that_is_called_again_takes_what_stands_finished(tmp_path, monkeypatch):
    short = load_recipe("digits", SHORT)
    whole = short.load_data()
    few = replace(whole, train=whole.train.first(256), validation=whole.validation.first(200))
    monkeypatch.setattr("search_parts.supernet.load_recipe", lambda _: short)
    monkeypatch.setattr(Recipe, "load_data", lambda _: few)
    monkeypatch.setattr("search_parts.supernet.int8_accuracy", float_accuracy)  # in a tenth of the time
    said: list[str] = []
    first = measure_supernet("digits", tmp_path, count=4, noise_seeds=2, on_work=said.append)
    assert said[0].startswith("supernet: epoch 1")
    said.clear()
    assert len(list((tmp_path / "full").glob("*.safetensors"))) == 6  # two of the four with two seeds
    again = measure_supernet("digits", tmp_path, count=4, noise_seeds=2, on_work=said.append)
    assert not any(line.startswith("supernet") for line in said)
    assert {**again, "cheap_cpu_s_per_network": 0} == {**first, "cheap_cpu_s_per_network": 0}
