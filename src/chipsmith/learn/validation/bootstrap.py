"""How sure a figure is: the bootstrap's interval over the examples that it was measured on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from chipsmith.learn.validation.interval import Interval

Rows = NDArray[np.float64]
Statistic = Callable[[Rows], float]

CONFIDENCE = 0.95


def bootstrap_interval(rows: Rows, statistic: Statistic, *, resamples: int, seed: int = 0) -> Interval:
    """The percentile interval at 95 % of `statistic` over `resamples` drawings of n rows (n, k) with replacement.

    Source: B. Efron, R. Tibshirani: An introduction to the bootstrap, 1993, chapter 13.
    """
    generator = np.random.default_rng(seed)
    count = len(rows)
    values = [statistic(rows[generator.integers(0, count, count)]) for _ in range(resamples)]
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return Interval(low=float(low), high=float(high))
