"""How much more often one classifier is right than another on the same examples, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.learn.validation.bootstrap import Rows, bootstrap_interval
from chipsmith.learn.validation.classes import Labels, Logits


@dataclass(frozen=True, kw_only=True)
class AccuracyDifference:
    """The accuracy of a classifier minus that of another, with its bootstrap interval at 95 %; shares of 1."""

    value: float
    low: float
    high: float


def accuracy_difference(first: Logits, second: Logits, labels: Labels, *, resamples: int) -> AccuracyDifference:
    """The accuracy of logits (n, classes) minus that of others, for the same labels (n).

    Examples are drawn with the answers of both, so that what is hard for both does not widen the interval. Raises
    BadInput where there are not as many.
    """
    if not len(first) == len(second) == len(labels):
        raise BadInput(f"{len(first)} and {len(second)} answers cannot be paired for {len(labels)} labels")
    rows = np.stack([(logits.argmax(-1) == labels).astype(np.float64) for logits in (first, second)], axis=1)
    interval = bootstrap_interval(rows, _mean_difference, resamples=resamples)
    return AccuracyDifference(value=_mean_difference(rows), low=interval.low, high=interval.high)


def _mean_difference(rows: Rows) -> float:
    return float(rows[:, 0].mean() - rows[:, 1].mean())
