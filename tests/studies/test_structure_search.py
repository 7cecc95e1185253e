"""The search among structures; costs and scores are formulas here, nothing is trained."""

from __future__ import annotations

import json

import pytest
from toy_compression import toy_cost

from chipsmith.errors import BadInput, OperatorRefused
from chipsmith.learn.networks import Cnn
from chipsmith.studies.budget import Budget
from chipsmith.studies.journal import SearchJournal
from chipsmith.studies.search.study_file import SamplerKind
from chipsmith.studies.structure_search import SAMPLERS, StructureSearch, best_trials
from chipsmith.studies.structure_space import StructureSpace

SPACE = StructureSpace.of(Cnn(channels=(32, 32), dense=(64,)), columns=8, input_shape=(1, 28, 28), outputs=10)
TIGHT, LOOSE = Budget(max_latency_us=600), Budget(max_latency_us=700)


class Formulas:
    """Costs and scores are formulas of the widths: wide is good and slow. `trained` are those that got scores."""

    def __init__(self, *, killed_at=None):
        self.trained, self.priced, self.killed_at = [], [], killed_at

    def cost(self, network):
        self.priced.append(network)
        return toy_cost(cycles=10 * sum(network.channels) + sum(network.dense), clock_mhz=1)

    def score(self, network):
        if len(self.trained) == self.killed_at:
            raise KeyboardInterrupt
        self.trained.append(network)
        return min(network.channels) / 100 + max(network.dense) / 10_000


@pytest.fixture
def oracle():
    return Formulas()


def search(oracle, *, budget=TIGHT, journal=None):
    return StructureSearch(SPACE, oracle, budget, seed=0, journal=journal)


def silent(_):
    """A listener of trials."""


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_structures_beyond_the_budget_are_not_trained(sampler, oracle):
    trials = search(oracle).run(sampler, trials=15, on_trial=silent)
    assert len(trials) == 15
    assert {trial.score is None for trial in trials if trial.cycles > 600} == {True}
    assert oracle.trained
    assert all(oracle.cost(network).cycles <= 600 for network in oracle.trained)
    assert trials == search(Formulas()).run(sampler, trials=15, on_trial=silent)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_half_of_each_width_and_the_smallest_come_first_and_nothing_comes_twice(sampler, oracle):
    trials = search(oracle).run(sampler, trials=30, on_trial=silent)
    networks = [SPACE.structure(trial.chosen) for trial in trials]
    assert networks[:2] == [Cnn(channels=(16, 16), dense=(32,)), Cnn(channels=(4,), dense=(8,), kernel=1)]
    assert len({network.model_dump_json() for network in networks}) == 30


def test_what_one_sampler_looked_at_is_not_trained_for_the_other(oracle):
    both, seen = search(oracle), []
    trials = [trial for sampler in SAMPLERS for trial in both.run(sampler, trials=10, on_trial=seen.append)]
    assert seen == trials
    assert trials[0].chosen == trials[10].chosen
    assert len(oracle.priced) == len({network.model_dump_json() for network in oracle.priced}) < 20


def test_the_estimator_finds_what_is_good(oracle):
    trials = search(oracle).run(SamplerKind.TPE, trials=40, on_trial=silent)
    best = max(
        Formulas().score(network)
        for network in map(SPACE.structure, SPACE.legal)
        if TIGHT.excess(oracle.cost(network)) <= 0
    )
    assert max(trial.score for trial in trials if trial.score is not None) > 0.9 * best


def test_the_best_come_first_and_once(oracle):
    trials = search(oracle).run(SamplerKind.TPE, trials=20, on_trial=silent)
    first, second = best_trials(trials + trials, count=2)
    assert first.score >= second.score
    assert first.cycles != second.cycles
    assert first.score == max(trial.score for trial in trials if trial.score is not None)


def test_what_the_chip_cannot_hold_is_no_result(oracle, monkeypatch):
    def refuse(network):
        if network.kernel == 3:
            raise OperatorRefused("too large")
        return toy_cost(cycles=100, clock_mhz=1)

    monkeypatch.setattr(oracle, "cost", refuse)
    trials = search(oracle).run(SamplerKind.TPE, trials=20, on_trial=silent)
    assert {trial.chosen["kernel"] for trial in trials} == {1}
    assert 0 < len(trials) < 20


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_more_trials_begin_with_the_fewer(sampler, oracle, tmp_path):
    path = tmp_path / "structures.journal"
    few = search(oracle, journal=SearchJournal(path)).run(sampler, trials=4, on_trial=silent)
    more = search(oracle, journal=SearchJournal(path)).run(sampler, trials=6, on_trial=silent)
    assert more[:4] == few
    assert len(oracle.priced) == len(more) == 6
    assert more == search(Formulas()).run(sampler, trials=6, on_trial=silent)


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("killed_at", [0, 1, 4])
def test_an_interrupted_search_gives_the_trials_of_an_uninterrupted(sampler, killed_at, oracle, tmp_path):
    """It ends within a training, and leaves a part of a line in the journal."""
    path, truth = tmp_path / "structures.journal", tmp_path / "truth.journal"
    whole = search(oracle, journal=SearchJournal(truth)).run(sampler, trials=8, on_trial=silent)
    with pytest.raises(KeyboardInterrupt):
        search(Formulas(killed_at=killed_at), journal=SearchJournal(path)).run(sampler, trials=8, on_trial=silent)
    with path.open("a") as file:
        file.write('{"structure":"{')
    rest = Formulas()
    assert search(rest, journal=SearchJournal(path)).run(sampler, trials=8, on_trial=silent) == whole
    assert len(rest.trained) == len(oracle.trained) - killed_at
    assert path.read_bytes() == truth.read_bytes()


def test_another_budget_takes_what_is_known_and_trains_what_it_allows(oracle, tmp_path):
    path, later = tmp_path / "structures.journal", Formulas()
    search(oracle, journal=SearchJournal(path)).run(SamplerKind.RANDOM, trials=20, on_trial=silent)
    loose = search(later, budget=LOOSE, journal=SearchJournal(path)).run(SamplerKind.RANDOM, trials=20, on_trial=silent)
    assert later.trained
    assert all(600 < oracle.cost(network).cycles <= 700 for network in later.trained)
    assert loose == search(Formulas(), budget=LOOSE).run(SamplerKind.RANDOM, trials=20, on_trial=silent)

    again = Formulas()
    tight = search(again, journal=SearchJournal(path)).run(SamplerKind.RANDOM, trials=20, on_trial=silent)
    assert again.priced == again.trained == []
    assert tight == search(Formulas()).run(SamplerKind.RANDOM, trials=20, on_trial=silent)


def test_a_journal_of_something_else_is_refused(oracle, tmp_path):
    journal = SearchJournal(tmp_path / "structures.journal")
    journal.append({"pair": "{}", "scores": []})
    with pytest.raises(BadInput, match=r"structures\.journal is not the journal of this search; name another folder"):
        search(oracle, journal=SearchJournal(journal.path))
    assert json.loads(journal.path.read_text())["pair"] == "{}"
