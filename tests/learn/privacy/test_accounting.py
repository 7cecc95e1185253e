"""The accountant: against the closed form of the normal mechanism, and against Rényi divergences by opacus."""

from __future__ import annotations

import math

import pytest

from chipsmith.errors import BadInput
from chipsmith.learn.privacy.accounting import Mechanism, choose_noise, spend
from chipsmith.learn.privacy.renyi import bound_epsilon, divergence
from chipsmith.learn.privacy.settings import PrivacySettings

pytest.importorskip("opacus")
stats = pytest.importorskip("scipy.stats")

DELTA = 1 / 3500


def exact_delta(epsilon: float, *, noise: float, steps: int) -> float:
    """Of `steps` normal mechanisms on all examples: B. Balle, Y. Wang, ICML 2018, theorem 8, with mu = sqrt(T) / s."""
    mu = math.sqrt(steps) / noise
    below = stats.norm.cdf(-mu / 2 - epsilon / mu)
    return float(stats.norm.cdf(mu / 2 - epsilon / mu) - math.exp(epsilon) * below)


@pytest.mark.parametrize(("noise", "steps"), [(3.0, 40), (2.0, 10), (8.0, 100), (1.2, 1)])
def test_where_all_examples_are_in_all_steps_epsilon_is_that_of_the_closed_form(noise, steps):
    epsilon = Mechanism(noise_multiplier=noise, sample_rate=1.0, steps=steps).epsilon(DELTA)
    assert exact_delta(epsilon, noise=noise, steps=steps) <= DELTA
    assert exact_delta(epsilon - 0.03, noise=noise, steps=steps) > DELTA


@pytest.mark.parametrize(
    ("noise", "rate", "steps"), [(1.2, 0.25, 60), (5.0, 0.25, 60), (0.8, 0.01, 500), (2.0, 1.0, 30)]
)
def test_the_tight_accountant_never_passes_the_loose_bound(noise, rate, steps):
    mechanism = Mechanism(noise_multiplier=noise, sample_rate=rate, steps=steps)
    assert 0.6 * mechanism.bound(DELTA) < mechanism.epsilon(DELTA) < mechanism.bound(DELTA)


@pytest.mark.parametrize("order", [2, 3, 8, 32])
@pytest.mark.parametrize(("noise", "rate"), [(1.2, 0.25), (0.7, 0.01), (4.0, 1.0)])
def test_divergences_are_those_of_opacus(order, noise, rate):
    from opacus.accountants.analysis.rdp import compute_rdp

    assert divergence(order, noise, rate) == pytest.approx(
        float(compute_rdp(q=rate, noise_multiplier=noise, steps=1, orders=float(order))), rel=1e-9
    )


def test_fewer_steps_more_noise_and_larger_delta_spend_less():
    spent = [
        bound_epsilon(noise_multiplier=noise, sample_rate=0.1, steps=steps, delta=delta)
        for noise, steps, delta in ((1.0, 100, 1e-4), (1.0, 50, 1e-4), (2.0, 50, 1e-4), (2.0, 50, 1e-2))
    ]
    assert spent == sorted(spent, reverse=True)


@pytest.mark.parametrize("epsilon", [0.5, 8.0])
def test_the_noise_that_is_chosen_spends_the_budget_and_no_more(epsilon):
    noise = choose_noise(epsilon=epsilon, delta=DELTA, sample_rate=0.25, steps=40)
    spent = Mechanism(noise_multiplier=noise, sample_rate=0.25, steps=40).epsilon(DELTA, error=min(0.01, epsilon / 100))
    assert 0.98 * epsilon < spent <= epsilon


def test_a_budget_that_no_noise_keeps_is_refused():
    with pytest.raises(BadInput, match=r"no noise up to 100000 spends as little as epsilon 1e-06 .* fewer steps"):
        choose_noise(epsilon=1e-6, delta=1e-9, sample_rate=1.0, steps=10**6)


def test_what_is_spent_names_delta_and_accountant():
    mechanism = Mechanism(noise_multiplier=1.5, sample_rate=0.25, steps=10)
    budget = spend(mechanism, PrivacySettings(epsilon=8, clip=2.0), examples=500)
    assert (budget.delta, budget.steps, budget.clip, budget.noise) == (1 / 500, 10, 2.0, "fresh")
    assert budget.epsilon < budget.epsilon_rdp
    assert "opacus" in budget.accountant
