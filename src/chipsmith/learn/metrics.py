"""How good a classifier is, in counts: accuracy with its interval, confusions, accuracy of each class."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from chipsmith.errors import BadInput
from chipsmith.learn.data.labelled_images import Labels


@dataclass(frozen=True, kw_only=True)
class Interval:
    """An interval from `low` to `high`, both included."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """`correct` of `total` examples were classified right. Raises BadInput where these are no counts."""

    correct: int
    total: int

    def __post_init__(self) -> None:
        if not 0 <= self.correct <= self.total or self.total == 0:
            raise BadInput(f"{self.correct} right of {self.total} is no accuracy")

    @property
    def value(self) -> float:
        """Share of right answers, from 0 to 1."""
        return self.correct / self.total

    @property
    def interval(self) -> Interval:
        """The Wilson interval at 95 %."""
        return wilson_interval(self.correct, self.total)


def accuracy(labels: Labels, predictions: Labels) -> Accuracy:
    """Counts the classes in `predictions` (n) that equal those in `labels` (n)."""
    _check_pairs(labels, predictions)
    return Accuracy(correct=int((labels == predictions).sum()), total=len(labels))


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


def confusion_matrix(labels: Labels, predictions: Labels, *, classes: int) -> NDArray[np.int64]:
    """Counts (classes, classes) int64: row = true class, column = predicted class. Raises BadInput."""
    _check_pairs(labels, predictions)
    for values in (labels, predictions):
        if not 0 <= values.min() <= values.max() < classes:
            raise BadInput(f"classes must be from 0 to {classes - 1}, not {values.min()} to {values.max()}")
    counts = np.bincount(labels * classes + predictions, minlength=classes * classes)
    return counts.reshape(classes, classes).astype(np.int64)


def class_accuracies(confusion: NDArray[np.int64]) -> tuple[Accuracy | None, ...]:
    """Accuracy among the examples of each class (its recall); None for a class without examples."""
    totals = confusion.sum(axis=1)
    return tuple(
        Accuracy(correct=int(right), total=int(total)) if total else None
        for right, total in zip(np.diagonal(confusion), totals, strict=True)
    )


def _check_pairs(labels: Labels, predictions: Labels) -> None:
    if labels.ndim != 1 or labels.shape != predictions.shape or labels.size == 0:
        raise BadInput(f"labels of shape {list(labels.shape)} and predictions of {list(predictions.shape)} do not pair")
