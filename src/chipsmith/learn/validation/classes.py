"""What a classifier confuses, and whether its confidence can be trusted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chipsmith.errors import BadInput
from chipsmith.shown import Shown

Labels = NDArray[np.int64]
Logits = NDArray[np.float32]

BINS = 10


@dataclass(frozen=True, kw_only=True)
class Bin(Shown):
    """The answers whose confidence is above `low` and up to `high`: their number, mean confidence, accuracy."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, kw_only=True)
class Calibration(Shown):
    """The reliability table of a classifier, bins without answers left out, and its expected calibration error.

    The error is the mean over all answers of |accuracy - confidence| of their bin. Source: C. Guo and others: On
    calibration of modern neural networks, ICML 2017.
    """

    bins: tuple[Bin, ...]
    error: float


def softmax(logits: Logits) -> NDArray[np.float64]:
    """Probabilities along the last axis."""
    wide = logits.astype(np.float64)
    powers = np.exp(wide - wide.max(axis=-1, keepdims=True))
    shares: NDArray[np.float64] = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def confusion_matrix(labels: Labels, predictions: Labels, *, classes: int) -> NDArray[np.int64]:
    """Counts (classes, classes) int64: row = true class, column = predicted class. Raises BadInput."""
    if labels.shape != predictions.shape or labels.ndim != 1 or not len(labels):
        raise BadInput(f"labels {list(labels.shape)} and predictions {list(predictions.shape)} must be as many")
    for values in (labels, predictions):
        if not 0 <= values.min() <= values.max() < classes:
            raise BadInput(f"classes must be from 0 to {classes - 1}, not {values.min()} to {values.max()}")
    counts = np.bincount(labels * classes + predictions, minlength=classes * classes)
    return counts.reshape(classes, classes).astype(np.int64)


def calibration(confidences: NDArray[np.float64], right: NDArray[np.bool_]) -> Calibration:
    """The reliability table, in bins of equal width, of n answers with their confidence and whether they are right."""
    places = np.clip(np.ceil(confidences * BINS).astype(int) - 1, 0, BINS - 1)
    bins = tuple(_bin(place, confidences[places == place], right[places == place]) for place in np.unique(places))
    error = sum(interval.count * abs(interval.accuracy - interval.confidence) for interval in bins) / len(confidences)
    return Calibration(bins=bins, error=error)


def _bin(place: int, confidences: NDArray[np.float64], right: NDArray[np.bool_]) -> Bin:
    return Bin(
        low=int(place) / BINS,
        high=(int(place) + 1) / BINS,
        count=len(confidences),
        confidence=float(confidences.mean()),
        accuracy=float(right.mean()),
    )
