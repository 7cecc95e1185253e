"""What a private training has spent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chipsmith.shown import Shown


@dataclass(frozen=True, kw_only=True)
class PrivacyBudget(Shown):
    """(epsilon, delta) spent on each of `examples` training examples, and the mechanism that spent it.

    `noise_multiplier` times `clip` is the standard deviation of the noise on a sum of gradients, to which each example
    came with probability `sample_rate`, in each of `steps` steps. `epsilon` is the upper bound of the accountant of
    privacy loss random variables, `epsilon_rdp` the looser one of Rényi divergences; `accountant` names the package.
    `noise` as in PrivacySettings.
    """

    epsilon: float
    delta: float
    epsilon_rdp: float
    noise_multiplier: float
    clip: float
    sample_rate: float
    steps: int
    examples: int
    noise: Literal["fresh", "seeded"]
    accountant: str
