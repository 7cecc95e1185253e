"""Intervals, and that of a share of counted successes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist


@dataclass(frozen=True, kw_only=True)
class Interval:
    """An interval from `low` to `high`, both included."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


def wilson_interval(correct: int, total: int, *, confidence: float = 0.95) -> Interval:
    """The score interval of a share, both ends from 0 to 1; it also holds for shares near 0 and 1.

    Source: E. B. Wilson, Journal of the American Statistical Association 22 (1927), pages 209 to 212.
    """
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, spread = correct / total, z * z / total
    centre = share + spread / 2
    half = z * math.sqrt(share * (1 - share) / total + spread / (4 * total))
    low = 0.0 if correct == 0 else (centre - half) / (1 + spread)
    high = 1.0 if correct == total else (centre + half) / (1 + spread)
    return Interval(low=low, high=high)


def clopper_pearson_interval(correct: float, total: float, *, confidence: float = 0.95) -> Interval:
    """The exact interval of a share: it holds with at least this confidence, whatever the share.

    Its formula takes counts that are means too, of which it is not exact.

    Source: C. J. Clopper, E. S. Pearson, Biometrika 26 (1934), pages 404 to 413.
    """
    from scipy.stats import beta

    tail = (1 - confidence) / 2
    low = 0.0 if correct == 0 else float(beta.ppf(tail, correct, total - correct + 1))
    high = 1.0 if correct == total else float(beta.ppf(1 - tail, correct + 1, total - correct))
    return Interval(low=low, high=high)
