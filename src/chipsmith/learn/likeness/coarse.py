"""A coarse picture of a network's input, and how far it is from those of training."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from chipsmith.shown import Shown

Rows = NDArray[np.float64]

MOST_VALUES = 48
"""Of a coarse picture: their covariance stands in the program's file."""
_SHRINKAGE = 0.05
"""Share of the mean variance that each value of a covariance's diagonal is mixed with, so that it has an inverse."""
_DIGITS = 5


def coarse_pictures(inputs: NDArray[np.float32]) -> Rows:
    """Inputs (n, ...) of a network as means over blocks: (n, at most MOST_VALUES).

    The last two axes, or the only one, are cut into blocks of nearly the same size; features (n, k) stay as they are
    where they are few.
    """
    values = inputs.astype(np.float64)
    if values.ndim == 2:
        return values if values.shape[1] <= MOST_VALUES else _blocks(values, 1, MOST_VALUES)
    axes = list(range(max(1, values.ndim - 2), values.ndim))
    others = int(np.prod(values.shape[1 : axes[0]], dtype=np.int64))
    side = max(1, int((MOST_VALUES / max(1, others)) ** (1 / len(axes))))
    for axis in axes:
        values = _blocks(values, axis, side)
    return values.reshape(len(values), -1)


def _blocks(values: Rows, axis: int, count: int) -> Rows:
    """Means over `count` blocks along an axis (all of its places where there are fewer)."""
    ends = np.linspace(0, values.shape[axis], min(count, values.shape[axis]) + 1).astype(int)
    starts, sizes = ends[:-1], np.diff(ends)
    shape = [1] * values.ndim
    shape[axis] = len(sizes)
    return np.asarray(np.add.reduceat(values, starts, axis=axis) / sizes.reshape(shape))


class CoarseLikeness(Shown, BaseModel):
    """Coarse pictures of training: the mean of each class and the inverse of the covariance about these.

    The distance is Mahalanobis's to the nearest class. Source: K. Lee and others: A simple unified framework for
    detecting out-of-distribution samples and adversarial attacks, NeurIPS 2018, on coarse inputs instead of features.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    means: tuple[tuple[float, ...], ...]
    upper: tuple[float, ...]

    @classmethod
    def fit(cls, pictures: Rows, labels: NDArray[np.int64]) -> Self:
        """Of the coarse pictures (n, k) of training and their classes (n)."""
        means = np.stack([pictures[labels == label].mean(axis=0) for label in np.unique(labels)])
        centred = pictures - means[np.searchsorted(np.unique(labels), labels)]
        covariance = centred.T @ centred / len(centred)
        width = len(covariance)
        variance = np.trace(covariance) / width or 1.0
        mixed = (1 - _SHRINKAGE) * covariance + _SHRINKAGE * variance * np.eye(width)
        inverse = np.linalg.inv(mixed)
        return cls(
            means=tuple(tuple(map(_rounded, row)) for row in means.tolist()),
            upper=tuple(map(_rounded, inverse[np.triu_indices(width)].tolist())),
        )

    def distances(self, pictures: Rows) -> Rows:
        """The distance of each of n coarse pictures (n, k) to the nearest class, as a deviation a value: (n)."""
        means = np.array(self.means)
        width = means.shape[1]
        inverse = np.zeros((width, width))
        inverse[np.triu_indices(width)] = self.upper
        inverse = inverse + inverse.T - np.diag(np.diag(inverse))
        apart = pictures[:, None, :] - means[None]
        squares = np.einsum("ncw,wv,ncv->nc", apart, inverse, apart)
        return np.asarray(np.sqrt(np.maximum(squares.min(axis=1), 0) / width))


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
