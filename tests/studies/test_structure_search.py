"""The search among structures; costs and scores are formulas here, nothing is trained."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from toy_compression import toy_cost

from chipsmith.errors import BadInput
from chipsmith.learn.networks import Cnn
from chipsmith.studies.budget import Budget
from chipsmith.studies.journal import SearchJournal
from chipsmith.studies.structure_search import StructureSearch, best_trials


class Formulas(StructureSearch):
    """A search whose costs and scores are formulas of the widths: wide is good and slow."""

    def _cost(self, network):
        cycles = 10 * sum(network.channels) + sum(network.dense)
        return toy_cost(cycles=cycles, clock_mhz=1)

    def _score(self, network):
        trained.append(network)
        return min(network.channels) / 100 + max(network.dense) / 10_000


trained: list[Cnn] = []


@pytest.fixture
def search():
    trained.clear()
    context = SimpleNamespace(recipe=SimpleNamespace(seed=0, name="paper"), columns=8)
    family = Cnn(channels=(32, 32), dense=(64,))
    return Formulas(context=context, network=family, budget=Budget(max_latency_us=600), epochs=1)


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
    journal, seen = SearchJournal(tmp_path / "search.journal"), []
    search.run("tpe", trials=4, journal=journal, on_trial=seen.append)
    trials = search.run("tpe", trials=6, journal=journal, on_trial=seen.append)
    assert len(trials) == len(seen) == 6
    assert tuple(seen) == trials


@pytest.mark.parametrize("sampler", ["tpe", "random"])
@pytest.mark.parametrize("interrupted", [0, 1, 5])
def test_an_interrupted_search_gives_the_trials_of_an_uninterrupted(sampler, interrupted, search, tmp_path):
    """The interruption falls into a trial, which leaves lines of it in the journal."""
    whole = search.run(sampler, trials=8, journal=None, on_trial=lambda _: None)
    seen = []

    def interrupt(trial) -> None:
        seen.append(trial)
        if len(seen) == interrupted + 1:
            raise KeyboardInterrupt

    path = tmp_path / "search.journal"
    with pytest.raises(KeyboardInterrupt):
        search.run(sampler, trials=8, journal=SearchJournal(path), on_trial=interrupt)
    (tmp_path / "search.journal.lock").write_text("of a process that was killed")
    assert search.run(sampler, trials=8, journal=SearchJournal(path), on_trial=lambda _: None) == whole


def test_each_flipped_bit_of_a_journal_is_seen(search, tmp_path):
    path = tmp_path / "search.journal"
    search.run("random", trials=3, journal=SearchJournal(path), on_trial=lambda _: None)
    for file in (path, tmp_path / "search.journal.sum"):
        whole = file.read_bytes()
        for bit in np.random.default_rng(0).integers(0, 8 * len(whole), 50):
            flipped = bytearray(whole)
            flipped[bit // 8] ^= 1 << (bit % 8)
            file.write_bytes(flipped)
            with pytest.raises(BadInput, match=r"is damaged; remove it and .* to search again"):
                SearchJournal(path).open()
        file.write_bytes(whole)
