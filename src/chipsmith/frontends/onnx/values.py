"""What a tensor of an ONNX network is while it is lowered: integers of the graph, or a constant, and what they mean.

A value's `shape` is the ONNX tensor's. The graph's tensor holds its axes in the order `axes`, as numpy.transpose
takes it: a TRANSPOSE costs nothing until an operator asks for another order.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from chipsmith.frontends.onnx.scales import Reals
from chipsmith.tosa.graph import Array

Axes: TypeAlias = tuple[int, ...]
Shape: TypeAlias = tuple[int, ...]

INT8_VALUES: npt.NDArray[np.int64] = np.arange(-128, 128, dtype=np.int64)


@dataclass(frozen=True, kw_only=True)
class GraphValue:
    """A tensor of the graph that stands for an ONNX tensor of `shape`."""

    tensor: str
    shape: Shape
    axes: Axes

    @property
    def graph_shape(self) -> Shape:
        """The shape of the graph's tensor."""
        return tuple(self.shape[axis] for axis in self.axes)

    @property
    def natural(self) -> bool:
        """Whether the graph's tensor has the axes in ONNX's order."""
        return self.axes == tuple(range(len(self.axes)))


@dataclass(frozen=True, kw_only=True)
class PendingInput(GraphValue):
    """A float input of the network, of which nothing in the graph stands yet: its first QuantizeLinear makes it."""


@dataclass(frozen=True, kw_only=True)
class Integers(GraphValue):
    """Integers that the network itself counts as such: what a QuantizeLinear gives, or indices.

    int8 with `offset` 128 where ONNX has uint8 (int8 value = uint8 value - 128), else `offset` 0; or int32.
    """

    offset: int = 0


@dataclass(frozen=True, kw_only=True)
class AffineInt8(GraphValue):
    """int8: real = (q - zero_point) * scale."""

    scale: float
    zero_point: int

    @property
    def real(self) -> npt.NDArray[np.float32]:
        """What each of the 256 int8 values stands for, in the float32 arithmetic of DequantizeLinear."""
        return (INT8_VALUES - self.zero_point).astype(np.float32) * np.float32(self.scale)


@dataclass(frozen=True, kw_only=True)
class Lut(GraphValue):
    """A function of one int8 tensor, not computed yet: `real` is its float32 value for each of the 256 int8 values."""

    real: npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Acc32(GraphValue):
    """int32: real = q * scale, then limited to `low` ... `high`.

    `scale` and `bound` (the greatest magnitude of q) have one element, or one for each index of the graph tensor's
    last axis.
    """

    scale: Reals
    bound: Reals
    low: float = -np.inf
    high: float = np.inf

    @property
    def reach(self) -> float:
        """The greatest magnitude of the real values."""
        return float(np.max(self.scale * self.bound))


@dataclass(frozen=True, kw_only=True)
class Const:
    """A constant in ONNX's layout and type."""

    values: npt.NDArray[Any]

    @property
    def shape(self) -> Shape:
        """The constant's shape."""
        return tuple(self.values.shape)


@dataclass(frozen=True, kw_only=True)
class QuantisedConst:
    """A constant: real = (integers - zero_point) * scale, int64 integers from int8, uint8 or int32.

    `scale` and `zero_point` are flat: one element, or one for each index of `axis`.
    """

    integers: npt.NDArray[np.int64]
    scale: Reals
    zero_point: npt.NDArray[np.int64]
    axis: int

    @property
    def shape(self) -> Shape:
        """The constant's shape."""
        return tuple(self.integers.shape)

    @property
    def real(self) -> Reals:
        """The constant's real values."""
        spread = [1] * self.integers.ndim
        if self.scale.size > 1:
            spread[self.axis] = -1
        zero_point, scale = self.zero_point.reshape(spread), self.scale.reshape(spread)
        return np.asarray((self.integers - zero_point) * scale)


Value: TypeAlias = PendingInput | Integers | AffineInt8 | Lut | Acc32 | Const | QuantisedConst
Computed: TypeAlias = AffineInt8 | Lut | Acc32
AnyGraphValue = TypeVar("AnyGraphValue", bound=GraphValue)


def permute(value: AnyGraphValue, perm: Axes) -> AnyGraphValue:
    """The value of ONNX's Transpose: axis i is the value's axis perm[i]; the graph's tensor stays."""
    back = {axis: index for index, axis in enumerate(perm)}
    return replace(
        value, shape=tuple(value.shape[axis] for axis in perm), axes=tuple(back[axis] for axis in value.axes)
    )


def dequantize_const(value: Const | QuantisedConst) -> Array:
    """The real values of a constant."""
    return value.values if isinstance(value, Const) else value.real
