"""How sure the difference of a figure between two networks is: paired where both answered the same examples.

Shares of right answers have intervals by formulas, which hold where two networks differ on a few examples alone, or on
none; every other figure has a bootstrap's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from chipsmith.learn.validation.bootstrap import CONFIDENCE, Rows, Statistic, bootstrap_interval
from chipsmith.learn.validation.interval import Interval
from chipsmith.shown import Shown

Marks = NDArray[np.bool_]
"""Whether each of n answers is right: bool (n)."""

_HALVINGS = 100
"""Steps of a bisection: more than a float of 64 bits has digits."""


@dataclass(frozen=True, kw_only=True)
class Discordance(Shown):
    """On how many of `count` examples only the first network is right (`gained`), and only the second (`lost`)."""

    gained: int
    lost: int
    count: int

    @classmethod
    def of(cls, first: Marks, second: Marks) -> Discordance:
        """Of the answers of two networks to the same examples, in the same order."""
        gained, lost = int((first & ~second).sum()), int((second & ~first).sum())
        return cls(gained=gained, lost=lost, count=len(first))

    @property
    def difference(self) -> float:
        """The first network's share of right answers minus the second's."""
        return (self.gained - self.lost) / self.count


def score_interval(pairs: Discordance, *, confidence: float = CONFIDENCE) -> Interval:
    """The score interval of the difference of two paired shares: those that a score test does not reject.

    Unlike Wald's it has a width where the networks differ nowhere, and keeps its coverage for few examples. Source:
    T. Tango, Statistics in Medicine 17 (1998), pages 891 to 908.
    """
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    value = pairs.difference
    return Interval(low=_end(pairs, value, -1.0, z), high=_end(pairs, value, 1.0, -z))


def _end(pairs: Discordance, inside: float, outside: float, wanted: float) -> float:
    """The difference between `inside` and `outside` at which the score is `wanted`, by bisection."""
    if abs(inside) == 1 and inside == outside:
        return outside
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        if abs(_score(pairs, middle)) < abs(wanted):
            inside = middle
        else:
            outside = middle
    return (inside + outside) / 2


def _score(pairs: Discordance, delta: float) -> float:
    """The score statistic where the difference is `delta`, near normal with mean 0 and deviation 1 if it is so."""
    count, gained, lost = pairs.count, pairs.gained, pairs.lost
    linear = (2 * count - gained + lost) * delta - gained - lost
    root = math.sqrt(max(0.0, linear * linear + 8 * count * lost * delta * (1 - delta)))
    only_second = (root - linear) / (4 * count)
    variance = count * (2 * only_second + delta * (1 - delta))
    distance = gained - lost - count * delta
    return (
        0.0 if distance == 0 else distance / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, distance)
    )


def mcnemar_p_value(pairs: Discordance) -> float:
    """The exact two-sided probability of so uneven a split of the examples that only one network has right.

    Source: Q. McNemar, Psychometrika 12 (1947), pages 153 to 157, with the binomial distribution in place of its
    approximation.
    """
    total, fewer = pairs.gained + pairs.lost, min(pairs.gained, pairs.lost)
    if total == 0:
        return 1.0
    ways = tail = 1  # of none of `total`; the next number follows from it: binomials of thousands are slow one by one
    for count in range(fewer):
        ways = ways * (total - count) // (count + 1)
        tail += ways
    p_value: float = 2 * tail / 2**total
    return min(1.0, p_value)


def paired_interval(first: Rows, second: Rows, statistic: Statistic, *, resamples: int) -> Interval:
    """The percentile interval at 95 % of a statistic of rows (n, k) minus that of others of the same n examples.

    Examples are drawn with the rows of both, so that what is hard for both does not widen the interval.
    """
    columns = first.shape[1]
    both = np.concatenate([first, second], axis=1)
    return bootstrap_interval(
        both, lambda rows: statistic(rows[:, :columns]) - statistic(rows[:, columns:]), resamples=resamples
    )


def unpaired_interval(first: float, first_interval: Interval, second: float, second_interval: Interval) -> Interval:
    """The interval of `first - second` of independent figures, made of the interval of each.

    Of two shares with Wilson's intervals it is Newcombe's tenth method. Source: G. Zou, A. Donner, Statistics in
    Medicine 27 (2008), pages 1693 to 1702; R. G. Newcombe, Statistics in Medicine 17 (1998), pages 873 to 890.
    """
    difference = first - second
    below = math.hypot(first - first_interval.low, second_interval.high - second)
    above = math.hypot(first_interval.high - first, second - second_interval.low)
    return Interval(low=difference - below, high=difference + above)
