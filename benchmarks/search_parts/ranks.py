"""Spearman's rank correlation of two columns of figures, with its interval at 95 %."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import spearmanr

_NORMAL95 = 1.96
LEAST_PAIRS = 4
"""Pairs of figures that an interval needs."""


@dataclass(frozen=True, kw_only=True)
class RankCorrelation:
    """Spearman's rho of `count` pairs, between `low` and `high` at 95 %."""

    rho: float
    low: float
    high: float
    count: int

    def to_json(self) -> dict[str, float | int]:
        """Its fields, rounded."""
        return {name: round(value, 4) for name, value in vars(self).items()}


def correlate_ranks(left: Sequence[float], right: Sequence[float]) -> RankCorrelation:
    """Spearman's rho, ties at mean ranks, and the interval of Bonett and Wright (Psychometrika 65, 2000).

    Theirs is Fisher's z with the variance (1 + rho**2 / 2) / (n - 3). It has none at rho = 1, where all ranks agree:
    there it is that of the rho of one exchange of neighbours, 1 - 12 / (n**3 - n), up to 1. ValueError for less than
    four pairs, or a column of equal figures.
    """
    count = len(left)
    if count < LEAST_PAIRS or len(set(left)) == 1 or len(set(right)) == 1:
        raise ValueError(f"ranks of {count} pairs have no correlation: give {LEAST_PAIRS} or more, not all alike")
    rho = float(spearmanr(left, right).statistic)
    most = 1 - 12 / (count**3 - count)
    inner = max(-most, min(most, rho))
    centre, half = math.atanh(inner), _NORMAL95 * math.sqrt((1 + inner**2 / 2) / (count - 3))
    low, high = math.tanh(centre - half), math.tanh(centre + half)
    return RankCorrelation(rho=rho, low=min(low, rho), high=max(high, rho), count=count)
