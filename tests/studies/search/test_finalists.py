"""What accuracy counts for, and which gains of it are none."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from chipsmith.studies.search.figures import PairFigure, parse_constraint
from chipsmith.studies.search.finalists import (
    Finalist,
    Finals,
    choose_final,
    choose_finalists,
    judge_designs,
    judge_finalists,
    train_until_kept,
)
from chipsmith.studies.search.pairs import PairOutcome
from chipsmith.studies.search.study_file import Direction, SamplerKind
from chipsmith.studies.search.trials import DesignTrial, Goal, hypervolume_over_trials
from chipsmith.studies.search.winner import weigh_budgets

GOAL = Goal(
    directions={PairFigure.ENERGY_J: Direction.MINIMISE, PairFigure.ACCURACY: Direction.MAXIMISE},
    reference={PairFigure.ENERGY_J: 1.0, PairFigure.ACCURACY: 0.9},
    constraints=(parse_constraint("accuracy >= 0.9"),),
    weights={},
    least_error=0.001,
)


def trial(width, energy, accuracy, rows=8):
    return DesignTrial(
        sampler=SamplerKind.RANDOM,
        seed=0,
        number=0,
        values={"tensor.rows": rows, "network.width": width},
        outcome=PairOutcome(scores=(), accuracy=accuracy),
        figures={PairFigure.ENERGY_J: energy, PairFigure.ACCURACY: accuracy},
    )


def finals(*finalists, winner=None, resolution=0.001):
    return Finals(finalists=finalists, winner=winner, resolution=resolution, cpu_s=0.0)


def finalist(width, *accuracies):
    return Finalist(values={"width": width}, supernet=0.9, by_seed=dict(enumerate(accuracies)))


@pytest.mark.parametrize(("accuracy", "decades"), [(0.9, 0), (0.99, -1), (0.0, 1), (0.9999, -2), (1.0, -2)])
def test_accuracy_counts_in_decades_of_its_error_down_to_the_least(accuracy, decades):
    assert GOAL.costs({PairFigure.ENERGY_J: 1.0, PairFigure.ACCURACY: accuracy}) == pytest.approx((0, decades))


def test_its_volume_is_that_of_decades():
    assert hypervolume_over_trials([trial(1, 0.1, 0.99)], GOAL) == pytest.approx((1.0,))


@pytest.mark.parametrize(("accuracy", "excess"), [(0.97, 0), (0.96, 1 / 3), (0.985, -0.5)])
def test_a_budget_of_accuracy_is_broken_by_a_share_of_the_errors_that_it_allows(accuracy, excess):
    constraint = parse_constraint("accuracy >= 0.97")
    assert constraint.excess({PairFigure.ACCURACY: accuracy}) == pytest.approx(excess)


def test_finalists_are_the_best_designs_of_distinct_networks():
    front = [trial(1.0, 0.5, 0.99), trial(0.5, 0.1, 0.95), trial(0.5, 0.2, 0.95, rows=16), trial(0.25, 0.09, 0.91)]
    ranked = sorted(front, key=lambda each: GOAL.score(each.figures))
    chosen = choose_finalists(front, GOAL, count=2)
    assert chosen[0] is ranked[0]
    assert [each.values["network.width"] for each in chosen] == [0.5, 1.0]
    assert len(choose_finalists(front, GOAL, count=9)) == 3


def test_full_trainings_replace_the_supernets_accuracy_in_the_choice():
    front = [trial(1.0, 0.5, 0.99), trial(0.5, 0.1, 0.95)]
    full = {1.0: 0.999, 0.5: 0.91}
    judged = judge_finalists(front, lambda values, _: full[values["width"]], seeds=(0, 1))
    assert [(each.supernet, each.mean, each.std) for each in judged] == [(0.99, 0.999, 0), (0.95, 0.91, 0)]
    winner = choose_final(front, GOAL, judged)
    assert winner.values["network.width"] == 1.0
    assert winner.figures[PairFigure.ACCURACY] == winner.outcome.accuracy == 0.999
    assert choose_final(front, GOAL, judged[1:]).values["network.width"] == 0.5
    assert choose_final(front, replace(GOAL, constraints=(parse_constraint("accuracy >= 0.9999"),)), judged) is None


def test_further_networks_are_trained_while_no_finalist_keeps_the_budgets():
    front = [trial(1.0, 0.5, 0.99), trial(0.75, 0.3, 0.97), trial(0.5, 0.1, 0.95), trial(0.25, 0.01, 0.91)]
    full = {1.0: 0.99, 0.75: 0.96, 0.5: 0.8, 0.25: 0.7}
    trained = []

    def judge(chosen):
        trained.extend(each.values["network.width"] for each in chosen)
        return judge_finalists(chosen, lambda values, _: full[values["width"]], seeds=(0, 1))

    finalists, winner = train_until_kept(front, GOAL, judge, count=1, further=3)
    assert trained == [0.25, 1.0], "the best by the rule; then the most accurate, which keeps the budget"
    assert winner.values["network.width"] == 1.0
    assert [each.mean for each in finalists] == [0.7, 0.99]
    trained.clear()
    full[1.0] = 0.85
    finalists, winner = train_until_kept(front, GOAL, judge, count=1, further=1)
    assert (trained, winner) == ([0.25, 1.0], None)
    trained.clear()
    assert train_until_kept(front, GOAL, judge, count=2, further=0)[1] is None
    assert trained == [0.25, 0.5]


def test_a_budget_that_full_trainings_alone_break_binds():
    front = [trial(1.0, 0.5, 0.99), trial(0.5, 0.1, 0.95)]
    judged = judge_designs(front, [finalist(0.5, 0.88, 0.89)])
    assert [each.figures[PairFigure.ACCURACY] for each in judged] == [pytest.approx(0.885)]
    (searched,), (full,) = weigh_budgets(front, GOAL, None), weigh_budgets(front, GOAL, None, judged=judged)
    assert (searched.binds, full.binds) == (False, True)
    assert full.kept_by == 2


def test_a_gain_within_the_noise_of_two_trainings_is_none():
    noisy, other = finalist(1.0, 0.96, 0.98), finalist(0.5, 0.955, 0.955)
    outcome = finals(noisy, other, winner=trial(1.0, 0.5, 0.97))
    assert noisy.std == pytest.approx(math.sqrt(2) * 0.01)
    assert outcome.deviation == pytest.approx(0.01)
    assert outcome.least_gain == pytest.approx(2 * math.sqrt(2) * 0.01)
    (gain,) = outcome.gains()
    assert (gain.gain, gain.shown) == (pytest.approx(0.015), False)
    (gain,) = finals(noisy, finalist(0.5, 0.94, 0.94), winner=trial(1.0, 0.5, 0.97)).gains()
    assert gain.shown


def test_one_example_is_no_gain_even_where_seeds_agree():
    first, second = finalist(1.0, 0.97, 0.97), finalist(0.5, 0.969, 0.969)
    (gain,) = finals(first, second, winner=trial(1.0, 0.5, 0.97), resolution=0.0011).gains()
    assert not gain.shown
