"""Intervals of differences, against published values, other derivations, and how often they hold the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import binomtest, norm

from chipsmith.learn.validation.differences import (
    Discordance,
    mcnemar_p_value,
    paired_interval,
    score_interval,
    unpaired_interval,
)
from chipsmith.learn.validation.interval import Interval, wilson_interval


def test_pairs_are_counted_by_who_alone_is_right():
    first, second = np.array([1, 1, 0, 0, 1], bool), np.array([1, 0, 1, 0, 0], bool)
    assert Discordance.of(first, second) == Discordance(gained=2, lost=1, count=5)
    assert Discordance.of(first, second).difference == pytest.approx(0.2)


@pytest.mark.parametrize(("gained", "lost"), [(0, 0), (1, 0), (3, 9), (7, 7), (40, 12), (3000, 3100)])
def test_mcnemars_test_is_the_exact_binomial_one(gained, lost):
    expected = binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
    assert mcnemar_p_value(Discordance(gained=gained, lost=lost, count=10_000)) == pytest.approx(expected)


@pytest.mark.parametrize(("gained", "lost", "count"), [(1, 0, 20), (12, 2, 44), (9, 9, 1000), (3, 30, 200), (0, 0, 50)])
def test_the_score_interval_is_what_the_score_test_does_not_reject(gained, lost, count):
    """Derived again: the likelihood is maximised numerically under each difference, in place of the closed form."""

    def score(delta):
        def negative(share):  # of the examples that the second network alone has right
            cells = ((gained, share + delta), (lost, share), (count - gained - lost, 1 - 2 * share - delta))
            return -sum(seen * math.log(max(part, 1e-300)) for seen, part in cells if seen)

        low, high = max(0.0, -delta), (1 - delta) / 2
        share = minimize_scalar(negative, bounds=(low, high), method="bounded", options={"xatol": 1e-13}).x
        return (gained - lost - count * delta) / math.sqrt(count * (2 * share + delta * (1 - delta)))

    z, value = norm.ppf(0.975), (gained - lost) / count
    interval = score_interval(Discordance(gained=gained, lost=lost, count=count))
    assert interval.low == pytest.approx(brentq(lambda delta: score(delta) - z, -0.999, value - 1e-9), abs=1e-5)
    assert interval.high == pytest.approx(brentq(lambda delta: score(delta) + z, value + 1e-9, 0.999), abs=1e-5)


def test_networks_that_differ_nowhere_are_not_sure_to_be_equal():
    """A score test of no difference in n examples leaves z^2 / (n + z^2) to either side."""
    z = norm.ppf(0.975)
    interval = score_interval(Discordance(gained=0, lost=0, count=1000))
    assert interval.high == pytest.approx(z**2 / (1000 + z**2))
    assert interval.low == pytest.approx(-interval.high)


def test_an_end_stays_within_the_possible():
    interval = score_interval(Discordance(gained=10, lost=0, count=10))
    assert 0.4 < interval.low < 1
    assert interval.high == 1.0


@pytest.mark.parametrize(
    ("only_first", "only_second", "count"), [(0.03, 0.02, 200), (0.01, 0.01, 1000), (0.1, 0.02, 60)]
)
def test_the_score_interval_holds_the_truth_as_often_as_it_says(only_first, only_second, count):
    generator = np.random.default_rng(16)
    cells = generator.multinomial(count, [only_first, only_second, 1 - only_first - only_second], size=2000)
    counted = {tuple(row) for row in cells[:, :2].tolist()}
    intervals = {key: score_interval(Discordance(gained=key[0], lost=key[1], count=count)) for key in counted}
    covered = np.mean([(only_first - only_second) in intervals[tuple(row)] for row in cells[:, :2].tolist()])
    assert 0.935 <= covered <= 0.975


def test_the_paired_bootstrap_holds_the_truth_as_often_as_it_says():
    """Errors of two networks on the same examples: what is hard for both is shared, the second errs 0.1 more."""
    generator = np.random.default_rng(0)
    count, repeats, truth = 100, 200, -0.1
    covered, widths, alone = 0, [], []
    for _ in range(repeats):
        shared = generator.normal(size=(count, 1))
        first = shared + 0.3 * generator.normal(size=(count, 1))
        second = shared + 0.1 + 0.3 * generator.normal(size=(count, 1))
        interval = paired_interval(first, second, lambda rows: float(rows.mean()), resamples=200)
        covered += truth in interval
        widths.append(interval.high - interval.low)
        alone.append(2 * 1.96 * math.sqrt((first.var() + second.var()) / count))
    assert 0.90 <= covered / repeats <= 0.98
    assert np.mean(widths) < 0.4 * np.mean(alone)


def test_two_shares_apart_have_newcombes_interval():
    """56 of 70 against 48 of 80, the first example of his paper: 0.0524 to 0.3339 by method 10."""
    interval = unpaired_interval(56 / 70, wilson_interval(56, 70), 48 / 80, wilson_interval(48, 80))
    assert interval.low == pytest.approx(0.0524, abs=5e-5)
    assert interval.high == pytest.approx(0.3339, abs=5e-5)


def test_figures_of_one_deviation_add_in_squares():
    interval = unpaired_interval(5.0, Interval(low=2.0, high=8.0), 1.0, Interval(low=-3.0, high=5.0))
    assert (interval.low, interval.high) == (-1.0, 9.0)
