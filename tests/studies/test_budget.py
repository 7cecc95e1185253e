"""Bounds of latency, energy and lost accuracy."""

from __future__ import annotations

import pytest
from toy_compression import toy_cost, toy_metric

from chipsmith.errors import BadInput
from chipsmith.studies.budget import Budget, points_lost

COST = toy_cost(cycles=10_000, energy_uj=5)
"""100 µs and 5 µJ."""


def test_without_a_bound_half_of_the_latency_is_aimed_at():
    assert Budget(max_accuracy_drop=2).bounded(COST) == Budget(max_latency_us=50, max_accuracy_drop=2)
    assert Budget(max_energy_uj=3).bounded(COST) == Budget(max_energy_uj=3)


def test_the_excess_is_that_of_the_bound_that_is_broken_most():
    assert Budget(max_latency_us=80, max_energy_uj=2).excess(COST) == pytest.approx(1.5)
    assert Budget(max_latency_us=200).excess(COST) == pytest.approx(-0.5)
    assert Budget().excess(COST) == 0


def test_a_loss_is_a_violation_in_shares_of_what_may_be_lost():
    assert Budget(max_accuracy_drop=2).violation(COST, lost=5) == pytest.approx(1.5)
    assert Budget(max_accuracy_drop=0).violation(COST, lost=0.5) == pytest.approx(0.5)
    assert Budget(max_accuracy_drop=None).violation(COST, lost=50) == 0


def test_the_words_of_a_budget():
    assert Budget(max_latency_us=94, max_energy_uj=3).describe() == "at most 94 µs and 3 µJ and 1 points lost"


def test_points_of_shares_and_of_figures_of_which_less_is_better():
    assert points_lost(toy_metric(0.98), toy_metric(0.97)) == pytest.approx(1)
    less = [toy_metric(value, better="less") for value in (2.0, 2.1)]
    assert points_lost(*less) == pytest.approx(5)


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan"), float("inf")])
def test_bounds_that_are_no_numbers_above_zero_are_refused(bad):
    with pytest.raises(BadInput, match=r"--max-latency-us is .*; it must be a number above 0"):
        Budget(max_latency_us=bad)


def test_a_bound_of_no_objective_is_refused():
    with pytest.raises(
        BadInput, match="there is no bound max_weight; there are max_latency_us, max_energy_uj, max_acc"
    ):
        Budget(max_weight=3)
