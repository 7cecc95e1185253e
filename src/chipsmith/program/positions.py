"""Positions that strided output steps and dilated taps reach along an axis, in closed form."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Reach:
    """The positions step*stride + tap*dilation - pad, of step < steps and tap < taps, which are at least 1."""

    steps: int
    stride: int
    taps: int
    dilation: int
    pad: int

    def within(self, limit: int) -> Positions:
        """The positions from 0 to limit - 1, rising."""
        steps, taps = self._moving
        divisor = math.gcd(self.stride if steps > 1 else 0, self.dilation if taps > 1 else 0) or 1
        stride = self.stride // divisor if steps > 1 else 1
        dilation = self.dilation // divisor if taps > 1 else 1
        positions = np.arange(-self.pad % divisor, limit, divisor, dtype=np.int64)
        sums = (positions + self.pad) // divisor
        # Which taps leave a whole number of strides, and are neither so few nor so many that the steps do not fit.
        tap = sums * pow(dilation, -1, stride) % stride
        least = np.maximum(-(((steps - 1) * stride - sums) // dilation), 0)
        greatest = np.minimum(sums // dilation, taps - 1)
        reached: Positions = positions[least + (tap - least) % stride <= greatest]
        return reached

    def last_before_zero(self) -> int | None:
        """The greatest negative position; None where there is none."""
        steps, taps = self._moving
        first = np.arange(taps, dtype=np.int64) * self.dilation - self.pad
        first = first[first < 0]
        if not len(first):
            return None
        if steps == 1:
            return int(first.max())
        return int((first + np.minimum(steps - 1, (-1 - first) // self.stride) * self.stride).max())

    @property
    def _moving(self) -> tuple[int, int]:
        """Steps and taps that stand at different places."""
        return (self.steps if self.stride else 1), (self.taps if self.dilation else 1)
