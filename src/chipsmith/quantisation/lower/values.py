"""What a tensor of a float graph is while it is lowered: integers of the graph in the making, and what they mean.

Axes are those of the float graph. All tensors named here are of the integer graph.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from chipsmith.quantisation.plan import Quantisation, Reals, quantise_tensor
from chipsmith.tosa.builder import Shape

INT8_VALUES: npt.NDArray[np.int64] = np.arange(-128, 128, dtype=np.int64)
KNOTS: npt.NDArray[np.int64] = (np.arange(513, dtype=np.int64) - 256) * 128
"""The int16 values for which a TABLE of int16 has its entries; the last is beyond int16."""
INT16_REACH = 32768.0


@dataclass(frozen=True, kw_only=True)
class Int8Value:
    """int8: real = (q - zero_point) * scale."""

    tensor: str
    scale: float
    zero_point: int

    @property
    def real(self) -> npt.NDArray[np.float32]:
        """What each of the 256 integers stands for, in float32."""
        return (INT8_VALUES - self.zero_point).astype(np.float32) * np.float32(self.scale)

    @property
    def bound(self) -> float:
        """The greatest magnitude of q - zero_point."""
        return float(max(128 + self.zero_point, 127 - self.zero_point))


@dataclass(frozen=True, kw_only=True)
class Int16Value:
    """int16: real = q * scale."""

    tensor: str
    scale: float

    @property
    def real(self) -> npt.NDArray[np.float32]:
        """What each of the 513 knots of an int16 table stands for, in float32."""
        return KNOTS.astype(np.float32) * np.float32(self.scale)


@dataclass(frozen=True, kw_only=True)
class Tabulated:
    """A function of the int8 or int16 tensor `root`, element by element, not computed yet.

    `real` holds its results: float32 or bool, for the 256 integers of int8, or float32 for the 513 knots of int16,
    between which it is interpolated.
    """

    root: str
    real: npt.NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class Int32Value:
    """int32: real = q * scale, then limited to `low` ... `high`.

    `scale` and `bound` (the greatest magnitude of q) have one element, or one for each index of the last axis.
    `tensor` may still have another shape than `shape`, with the same elements, and the same last axis where scales
    differ by it.
    """

    tensor: str
    shape: Shape
    scale: Reals
    bound: Reals
    low: float = -np.inf
    high: float = np.inf

    @property
    def reach(self) -> float:
        """The greatest magnitude of the real values."""
        return min(float(np.max(self.scale * self.bound)), max(abs(self.low), abs(self.high)))


@dataclass(frozen=True, kw_only=True)
class IndexValue:
    """int32 integers that the network itself counts with; `bound` is their greatest magnitude."""

    tensor: str
    bound: float


@dataclass(frozen=True, kw_only=True)
class MaskValue:
    """A tensor of bool."""

    tensor: str


@dataclass(frozen=True, kw_only=True)
class ConstantValue:
    """A constant of the float graph: its name there if it has one, and its data."""

    data: npt.NDArray[Any]
    name: str = ""


RealValue: TypeAlias = Int8Value | Int16Value | Tabulated | Int32Value
"""Stands for real numbers that the graph computes."""
Value: TypeAlias = RealValue | IndexValue | MaskValue | ConstantValue

INT32_WIDTH = 32


def quantisation_of(value: Value) -> Quantisation | None:
    """The scale and zero point of a value that is a tensor of integers as it stands; None for any other value."""
    match value:
        case Int8Value(scale=scale, zero_point=zero_point):
            return quantise_tensor(scale, zero_point)
        case Int16Value(scale=scale):
            return quantise_tensor(scale, 0, width=16)
        case Int32Value(scale=scales, low=low, high=high) if scales.size == 1 and not np.isfinite([low, high]).any():
            return quantise_tensor(float(scales[0]), 0, width=INT32_WIDTH)
        case _:
            return None
