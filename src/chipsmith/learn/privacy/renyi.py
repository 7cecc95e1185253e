"""A second accountant, written from the formula: Rényi divergences of the sampled normal mechanism.

Source: I. Mironov, K. Talwar, L. Zhang: Rényi differential privacy of the sampled Gaussian mechanism, 2019, section
3.3, for whole orders; from there to (epsilon, delta) by B. Balle and others: Hypothesis testing interpretations and
Rényi differential privacy, AISTATS 2020, theorem 21.
"""

from __future__ import annotations

import math

ORDERS = (*range(2, 64), *range(64, 512, 16))
"""The orders of which the least bound counts."""


def bound_epsilon(*, noise_multiplier: float, sample_rate: float, steps: int, delta: float) -> float:
    """An epsilon that the steps do not pass at this delta; looser than the composition of privacy losses."""
    divergences = ((order, steps * divergence(order, noise_multiplier, sample_rate)) for order in ORDERS)
    return max(0.0, min(_convert(order, total, delta) for order, total in divergences))


def divergence(order: int, noise_multiplier: float, sample_rate: float) -> float:
    """The Rényi divergence of a whole order of 2 or more, of one step."""
    if sample_rate == 1:
        return order / (2 * noise_multiplier**2)
    terms = [_term(order, chosen, noise_multiplier, sample_rate) for chosen in range(order + 1)]
    largest = max(terms)
    return (largest + math.log(math.fsum(math.exp(term - largest) for term in terms))) / (order - 1)


def _term(order: int, chosen: int, noise_multiplier: float, sample_rate: float) -> float:
    """The logarithm of a term of the binomial sum."""
    ways = math.lgamma(order + 1) - math.lgamma(chosen + 1) - math.lgamma(order - chosen + 1)
    drawn = chosen * math.log(sample_rate) + (order - chosen) * math.log1p(-sample_rate)
    return ways + drawn + chosen * (chosen - 1) / (2 * noise_multiplier**2)


def _convert(order: int, total: float, delta: float) -> float:
    return total + math.log1p(-1 / order) - (math.log(delta) + math.log(order)) / (order - 1)
