"""Attacks on networks whose members are known: what they obtain where there is something to obtain, and where not."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chipsmith.learn.privacy.attacks import (
    Attack,
    AttackRates,
    attack_network,
    best_cut,
    confidences,
    lira,
    rare_cut,
)

stats = pytest.importorskip("scipy.stats")


def drawn(*, networks: int, examples: int, lead: float, seed: int = 0, spread: float = 3.0):
    """Confidences of networks on examples that are hard by `spread`, members `lead` surer; the last is attacked."""
    generator = np.random.default_rng(seed)
    members = generator.random((networks, examples)) < 0.5
    hardness = generator.normal(scale=spread, size=examples)
    values = hardness + lead * members + generator.normal(size=(networks, examples))
    return values, members


def attacked(**arguments):
    values, members = drawn(**arguments)
    results = attack_network(values[-1], members[-1], shadows=values[:-1], shadow_members=members[:-1])
    return {result.attack: result for result in results}


def test_confidence_is_the_logit_of_the_true_class():
    logits = np.array([[2.0, -1.0, 0.5], [1000.0, 0.0, 0.0]])
    share = math.exp(-1) / (math.exp(2) + math.exp(-1) + math.exp(0.5))
    assert confidences(logits, np.array([1, 0])) == pytest.approx([math.log(share / (1 - share)), 1000 - math.log(2)])


def test_lira_is_the_ratio_of_two_normal_densities():
    """Each example around its own means, with a deviation for members and another for the rest."""
    values, members = drawn(networks=40, examples=6, lead=2.0)
    rest = [
        np.concatenate([column[known] - column[known].mean() for column, known in zip(values.T, which.T, strict=True)])
        for which in (members, ~members)
    ]
    deviations = [math.sqrt((part**2).sum() / (len(part) - 6)) for part in rest]
    seen = np.linspace(-2, 2, 6)
    expected = [
        stats.norm.logpdf(value, column[known].mean(), deviations[0])
        - stats.norm.logpdf(value, column[~known].mean(), deviations[1])
        for value, column, known in zip(seen, values.T, members.T, strict=True)
    ]
    assert lira(seen, values, members) == pytest.approx(expected)


def test_an_example_that_every_shadow_knows_says_nothing():
    values, members = drawn(networks=8, examples=3, lead=1.0)
    members[:, 0] = True
    assert lira(np.zeros(3), values, members)[0] == 0


def test_lira_sees_what_the_threshold_does_not():
    """Of examples that differ much in hardness, a lead of two deviations is seen only around each one's own mean."""
    results = attacked(networks=17, examples=4000, lead=2.0)
    best = 2 * stats.norm.cdf(1.0) - 1
    assert results[Attack.LIRA].best.advantage == pytest.approx(best, abs=0.06)
    assert results[Attack.LIRA].best.interval.low > 0.5
    assert results[Attack.THRESHOLD].best.advantage < 0.35
    assert results[Attack.LIRA].rare.true_rate > 0.2 > 0.03 > results[Attack.LIRA].rare.false_rate


def test_where_members_have_no_lead_no_attack_has_an_advantage():
    for result in attacked(networks=17, examples=4000, lead=0.0).values():
        assert 0.0 in result.best.interval
        assert result.best.least_epsilon(1e-4) == 0


def test_cuts_are_the_best_ones():
    scores, members = np.array([[4.0, 3.0, 2.0, 1.0]]), np.array([[True, False, True, False]])
    assert best_cut(scores, members) == 4.0
    many = np.arange(1000.0)[None]
    cut = rare_cut(many, np.zeros((1, 1000), np.bool_))
    assert (many >= cut).sum() == 10


def test_intervals_hold_both_rates():
    """By scipy's exact test of a share."""
    rates = AttackRates(true_positives=60, members=100, false_positives=20, others=200)
    true = stats.binomtest(60, 100).proportion_ci(0.975)
    false = stats.binomtest(20, 200).proportion_ci(0.975)
    assert rates.advantage == pytest.approx(0.5)
    assert (rates.interval.low, rates.interval.high) == pytest.approx((true.low - false.high, true.high - false.low))
    assert rates.least_epsilon(0.0) == pytest.approx(math.log(true.low / false.high))


def test_shares_of_none_and_of_all_have_intervals_too():
    rates = AttackRates(true_positives=50, members=50, false_positives=0, others=50)
    assert (rates.true_interval.high, rates.false_interval.low) == (1.0, 0.0)
    assert rates.interval.low == pytest.approx(2 * (0.0125 ** (1 / 50)) - 1)
