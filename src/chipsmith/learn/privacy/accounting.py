"""How much noise a budget asks for, and how much of it so many steps have spent.

The budget is kept by opacus's accountant of privacy loss random variables (S. Gopi, Y. Lee, L. Wutschitz: Numerical
composition of differential privacy, NeurIPS 2021): an upper bound that is at most some hundredths over the truth. The
looser bound of `chipsmith.learn.privacy.renyi` stands beside it, and is never below.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from chipsmith.errors import BadInput, CheckFailed
from chipsmith.extras import installed_version, require_package
from chipsmith.learn.privacy.budget import PrivacyBudget
from chipsmith.learn.privacy.renyi import bound_epsilon
from chipsmith.learn.privacy.settings import PrivacySettings

LEAST_NOISE, MOST_NOISE = 0.05, 1e5
"""Noise multipliers that are looked at."""
_TOLERANCE = 0.002
"""The noise that is chosen is at most this share over the least."""
_BOUND_IS_LOOSE = 0.7
"""The noise that is enough by the accountant is at least this share of what the looser bound asks for."""
_ALLOWED_ERROR = 0.01
"""Of the accountant's epsilon; a hundredth of it where that is less."""


@dataclass(frozen=True, kw_only=True)
class Mechanism:
    """Steps, each of which adds noise to a sum that every example is in with the probability `sample_rate`."""

    noise_multiplier: float
    sample_rate: float
    steps: int

    def epsilon(self, delta: float, *, error: float = _ALLOWED_ERROR) -> float:
        """What it tells of an example: an upper bound, up to `error` over the truth; 0 for no steps."""
        return _upper_bound(self, delta, error) if self.steps else 0.0

    def bound(self, delta: float) -> float:
        """The looser bound, by Rényi divergences; 0 for no steps."""
        if self.steps == 0:
            return 0.0
        return bound_epsilon(
            noise_multiplier=self.noise_multiplier, sample_rate=self.sample_rate, steps=self.steps, delta=delta
        )


@cache
def _upper_bound(mechanism: Mechanism, delta: float, error: float) -> float:
    from opacus.accountants import PRVAccountant

    accountant = PRVAccountant()
    accountant.history = [(mechanism.noise_multiplier, mechanism.sample_rate, mechanism.steps)]
    with warnings.catch_warnings():  # the logarithm of 0, where every example is in every step
        warnings.simplefilter("ignore")
        return float(accountant.get_epsilon(delta, eps_error=error))


def require_opacus(task: str) -> None:
    """Raises BadInput, which says how to install it, where opacus is missing."""
    require_package("opacus", extra="privacy", task=task)


@cache
def choose_noise(*, epsilon: float, delta: float, sample_rate: float, steps: int) -> float:
    """The noise multiplier with which `steps` steps spend at most `epsilon`. Raises BadInput where none is enough."""

    def mechanism(noise: float) -> Mechanism:
        return Mechanism(noise_multiplier=noise, sample_rate=sample_rate, steps=steps)

    enough = _least(lambda noise: mechanism(noise).bound(delta) <= epsilon, LEAST_NOISE, MOST_NOISE)
    if enough is None:
        raise BadInput(
            f"training.privacy: no noise up to {MOST_NOISE:g} spends as little as epsilon {epsilon:g} at delta "
            f"{delta:.3g} in {steps:,} steps: allow a larger epsilon, or train fewer steps"
        )
    error = min(_ALLOWED_ERROR, epsilon / 100)

    def keeps(noise: float) -> bool:
        return mechanism(noise).epsilon(delta, error=error) <= epsilon

    return _least(keeps, enough * _BOUND_IS_LOOSE, enough, tolerance=_TOLERANCE) or enough


def _least(enough: Callable[[float], bool], low: float, high: float, *, tolerance: float = 1e-4) -> float | None:
    """The least number from `low` to `high` that is enough, up to a share; None where `high` is not."""
    if not enough(high):
        return None
    while high > low * (1 + tolerance):
        middle = math.sqrt(low * high)
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def spend(mechanism: Mechanism, settings: PrivacySettings, *, examples: int) -> PrivacyBudget:
    """The budget that the mechanism has spent on each of `examples` examples.

    Raises CheckFailed where the two accountants contradict each other.
    """
    delta = settings.delta_of(examples)
    error = min(_ALLOWED_ERROR, settings.epsilon / 100)
    epsilon, bound = mechanism.epsilon(delta, error=error), mechanism.bound(delta)
    if epsilon > bound + 2 * error:
        raise CheckFailed(f"the accountant says epsilon {epsilon:.4f}, where Rényi divergences allow {bound:.4f}")
    return PrivacyBudget(
        epsilon=epsilon,
        delta=delta,
        epsilon_rdp=bound,
        noise_multiplier=mechanism.noise_multiplier,
        clip=settings.clip,
        sample_rate=mechanism.sample_rate,
        steps=mechanism.steps,
        examples=examples,
        noise=settings.noise,
        accountant=f"PRV accountant of opacus {installed_version('opacus')}",
    )
