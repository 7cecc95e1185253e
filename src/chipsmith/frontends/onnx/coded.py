"""Values of a quantised network: integers of an activation, and constants whose integers are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chipsmith.frontends.forms.values import Const, GraphValue
from chipsmith.quantisation.plan import Quantisation, Reals


@dataclass(frozen=True, kw_only=True)
class Coding:
    """How the integers of one activation stand for reals: real = (q - zero_point) * scale, q signed.

    The author's own integers are q + `offset`: 128 or 32768 where they are unsigned.
    """

    scale: float
    zero_point: int
    width: int
    offset: int

    @property
    def quantisation(self) -> Quantisation:
        """The same as an entry of a plan."""
        return Quantisation(
            scale=np.array([self.scale], np.float64),
            zero_point=np.array([self.zero_point], np.int64),
            width=self.width,
        )


@dataclass(frozen=True, kw_only=True)
class CodedTensor:
    """The integers that a QuantizeLinear gives; `real` is the graph's rounded tensor that they stand for."""

    real: GraphValue
    coding: Coding

    @property
    def shape(self) -> tuple[int, ...]:
        """The author's shape."""
        return self.real.shape


@dataclass(frozen=True, kw_only=True)
class CodedConst(Const):
    """A constant of a quantised network as reals: each is (q - zero_point) * scale, q signed."""

    scale: Reals
    zero_point: npt.NDArray[np.int64]
