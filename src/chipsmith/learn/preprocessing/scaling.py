"""The step that brings numbers to a common scale."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from pydantic import Field

from chipsmith.learn.preprocessing.step import ArrayStep, Values

SMALLEST_STD = 1e-6
"""A feature that varies less, as a share of its mean where that is above 1, is constant: it is only centred."""


class Standardise(ArrayStep):
    """(x - mean) / std in float32; `mean` and `std` are one number each, or one for each index along `axis`.

    `axis` counts within an example: 0 is the channel of an image.
    """

    kind: Literal["standardise"] = "standardise"
    mean: tuple[float, ...] = Field(min_length=1)
    std: tuple[float, ...] = Field(min_length=1)
    axis: int = 0

    def apply(self, values: Values) -> Values:
        """As ArrayStep.apply."""
        wide = values.astype(np.float32)
        return (wide - self._along(self.mean, wide.ndim)) / self._along(self.std, wide.ndim)

    def undo(self, values: Values) -> Values:
        """The values (n, ...) that `apply` made these of."""
        wide = values.astype(np.float32)
        return wide * self._along(self.std, wide.ndim) + self._along(self.mean, wide.ndim)

    def _along(self, numbers: tuple[float, ...], dimensions: int) -> Values:
        shape = [1] * dimensions
        shape[1 + self.axis] = len(numbers)
        return np.array(numbers, np.float32).reshape(shape)

    @classmethod
    def fit(cls, values: Values, *, axis: int) -> Self:
        """Mean and standard deviation of examples (n, ...), one for each index along `axis` of an example.

        NaN (the padding of series) does not count.
        """
        others = tuple(index for index in range(values.ndim) if index != 1 + axis)
        wide = values.astype(np.float64)
        mean, std = np.nanmean(wide, axis=others), np.nanstd(wide, axis=others)
        constant = std <= SMALLEST_STD * np.maximum(1.0, np.abs(mean))
        return cls(mean=tuple(mean.tolist()), std=tuple(np.where(constant, 1.0, std).tolist()), axis=axis)
