"""Searches over formulas instead of networks: samplers, batches, fronts and volumes; nothing is compiled."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from toy_scores import toy_score

from chipsmith.errors import BadInput
from chipsmith.studies.search.candidates import Told
from chipsmith.studies.search.chip_space import parse_space
from chipsmith.studies.search.figures import PairFigure, parse_constraint, sum_figures
from chipsmith.studies.search.pairs import PairBook, PairOutcome, StudiedNetwork
from chipsmith.studies.search.parameters import pair_key
from chipsmith.studies.search.result import MeanOverSeeds
from chipsmith.studies.search.rounds import run_rounds
from chipsmith.studies.search.samplers import Proposer
from chipsmith.studies.search.study_file import Direction, SamplerKind
from chipsmith.studies.search.trials import (
    Goal,
    find_front,
    hypervolume,
    hypervolume_over_trials,
    run_sampler,
    unbeaten,
)
from chipsmith.studies.search.winner import (
    change_winner,
    choose_winner,
    climb,
    find_borders,
    nearest_miss,
    weigh_budgets,
)

SPACE = parse_space(
    {
        "base": "edge-256",
        "tensor.rows": [4, 8, 16, 32, 64],
        "tensor.columns": [4, 8, 16, 32, 64],
        "memory.groups": {"from": 2, "to": 15},
        "external.bytes_per_cycle": [2, 4, 8, 16],
    }
)


class Formulas:
    """Scores by formula: rows and columns make a chip fast and large, groups take energy; two groups hold nothing."""

    networks = (StudiedNetwork(name="formula", graph=None),)

    def score(self, design):
        chip = design.chip
        if chip.memory.groups == 2:
            return PairOutcome(scores=(), reason="formula: does not fit")
        macs, groups = chip.macs, chip.memory.groups
        score = toy_score(
            latency_s=4 / macs + 0.1 / chip.external.bytes_per_cycle + 0.1 / groups,
            energy_j=1 + macs / 1000 + groups / 20,
            area_mm2=macs / 1000 + groups / 20,
        )
        return PairOutcome(scores=(score,))


@pytest.fixture
def book():
    return PairBook(SPACE, Formulas(), workers=1, journal=None)


def goal(*constraints, directions=(PairFigure.ENERGY_J, PairFigure.LATENCY_S)):
    return Goal(
        directions=dict.fromkeys(directions, Direction.MINIMISE),
        reference=dict.fromkeys(directions, 10.0),
        constraints=tuple(map(parse_constraint, constraints)),
        weights={},
    )


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[pytest.mark.slow] * (kind is SamplerKind.GP)) for kind in SamplerKind]
)
def test_a_seed_repeats_its_trials_which_are_legal_and_distinct(kind, book):
    target = goal("area_mm2 <= 0.6")
    trials = run_sampler(kind, SPACE, book, target, seed=3, trials=40)
    assert len(trials) == 40
    assert len({pair_key(trial.values) for trial in trials}) == 40
    assert all(SPACE.refusal(trial.values) == "" for trial in trials)
    assert trials == run_sampler(kind, SPACE, book, target, seed=3, trials=40)
    assert trials != run_sampler(kind, SPACE, book, target, seed=4, trials=40)


def test_a_search_ends_where_the_space_does(book):
    small = parse_space({"base": "edge-256", "tensor.rows": [4, 8], "external.bytes_per_cycle": [4, 8]})
    trials = run_sampler(
        SamplerKind.TPE, small, PairBook(small, Formulas(), workers=1, journal=None), goal(), seed=0, trials=50
    )
    assert len(trials) == 3  # of four combinations, one has a bus wider than a line


@pytest.mark.parametrize("kind", [SamplerKind.TPE, SamplerKind.RANDOM, SamplerKind.QUASI_RANDOM])
def test_what_is_given_first_is_looked_at_first_where_it_is_legal(kind):
    small = parse_space({"base": "edge-256", "tensor.rows": [4, 8, 16], "external.bytes_per_cycle": [4, 8, 16]})
    wide = {"tensor.rows": 16, "external.bytes_per_cycle": 16}
    first = [{"tensor.rows": 4, "external.bytes_per_cycle": 8}, wide, wide]
    proposer = Proposer(kind, small, objectives=1, seed=0, startup=2, first=first)

    def judge(values):
        return Told(fits=True, costs=(float(values["tensor.rows"]),), excesses=())

    rounds = list(run_rounds(proposer, trials=9, evaluate=tuple, judge=judge, batch=2))
    looked_at = [values for batch in rounds for values, _ in batch]
    assert looked_at[0] == wide
    assert len({pair_key(values) for values in looked_at}) == len(looked_at) == 6
    assert [len(batch) for batch in rounds] == [2, 2, 2]


def test_tpe_is_better_than_random_search(book):
    target = goal("area_mm2 <= 0.6")
    volumes = {
        kind: np.mean(
            [
                hypervolume_over_trials(run_sampler(kind, SPACE, book, target, seed=seed, trials=60), target)[-1]
                for seed in range(3)
            ]
        )
        for kind in (SamplerKind.TPE, SamplerKind.RANDOM)
    }
    assert volumes[SamplerKind.TPE] > volumes[SamplerKind.RANDOM]


def test_the_front_is_what_nobody_beats_within_the_budgets(book):
    target = goal("area_mm2 <= 0.6")
    trials = run_sampler(SamplerKind.RANDOM, SPACE, book, target, seed=0, trials=80)
    front = find_front(trials, target)
    kept = [trial for trial in trials if trial.figures and trial.figures[PairFigure.AREA_MM2] <= 0.6]
    for trial in kept:
        better = [
            other
            for other in kept
            if other.figures != trial.figures
            and all(other.figures[figure] <= trial.figures[figure] for figure in target.directions)
        ]
        assert (trial.figures in [each.figures for each in front]) == (not better)


def test_hypervolume_of_boxes_and_of_drawn_points():
    assert hypervolume([]) == 0
    assert hypervolume([(-2.0,), (-1.0,)]) == 2
    assert hypervolume([(-2.0, -1.0), (-1.0, -2.0), (-0.5, -0.5), (1.0, -9.0)]) == 3
    assert hypervolume([(-1.0, -1.0, -2.0), (-2.0, -1.0, -1.0)]) == 3
    points = [tuple(point) for point in -np.random.default_rng(0).uniform(0, 1, (12, 3))]
    drawn = -np.random.default_rng(1).uniform(0, 1, (40_000, 3))
    share = np.mean([any(all(point <= sample) for point in np.array(points)) for sample in drawn])
    assert hypervolume(points) == pytest.approx(share, abs=0.01)
    assert len(unbeaten(points)) < len(points)


def test_the_volume_never_shrinks_over_trials(book):
    target = goal("area_mm2 <= 0.8")
    trials = run_sampler(SamplerKind.RANDOM, SPACE, book, target, seed=0, trials=40)
    volumes = hypervolume_over_trials(trials, target)
    assert all(later >= earlier for earlier, later in itertools.pairwise(volumes))
    kept = [target.costs(trial.figures) for trial in trials if trial.figures and target.meets(trial.figures)]
    assert volumes[-1] == pytest.approx(hypervolume(kept))


def test_the_winner_has_the_least_mean_and_its_neighbours_are_told(book):
    target = goal("area_mm2 <= 0.6")
    trials = run_sampler(SamplerKind.TPE, SPACE, book, target, seed=0, trials=120)
    winner = choose_winner(trials, target)
    kept = [trial for trial in trials if trial.figures and target.meets(trial.figures)]
    assert all(target.score(winner.figures) <= target.score(trial.figures) for trial in kept)
    changes = change_winner(winner, SPACE, book, target)
    assert len(changes) == len(list(SPACE.steps(winner.values)))
    for change in changes:
        values = {**winner.values, change.parameter: change.after}
        assert change.legal == (SPACE.refusal(values) == "")
        if change.figures:
            assert bool(change.broken) == (change.figures[PairFigure.AREA_MM2] > 0.6)
            assert change.ratio == target.score(change.figures) / target.score(winner.figures)


def test_steps_from_the_best_trial_end_where_no_neighbour_is_better(book):
    target = goal("area_mm2 <= 0.6")
    trials = run_sampler(SamplerKind.RANDOM, SPACE, book, target, seed=0, trials=8)
    climbed, changes = climb(trials, SPACE, book, target)
    scores = [target.score(trial.figures) for trial in (choose_winner(trials, target), *climbed)]
    assert len(climbed) > 1
    assert scores == sorted(scores, reverse=True)
    assert all(target.meets(trial.figures) and trial.source.startswith("steps from the best of") for trial in climbed)
    assert {trial.source for trial in climbed} == {f"steps from the best of random, seed {climbed[0].seed}"}
    assert not any(change.improves for change in changes)


def test_a_weight_moves_the_winner(book):
    fast = goal()
    frugal = Goal(
        directions=fast.directions,
        reference=fast.reference,
        constraints=(),
        weights={PairFigure.ENERGY_J: 20.0},
    )
    trials = run_sampler(SamplerKind.RANDOM, SPACE, book, fast, seed=0, trials=100)
    energies = [choose_winner(trials, each).figures[PairFigure.ENERGY_J] for each in (frugal, fast)]
    assert energies[0] < energies[1]


def test_a_budget_binds_where_it_alone_excludes_something_better(book):
    target = goal("area_mm2 <= 0.3", "cost_usd <= 5")
    trials = run_sampler(SamplerKind.RANDOM, SPACE, book, target, seed=0, trials=100)
    winner = choose_winner(trials, target)
    area, cost = weigh_budgets(trials, target, winner)
    assert (area.binds, cost.binds) == (True, False)
    best = min(target.score(trial.figures) for trial in trials if trial.figures)
    assert area.gain == pytest.approx(target.score(winner.figures) / best)


def test_where_nothing_keeps_the_budgets_the_nearest_miss_is_told(book):
    target = goal("area_mm2 <= 0.05", "latency_s <= 9")
    trials = run_sampler(SamplerKind.RANDOM, SPACE, book, target, seed=0, trials=60)
    assert choose_winner(trials, target) is None
    area, latency = weigh_budgets(trials, target, None)
    assert (area.binds, area.kept_by, latency.binds) == (True, 0, False)
    areas = [trial.figures[PairFigure.AREA_MM2] for trial in trials if trial.figures]
    assert nearest_miss(trials, target).figures[PairFigure.AREA_MM2] == min(areas) == area.best


def test_a_winner_on_a_border_is_flagged_where_a_chip_may_have_more(book):
    trials = run_sampler(SamplerKind.RANDOM, SPACE, book, goal(), seed=0, trials=100)
    winner = max((trial for trial in trials if trial.figures), key=lambda trial: trial.values["memory.groups"])
    borders = find_borders(winner, SPACE)
    assert winner.values["memory.groups"] == 15
    assert not any("memory.groups" in border for border in borders)  # no chip has 16
    for name in ("tensor.rows", "external.bytes_per_cycle"):
        parameter = next(parameter for parameter in SPACE.parameters if parameter.name == name)
        at_border = winner.values[name] in (parameter.values[0], parameter.values[-1])
        beyond = SPACE.next_legal(winner.values, name, upward=winner.values[name] == parameter.values[-1])
        assert any(name in border for border in borders) == (at_border and beyond is not None)


def test_no_border_is_flagged_where_the_winner_would_be_no_legal_chip(book):
    """A bus of 8 bytes on a line of 8: more bytes a cycle are more than a line has."""
    trials = run_sampler(SamplerKind.RANDOM, SPACE, book, goal(), seed=0, trials=200)
    small = parse_space({"base": "edge-256", "tensor.rows": [4, 8], "external.bytes_per_cycle": [4, 8]})
    values = {"tensor.rows": 8, "external.bytes_per_cycle": 8}
    borders = find_borders(replace(trials[0], values=values), small)
    assert borders == ("tensor.rows = 8 is the greatest that was searched; the winner may have 16",)


def test_figures_of_networks_are_sums_by_weight():
    def score(latency, energy):
        return toy_score(latency_s=latency, energy_j=energy, area_mm2=2, cost_usd=3, max_clock_mhz=4)

    figures = sum_figures([score(1, 2), score(10, 20)], [2, 0.5])
    assert (figures["latency_s"], figures["energy_j"], figures["energy_delay_js"]) == (7, 14, 98)
    assert (figures["cycles"], figures["area_mm2"], figures["cost_usd"], figures["max_clock_mhz"]) == (25, 2, 3, 4)


def test_the_interval_over_seeds_is_students():
    values = [1.0, 2.0, 3.0, 4.0, 5.0]
    mean = MeanOverSeeds.of(values)
    half = 2.776 * np.std(values, ddof=1) / np.sqrt(5)
    assert (mean.mean, mean.low, mean.high) == pytest.approx((3, 3 - half, 3 + half))
    assert MeanOverSeeds.of([4.0]) == MeanOverSeeds(mean=4.0, low=None, high=None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("area_mm2 < 0.3", "is no budget; write FIGURE <= NUMBER"),
        ("area <= 0.3", r"no figure 'area'; .* did you mean area_mm2\?"),
        ("area_mm2 <= small", "'small' is no number"),
        ("area_mm2 <= -1", "a bound is a number above 0"),
        ("area_mm2 <= 1e-320", "a bound is a number above 0, from 1e-60 to 1e\\+60"),
        ("area_mm2 <= inf", "a bound is a number above 0"),
        ("area_mm2 <= nan", "a bound is a number above 0"),
        ("accuracy_drop <= 0.01", "bound the accuracy itself, as accuracy >= 0.97"),
        ("accuracy <= 0.9", "an accuracy is at least a share below 1"),
    ],
)
def test_what_is_no_constraint_is_refused(text, words):
    with pytest.raises(BadInput, match=words):
        parse_constraint(text)
