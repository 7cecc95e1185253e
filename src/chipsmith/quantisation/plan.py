"""The noun QuantisationPlan: which tensors of a float network are rounded to integers, and to which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from chipsmith.shown import Shown

Reals: TypeAlias = npt.NDArray[np.float64]

INT8_WIDTH, INT16_WIDTH = 8, 16
"""Widths in bits that a tensor of a plan may have."""


@dataclass(frozen=True, kw_only=True)
class Quantisation(Shown):
    """The integers of one tensor: real = (q - zero_point) * scale, q signed and `width` bits wide.

    `scale` and `zero_point` are flat: of one element, or of one for each index of `axis` of the graph's tensor
    (constants alone have several). Activations of 16 bits have zero point 0.
    """

    scale: Reals
    zero_point: npt.NDArray[np.int64]
    width: int = INT8_WIDTH
    axis: int = 0

    @property
    def limits(self) -> tuple[int, int]:
        """The least and the greatest integer."""
        return -(1 << (self.width - 1)), (1 << (self.width - 1)) - 1


@dataclass(frozen=True, kw_only=True)
class QuantisationPlan(Shown):
    """By name, the tensors of a float graph whose values are rounded, and their integers.

    Rounding is part of the network's meaning: every reader of a tensor of the plan sees its rounded values. A tensor
    outside of it keeps what it is computed in: int32, or a table's entries. Constants in it are weights, at most int8;
    one that a product needs and the plan leaves out gets the symmetric scales of its own values.
    """

    tensors: Mapping[str, Quantisation]


def quantise_tensor(scale: float, zero_point: int, *, width: int = INT8_WIDTH) -> Quantisation:
    """The quantisation of an activation, which has a single scale."""
    return Quantisation(scale=np.array([scale], np.float64), zero_point=np.array([zero_point], np.int64), width=width)
