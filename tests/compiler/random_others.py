"""Random operators that need several instructions, and forms of CAST and RESCALE that networks seldom hold."""

from __future__ import annotations

import math

from drawing import INT32, LARGEST, MOST_ELEMENTS, SCALED_LARGEST
from nets import RESCALE
from random_windows import WindowDraw

from chipsmith.tosa.graph import DType

NARROW = (DType.INT8, DType.INT16)
ANY = (*NARROW, DType.INT32, DType.BOOL)


class OtherDraw(WindowDraw):
    """PAD, TILE, SELECT, ARGMAX, RESIZE, NEGATE, LOGICAL_NOT, CAST, RESCALE by channel, unsigned or by 16 bits."""

    def padded(self) -> str | None:
        a = self.pick(*ANY)
        if a is None:
            return None
        widths = [int(self.rng.choice([0, 0, 1, 2])) for _ in range(2 * len(self.shape(a)))]
        shape = tuple(size + sum(widths[2 * axis : 2 * axis + 2]) for axis, size in enumerate(self.shape(a)))
        if math.prod(shape) > MOST_ELEMENTS:
            return None
        value = self._constant(self.dtype(a), (1,), self.bound(a))
        return self._moved("PAD", (a, self.net.shape(*widths), value), shape)

    def tiled(self) -> str | None:
        a = self.pick(*ANY)
        if a is None:
            return None
        multiples = [int(self.rng.choice([1, 1, 2, 3])) for _ in self.shape(a)]
        shape = tuple(size * many for size, many in zip(self.shape(a), multiples, strict=True))
        return None if math.prod(shape) > MOST_ELEMENTS else self._moved("TILE", (a, self.net.shape(*multiples)), shape)

    def _moved(self, kind: str, operands: tuple[str, ...], shape: tuple[int, ...]) -> str:
        """An operator that gives elements of its first operand."""
        output = self.net.add(kind, operands, shape, self.dtype(operands[0]))
        if self.dtype(output) is DType.INT32:
            self.bounds[output] = self.bound(operands[0])
        return output

    def selected(self) -> str | None:
        a, condition = self.pick(*ANY), self.pick(DType.BOOL)
        if a is None:
            return None
        if condition is None or not self._spreads(condition, self.shape(a)):
            condition = self._constant(DType.BOOL, self._thinned(self.shape(a)), 1)
        b = self.partner(a)
        operands = (condition, a, b) if self.chance(0.5) else (condition, b, a)
        output = self.net.add("SELECT", operands, self.shape(a), self.dtype(a))
        if self.dtype(a) is DType.INT32:
            self.bounds[output] = max(self.bound(a), self.bound(b))
        return output

    def argmax(self) -> str | None:
        a = self.pick(DType.INT8, least_rank=2)
        if a is None:
            return None
        shape, axis = self.shape(a), int(self.rng.integers(len(self.shape(a))))
        kept = (*shape[:axis], *shape[axis + 1 :])
        output = self.net.add("ARGMAX", (a,), kept, DType.INT32, axis=axis, nan_mode="PROPAGATE")
        self.bounds[output] = shape[axis]
        return output

    def resized(self) -> str | None:
        a = self.image()
        if a is None:
            return None
        images, height, width, channels = self.shape(a)
        y, x = self._resized_axis(height), self._resized_axis(width)
        shape = (images, y["out"], x["out"], channels)
        if math.prod(shape) > MOST_ELEMENTS:
            return None
        scale = (y["numerator"], y["denominator"], x["numerator"], x["denominator"])
        pairs = (self.net.shape(y[name], x[name]) for name in ("offset", "border"))
        operands = (a, self.net.shape(*scale), *pairs)
        if self.chance(0.5):
            return self.net.add("RESIZE", operands, shape, mode="NEAREST")
        output = self.net.add("RESIZE", operands, shape, DType.INT32, mode="BILINEAR")
        self.bounds[output] = 128 * y["numerator"] * x["numerator"]
        return self.narrowed(output)

    def _resized_axis(self, size: int) -> dict[str, int]:
        while True:
            numerator, denominator = self.upto(4), self.upto(4)
            offset = int(self.rng.integers(-numerator, numerator + 1))
            border = int(self.rng.integers(-2 * numerator, numerator))
            span = (size - 1) * numerator - offset + border
            if span >= 0 and span % denominator == 0:
                out = span // denominator + 1
                return {
                    "numerator": numerator,
                    "denominator": denominator,
                    "offset": offset,
                    "border": border,
                    "out": out,
                }

    def negated(self) -> str | None:
        a = self.pick(*NARROW, DType.INT32)
        if a is None:
            return None
        zero_points = [self.zero_point() if self.dtype(a) is DType.INT8 else 0 for _ in range(2)]
        return self._moved(
            "NEGATE",
            (a, *(self.net.constant([zero_point], self.dtype(a)) for zero_point in zero_points)),
            self.shape(a),
        )

    def inverted(self) -> str | None:
        a = self.pick(DType.BOOL)
        return None if a is None else self.net.add("LOGICAL_NOT", (a,), self.shape(a), DType.BOOL)

    def cast(self) -> str | None:
        """To any other type: sign-extended, truncated, or whether not zero."""
        a = self.pick(*ANY, below=INT32 + 1)
        if a is None:
            return None
        dtype = [other for other in ANY if other is not self.dtype(a)][int(self.rng.integers(3))]
        output = self.net.add("CAST", (a,), self.shape(a), dtype)
        if dtype is DType.INT32:
            self.bounds[output] = self.bound(a)
        return output

    def rescaled_by_channel(self) -> str | None:
        a = self.pick(*NARROW, DType.INT32, below=SCALED_LARGEST)
        return None if a is None else self.rescale(a, DType.INT8, per_channel=True)

    def rescaled_unsigned(self) -> str | None:
        """From or to unsigned 8 or 16 bits; nothing reads an unsigned result on, for it is no number of its type."""
        a = self.pick(*NARROW)
        if a is None:
            return None
        unsigned_input = self.chance(0.5)
        dtype = NARROW[int(self.rng.integers(2))]
        largest = 2 * LARGEST[self.dtype(a)]
        factor = LARGEST[dtype] / largest * self.rng.uniform(0.2, 2)
        shift = 30 - math.floor(math.log2(factor))
        zero_points = [
            self._unsigned_zero_point(operand, unsigned)
            for operand, unsigned in ((self.dtype(a), unsigned_input), (dtype, not unsigned_input))
        ]
        operands = (
            self.net.constant([int(self.rng.integers(1 << 30, INT32))], DType.INT32),
            self.net.constant([shift]),
            self.net.constant([zero_points[0]], self.dtype(a)),
            self.net.constant([zero_points[1]], dtype),
        )
        attributes = RESCALE | {"input_unsigned": unsigned_input, "output_unsigned": not unsigned_input}
        output = self.net.add("RESCALE", (a, *operands), self.shape(a), dtype, **attributes)
        return output if unsigned_input else None

    def _unsigned_zero_point(self, dtype: DType, unsigned: bool) -> int:
        if dtype is DType.INT8:
            return self.zero_point()
        # 32768 of unsigned 16 bits has the bits of -32768.
        return -32768 if unsigned and self.chance(0.5) else 0

    def rescaled_by_16_bits(self) -> str | None:
        a = self.pick(*NARROW, DType.INT32, below=1 << 24)
        if a is None:
            return None
        zero_points = [self.zero_point() if operand is DType.INT8 else 0 for operand in (self.dtype(a), DType.INT8)]
        factor = 128 / self.bound(a) * self.rng.uniform(0.3, 1.5)
        operands = (
            self.net.constant([int(self.rng.integers(1 << 14, 1 << 15))], DType.INT16),
            self.net.constant([max(15 - math.floor(math.log2(factor)), 2)]),
            self.net.constant([zero_points[0]], self.dtype(a)),
            self.net.constant([zero_points[1]]),
        )
        return self.net.add("RESCALE", (a, *operands), self.shape(a), **(RESCALE | {"scale32": False}))
