"""A random graph in the making: what is there to choose from, and RESCALE between types.

Each int32 tensor carries a bound of its magnitude, so that no sum, product or RESCALE leaves what TOSA defines.
"""

from __future__ import annotations

import math

import numpy as np
from nets import RESCALE, Net

from chipsmith.tosa.graph import DType, Graph

MOST_ELEMENTS = 1200
INT32 = 1 << 31
LARGEST = {DType.INT8: 128, DType.INT16: 32768, DType.BOOL: 1}
SCALED_LARGEST = 1 << 29
"""What a RESCALE to int32 may reach: a multiplier of 31 bits then keeps TOSA's bound of the value."""


class Draw:
    """A graph in the making: tensors that are there, how large they get, and how another operator joins them."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        shapes = {f"x{number}": self._input_shape() for number in range(int(rng.integers(1, 4)))}
        self.net = Net(**shapes)
        self.bounds: dict[str, int] = {}
        self.pool = list(shapes)

    def finish(self) -> Graph:
        """The graph; its outputs are what nothing reads, and now and then another tensor."""
        read = {name for op in self.net.operators for name in op.inputs}
        computed = [op.outputs[0] for op in self.net.operators]
        outputs = [name for name in computed if name not in read or self.chance(0.1)]
        return self.net.graph(*outputs)

    # --- choices ----------------------------------------------------------------------------------------------------

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def upto(self, most: int) -> int:
        return int(self.rng.integers(1, most + 1))

    def _input_shape(self) -> tuple[int, ...]:
        if self.chance(0.2):
            return tuple(self.upto(12) for _ in range(self.upto(3)))
        return (self.upto(2), self.upto(8), self.upto(8), int(self.rng.choice([1, 2, 3, 4, 5, 8, 12])))

    def shape(self, name: str) -> tuple[int, ...]:
        return self.net.tensors[name].shape

    def dtype(self, name: str) -> DType:
        return self.net.tensors[name].dtype

    def bound(self, name: str) -> int:
        return self.bounds.get(name) or LARGEST[self.dtype(name)]

    def pick(self, *dtypes: DType, below: int = INT32, least_rank: int = 1) -> str | None:
        """A tensor of one of the types, the later ones more often."""
        able = [
            name
            for name in self.pool
            if self.dtype(name) in dtypes and self.bound(name) < below and len(self.shape(name)) >= least_rank
        ]
        if not able:
            return None
        return able[int(len(able) * self.rng.random() ** 0.6)]

    def image(self) -> str | None:
        """An int8 tensor of rank 4, another rank reshaped."""
        name = self.pick(DType.INT8)
        if name is None or len(self.shape(name)) == 4:
            return name
        *outer, height, width, channels = (*(1,) * 3, *self.shape(name))
        return self.net.reshape(name, math.prod(outer), height, width, channels)

    def int8(self, *shape: int) -> str:
        """A constant."""
        return self.net.constant(self.rng.integers(-128, 128, shape), DType.INT8)

    def zero_point(self) -> int:
        return int(self.rng.choice([0, -128, 127, self.rng.integers(-128, 128)]))

    def partner(self, name: str) -> str:
        """A second operand: a tensor of the same elements (perhaps reshaped), one that broadcasts, or a constant."""
        shape, dtype = self.shape(name), self.dtype(name)
        able = [
            candidate
            for candidate in self.pool
            if self.dtype(candidate) is dtype
            and (self._spreads(candidate, shape) or math.prod(self.shape(candidate)) == math.prod(shape))
        ]
        if not able or self.chance(0.25):
            return self._constant(dtype, self._thinned(shape), self.bound(name))
        other = str(self.rng.choice(able))
        if self._spreads(other, shape):
            return other
        partner = self.net.reshape(other, *shape)
        self.bounds[partner] = self.bound(other)
        return partner

    def _constant(self, dtype: DType, shape: tuple[int, ...], bound: int) -> str:
        most = min(bound, LARGEST.get(dtype, 1 << 20) - 1)
        low = 0 if dtype is DType.BOOL else -most
        # One value everywhere is what the compiler takes for an immediate or a left shift.
        drawn = self.rng.integers(low, most + 1, shape if self.chance(0.7) else ())
        drawn = drawn if self.chance(0.8) or dtype is DType.BOOL else 1 << (np.abs(drawn) % 7)
        name = self.net.constant(np.broadcast_to(drawn, shape), dtype)
        self.bounds[name] = bound
        return name

    def _spreads(self, name: str, shape: tuple[int, ...]) -> bool:
        mine = self.shape(name)
        return len(mine) == len(shape) and all(a in (1, b) for a, b in zip(mine, shape, strict=True))

    def _thinned(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape, or with some sizes 1."""
        keep = self.rng.random()
        return tuple(size if self.chance(keep) else 1 for size in shape)

    # --- RESCALE ------------------------------------------------------------------------------------------------------

    def rescale(self, name: str, dtype: DType, *, per_channel: bool = False) -> str:
        """The tensor in another type, by a scale that uses the type's range."""
        zero_points = [self.zero_point() if each is DType.INT8 else 0 for each in (self.dtype(name), dtype)]
        bound = self.bound(name) + abs(zero_points[0])
        channels = self.shape(name)[-1] if per_channel else 1
        scales = [self._scale(bound, dtype) for _ in range(channels)]
        operands = (
            self.net.constant([multiplier for multiplier, _ in scales], DType.INT32),
            self.net.constant([shift for _, shift in scales], DType.INT8),
            self.net.constant([zero_points[0]], self.dtype(name)),
            self.net.constant([zero_points[1]], dtype),
        )
        rounding = "DOUBLE_ROUND" if self.chance(0.3) else "SINGLE_ROUND"
        attributes = RESCALE | {"per_channel": per_channel, "rounding_mode": rounding}
        rescaled = self.net.add("RESCALE", (name, *operands), self.shape(name), dtype, **attributes)
        if dtype is DType.INT32:
            self.bounds[rescaled] = max(math.ceil(bound * multiplier / 2**shift) + 1 for multiplier, shift in scales)
        return rescaled

    def _scale(self, bound: int, dtype: DType) -> tuple[int, int]:
        target = LARGEST.get(dtype) or max(bound, 1) << int(self.rng.integers(0, 20))
        factor = min(target * self.rng.uniform(0.3, 1.5), SCALED_LARGEST) / max(bound, 1)
        exponent = math.floor(math.log2(factor))
        multiplier = 1 << 30 if self.chance(0.4) else int(self.rng.integers(1 << 30, INT32))
        return multiplier, min(max(31 - exponent, 2), 62)

    def narrowed(self, name: str) -> str:
        """An int32 tensor as int8, now and then clamped; or as it is, or as int16."""
        if self.chance(0.15):
            return name
        if self.chance(0.1):
            return self.rescale(name, DType.INT16)
        narrow = self.rescale(name, DType.INT8, per_channel=self.chance(0.3) and self._is_sum_of_products(name))
        while self.chance(0.3):
            narrow = self._clamp(narrow)
        return narrow

    def _is_sum_of_products(self, name: str) -> bool:
        last = self.net.operators[-1]
        return "CONV" in last.kind and last.outputs == (name,)

    def _clamp(self, name: str) -> str:
        low, high = sorted(int(limit) for limit in self.rng.integers(-128, 128, 2))
        return self.net.add("CLAMP", (name,), self.shape(name), min_val=low, max_val=high, nan_mode="PROPAGATE")
