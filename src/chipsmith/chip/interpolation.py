"""Interpolation along a power law between tabulated points."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise


def log_log(points: Mapping[int, float], x: float) -> float:
    """The value at x > 0 on straight lines through the points in log-log scale.

    Exactly the table's value at a tabulated x; the outermost lines continue beyond the table. Needs two points or more,
    all positive.
    """
    if x in points:
        return points[int(x)]
    low, high = _segment(sorted(points), x)
    share = math.log(x / low) / math.log(high / low)
    return points[low] * math.exp(share * math.log(points[high] / points[low]))


def clamped_log_log(points: Mapping[int, float], x: float) -> float:
    """As `log_log`, but beyond the table the value of its nearest point."""
    return log_log(points, min(max(x, min(points)), max(points)))


def _segment(grid: list[int], x: float) -> tuple[int, int]:
    segments = list(pairwise(grid))
    return next((pair for pair in segments if x < pair[1]), segments[-1])
