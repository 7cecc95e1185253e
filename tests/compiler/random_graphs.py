"""Random legal TOSA graphs and chips: all that a quantised network may hold, in no network's order.

Each int32 tensor carries a bound of its magnitude, so that no sum, product or RESCALE leaves what TOSA defines.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
from nets import CONV, RESCALE, Net

from chipsmith.chip import Chip, load_chip, override_chip
from chipsmith.tosa.graph import Array, DType, Graph

MOST_ELEMENTS = 1200
INT32 = 1 << 31
LARGEST = {DType.INT8: 128, DType.INT16: 32768, DType.BOOL: 1}
SCALED_LARGEST = 1 << 29
"""What a RESCALE to int32 may reach: a multiplier of 31 bits then keeps TOSA's bound of the value."""


def random_graph(seed: int, *, operators: int | None = None) -> Graph:
    """A verified graph of at least so many operators (5 to 25 by default); all that nothing reads is an output."""
    draw = Draw(np.random.default_rng(seed))
    wanted = operators or int(draw.rng.integers(5, 26))
    while len(draw.net.operators) < wanted:
        draw.grow()
    return draw.finish()


def random_arrays(graph: Graph, *, inferences: int, seed: int) -> dict[str, Array]:
    """Inputs of so many inferences: (inferences, *shape), the extremes of int8 among them."""
    rng = np.random.default_rng(seed)
    return {
        name: rng.choice(np.array([-128, 127, *range(-128, 128)], np.int8), (inferences, *graph.tensor(name).shape))
        for name in graph.inputs
    }


def random_chip(seed: int) -> Chip:
    """nano-64 with other sizes everywhere; its memory is small, see `larger`."""
    rng = np.random.default_rng(seed)
    rows, lanes = 1 << int(rng.integers(2, 7)), 1 << int(rng.integers(1, 7))
    settings = {
        "name": f"random-{seed}",
        "tensor.rows": rows,
        "tensor.columns": 1 << int(rng.integers(2, 7)),
        "tensor.tile_pixels": 1 << int(rng.integers(3, 7)),
        "vector.lanes": lanes,
        "vector.multiplier_lanes": min(lanes, 1 << int(rng.integers(5))),
        "vector.table_lanes": min(lanes, 1 << int(rng.integers(4))),
        "memory.groups": int(rng.integers(2, 16)),
        "memory.group_bytes": max(16 * rows, 1 << int(rng.integers(8, 13))),
        "instructions.page_instructions": 1 << int(rng.integers(1, 7)),
        "external.latency_cycles": int(rng.integers(1, 200)),
        "external.bytes_per_cycle": min(rows, 1 << int(rng.integers(6))),
    }
    return override_chip(load_chip("nano-64"), {name: str(value) for name, value in settings.items()})


def larger(chip: Chip) -> Chip:
    """The chip with twice the memory."""
    return override_chip(chip, {"name": chip.name, "memory.group_bytes": str(2 * chip.memory.group_bytes)})


class Draw:
    """A graph in the making: tensors that are there, how large they get, and how another operator joins them."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        shapes = {f"x{at}": self._input_shape() for at in range(int(rng.integers(1, 4)))}
        self.net = Net(**shapes)
        self.bounds: dict[str, int] = {}
        self.pool = list(shapes)

    def grow(self) -> None:
        """Add an operator, with the RESCALEs that it needs; nothing where the drawn one fits no tensor."""
        names, weights = zip(*KINDS.items(), strict=True)
        at = self.rng.choice(len(names), p=np.array(weights) / sum(weights))
        if (made := names[at](self)) is not None:
            self.pool.append(made)

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
        shape = self.shape(name)
        return self.net.reshape(name, *(1,) * (4 - len(shape)), *shape)

    def int8(self, *shape: int) -> str:
        """A constant."""
        return self.net.constant(self.rng.integers(-128, 128, shape), DType.INT8)

    def zero_point(self) -> int:
        return int(self.rng.choice([0, -128, 127, self.rng.integers(-128, 128)]))

    def partner(self, name: str) -> str:
        """A second operand: a tensor of the same elements (perhaps reshaped), one that broadcasts, or a constant."""
        shape, dtype = self.shape(name), self.dtype(name)
        able = [
            one
            for one in self.pool
            if self.dtype(one) is dtype
            and (self._spreads(one, shape) or math.prod(self.shape(one)) == math.prod(shape))
        ]
        if not able or self.chance(0.25):
            return self._constant(dtype, self._thinned(shape), self.bound(name))
        other = str(self.rng.choice(able))
        if self._spreads(other, shape):
            return other
        made = self.net.reshape(other, *shape)
        self.bounds[made] = self.bound(other)
        return made

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
        zero_points = [self.zero_point() if one is DType.INT8 else 0 for one in (self.dtype(name), dtype)]
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
        made = self.net.add("RESCALE", (name, *operands), self.shape(name), dtype, **attributes)
        if dtype is DType.INT32:
            self.bounds[made] = max(math.ceil(bound * multiplier / 2**shift) + 1 for multiplier, shift in scales)
        return made

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
        made = self.rescale(name, DType.INT8, per_channel=self.chance(0.3) and self._is_sum_of_products(name))
        while self.chance(0.3):
            made = self._clamp(made)
        return made

    def _is_sum_of_products(self, name: str) -> bool:
        return self.net.operators[-1].kind in ("CONV2D", "DEPTHWISE_CONV2D") and self.net.operators[-1].outputs == (
            name,
        )

    def _clamp(self, name: str) -> str:
        low, high = sorted(int(one) for one in self.rng.integers(-128, 128, 2))
        return self.net.add("CLAMP", (name,), self.shape(name), min_val=low, max_val=high, nan_mode="PROPAGATE")

    # --- tensor operators ---------------------------------------------------------------------------------------------

    def convolution(self) -> str | None:
        return self._convolution("CONV2D")

    def depthwise(self) -> str | None:
        return self._convolution("DEPTHWISE_CONV2D")

    def _convolution(self, kind: str) -> str | None:
        source = self.image()
        if source is None:
            return None
        images, height, width, channels = self.shape(source)
        outputs = channels if kind == "DEPTHWISE_CONV2D" else self.upto(12)
        # A dilated window of DEPTHWISE_CONV2D must fit the rows of the array; the smallest has 4.
        dilations = (1,) if kind == "DEPTHWISE_CONV2D" else (1, 1, 2, 3)
        rows, columns = self._window(height, dilations), self._window(width, dilations)
        out = (images, rows["out"], columns["out"], outputs)
        if math.prod(out) > MOST_ELEMENTS:
            return None
        kernel = (rows["kernel"], columns["kernel"])
        weights = (
            self.int8(*kernel, channels, 1) if kind == "DEPTHWISE_CONV2D" else self.int8(outputs, *kernel, channels)
        )
        bias = self.rng.integers(-5000, 5000, outputs if self.chance(0.8) else 1) * self.chance(0.8)
        operands = (
            source,
            weights,
            self.net.constant(bias, DType.INT32),
            self.net.constant([self.zero_point()]),
            self.net.constant([self.zero_point() if self.chance(0.3) else 0]),
        )
        windows = {
            "pad": (*rows["pad"], *columns["pad"]),
            "stride": (rows["stride"], columns["stride"]),
            "dilation": (rows["dilation"], columns["dilation"]),
        }
        made = self.net.add(kind, operands, out, DType.INT32, **{**CONV, **windows})
        self.bounds[made] = math.prod(kernel) * channels * 255 * 255 + 5000
        return self.narrowed(made)

    def residual(self) -> str | None:
        """A sum of two tensors of one shape, one at least a convolution of the other's input or of the other."""
        source = self.image()
        if source is None or math.prod(self.shape(source)) > MOST_ELEMENTS:
            return None
        sides = [self._same_size_convolution(source), source]
        if self.chance(0.4):
            sides[1] = self._same_size_convolution(source)
        if self.chance(0.3):
            self.pool.extend(sides)
        wide = [self.rescale(one, DType.INT32) for one in (sides if self.chance(0.5) else sides[::-1])]
        made = self.net.add("ADD", wide, self.shape(source), DType.INT32)
        self.bounds[made] = self.bound(wide[0]) + self.bound(wide[1])
        return self.narrowed(made)

    def _same_size_convolution(self, source: str) -> str:
        channels, size = self.shape(source)[3], int(self.rng.choice([1, 3]))
        weights = self.int8(channels, size, size, channels)
        bias = self.net.constant(self.rng.integers(-5000, 5000, channels), DType.INT32)
        operands = (source, weights, bias, self.net.constant([self.zero_point()]), self.net.constant([0]))
        made = self.net.add("CONV2D", operands, self.shape(source), DType.INT32, **{**CONV, "pad": (size // 2,) * 4})
        self.bounds[made] = size * size * channels * 255 * 128 + 5000
        narrow = self.rescale(made, DType.INT8, per_channel=self.chance(0.3))
        return self._clamp(narrow) if self.chance(0.4) else narrow

    def _window(self, size: int, dilations: tuple[int, ...]) -> dict[str, int | tuple[int, int]]:
        """One axis of a convolution whose stride ends exactly at the padded input's end."""
        while True:
            kernel, stride = (int(self.rng.choice([1, 1, 2, 3])) for _ in range(2))
            dilation = int(self.rng.choice(dilations))
            before, after = (int(self.rng.choice([0, 0, 1, 2])) for _ in range(2))
            left = size - 1 + before + after - (kernel - 1) * dilation
            if left >= 0 and left % stride == 0:
                return {
                    "kernel": kernel,
                    "stride": stride,
                    "dilation": dilation,
                    "pad": (before, after),
                    "out": left // stride + 1,
                }

    def matmul(self) -> str | None:
        source = self.pick(DType.INT8)
        if source is None:
            return None
        shape = self.shape(source)
        batch = self.shape(source)[0] if len(shape) == 3 else 1
        inner = shape[-1]
        height = math.prod(shape) // batch // inner
        width = self.upto(10)
        a = source if len(shape) == 3 else self.net.reshape(source, batch, height, inner)
        b = self._right_factor(a, width)
        width = self.shape(b)[2]
        if batch * height * width > MOST_ELEMENTS:
            return None
        zero_points = (self.net.constant([self.zero_point()]), self.net.constant([self.zero_point()]))
        made = self.net.add("MATMUL", (a, b, *zero_points), (batch, height, width), DType.INT32)
        self.bounds[made] = inner * 255 * 255
        return self.narrowed(made)

    def _right_factor(self, a: str, width: int) -> str:
        """A constant, the left factor transposed, or another tensor in the shape that is asked for."""
        batch, _, inner = self.shape(a)
        able = [
            one
            for one in self.pool
            if self.dtype(one) is DType.INT8 and math.prod(self.shape(one)) % (batch * inner) == 0
        ]
        if able and self.chance(0.4):
            other = str(self.rng.choice(able))
            wide = math.prod(self.shape(other)) // (batch * inner)
            if self.chance(0.5):
                return self.net.reshape(other, batch, inner, wide)
            return self.net.transpose(self.net.reshape(other, batch, wide, inner), 0, 2, 1)
        if self.chance(0.3):
            return self.net.transpose(a, 0, 2, 1)
        return self.int8(batch, inner, width)

    def pool_max(self) -> str | None:
        return self._pool("MAX_POOL2D", (), nan_mode="PROPAGATE")

    def pool_average(self) -> str | None:
        zero_points = (self.net.constant([self.zero_point()]), self.net.constant([self.zero_point()]))
        return self._pool("AVG_POOL2D", zero_points, acc_type="INT32")

    def _pool(self, kind: str, operands: tuple[str, ...], **attributes: str) -> str | None:
        source = self.image()
        if source is None:
            return None
        images, height, width, channels = self.shape(source)
        rows, columns = self._pooled(height), self._pooled(width)
        out = (images, rows["out"], columns["out"], channels)
        if math.prod(out) > MOST_ELEMENTS:
            return None
        return self.net.add(
            kind,
            (source, *operands),
            out,
            kernel=(rows["kernel"], columns["kernel"]),
            stride=(rows["stride"], columns["stride"]),
            pad=(*rows["pad"], *columns["pad"]),
            **attributes,
        )

    def _pooled(self, size: int) -> dict[str, int | tuple[int, int]]:
        while True:
            kernel, stride = self.upto(4), self.upto(3)
            before, after = (int(self.rng.integers(kernel)) for _ in range(2))
            left = size + before + after - kernel
            if left >= 0 and left % stride == 0:
                return {"kernel": kernel, "stride": stride, "pad": (before, after), "out": left // stride + 1}

    # --- element by element -------------------------------------------------------------------------------------------

    def quantised_binary(self) -> str | None:
        """RESCALE both, combine, RESCALE the result: how quantised networks add, multiply and compare."""
        first = self.pick(DType.INT8, DType.INT16)
        if first is None:
            return None
        a = self.rescale(first, DType.INT32)
        b = self.rescale(self.partner(first), DType.INT32)
        if self.chance(0.2):
            a, b = b, a
        made = self._combine(a, b)
        return None if made is None else self.narrowed(made)

    def binary(self) -> str | None:
        """Two int32 tensors."""
        first = self.pick(DType.INT32, below=SCALED_LARGEST)
        if first is None:
            return None
        made = self._combine(first, self.partner(first))
        return None if made is None else self.narrowed(made)

    def _combine(self, a: str, b: str) -> str | None:
        kind = str(self.rng.choice(["ADD", "ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM", "BITWISE_AND", "BITWISE_XOR"]))
        one, other = self.bound(a), self.bound(b)
        shift = int(self.rng.integers(0, 40)) if self.chance(0.4) else 0
        bounds = {
            "ADD": one + other,
            "SUB": one + other,
            "MUL": (one * other >> shift) + 1,
            "MAXIMUM": max(one, other),
            "MINIMUM": max(one, other),
        }
        bound = bounds.get(kind, 1 << max(one, other).bit_length())
        if bound >= INT32 or (shift and one * other >= 1 << 61):
            return None
        operands = (a, b, self.net.constant([shift])) if kind == "MUL" else (a, b)
        attributes = {"nan_mode": "PROPAGATE"} if kind.endswith("IMUM") else {}
        shape = tuple(max(pair) for pair in zip(self.shape(a), self.shape(b), strict=True))
        made = self.net.add(kind, operands, shape, DType.INT32, **attributes)
        self.bounds[made] = bound
        return made

    def narrow_product(self) -> str | None:
        """MUL of two int8 or two int16 tensors."""
        a = self.pick(DType.INT8, DType.INT16)
        if a is None:
            return None
        b = self.partner(a)
        shape = tuple(max(pair) for pair in zip(self.shape(a), self.shape(b), strict=True))
        made = self.net.add("MUL", (a, b, self.net.constant([0])), shape, DType.INT32)
        self.bounds[made] = self.bound(a) * self.bound(b)
        return self.narrowed(made) if self.bounds[made] < SCALED_LARGEST else made

    def bits(self) -> str | None:
        """A bitwise operator in the tensor's own type."""
        a = self.pick(DType.INT8, DType.INT16, DType.INT32)
        if a is None:
            return None
        kind = str(self.rng.choice(["BITWISE_NOT", "BITWISE_AND", "BITWISE_OR", "BITWISE_XOR"]))
        operands = (a,) if kind == "BITWISE_NOT" else (a, self.partner(a))
        return self._same_type(kind, operands, 1 << max(self.bound(one) for one in operands).bit_length())

    def shifted(self) -> str | None:
        """A shift by a constant amount, one or one for each element."""
        a = self.pick(DType.INT8, DType.INT16, DType.INT32, below=INT32)
        if a is None:
            return None
        kinds = ["LOGICAL_LEFT_SHIFT", "LOGICAL_RIGHT_SHIFT", "ARITHMETIC_RIGHT_SHIFT"]
        kind = str(self.rng.choice(kinds))
        bits = {DType.INT8: 8, DType.INT16: 16, DType.INT32: 32}[self.dtype(a)]
        amounts = self.rng.integers(0, bits, self._thinned(self.shape(a)))
        attributes = {"round": self.chance(0.5)} if kind == "ARITHMETIC_RIGHT_SHIFT" else {}
        bound = self.bound(a) if kind == "ARITHMETIC_RIGHT_SHIFT" else INT32
        return self._same_type(kind, (a, self.net.constant(amounts, self.dtype(a))), bound, **attributes)

    def unary(self) -> str | None:
        a = self.pick(DType.INT32)
        if a is None:
            return None
        kind = str(self.rng.choice(["ABS", "CLZ"]))
        return self._same_type(kind, (a,), max(self.bound(a), 32))

    def divided(self) -> str | None:
        a = self.pick(DType.INT32)
        if a is None:
            return None
        divisor = self.rng.choice([-7, -1, 1, 3, 1000], self._thinned(self.shape(a)))
        return self._same_type("INTDIV", (a, self.net.constant(divisor, DType.INT32)), self.bound(a))

    def _same_type(self, kind: str, operands: tuple[str, ...], bound: int, **attributes: bool) -> str:
        dtype = self.dtype(operands[0])
        shape = tuple(max(sizes) for sizes in zip(*(self.shape(one) for one in operands), strict=True))
        made = self.net.add(kind, operands, shape, dtype, **attributes)
        if dtype is DType.INT32:
            self.bounds[made] = min(bound, INT32)
        return made

    def compared(self) -> str | None:
        a = self.pick(DType.INT32)
        if a is None:
            return None
        b = self.partner(a)
        kind = str(self.rng.choice(["EQUAL", "GREATER", "GREATER_EQUAL"]))
        shape = tuple(max(pair) for pair in zip(self.shape(a), self.shape(b), strict=True))
        return self.net.add(kind, (a, b), shape, DType.BOOL)

    def logical(self) -> str | None:
        a = self.pick(DType.BOOL)
        if a is None:
            return None
        kind = str(self.rng.choice(["LOGICAL_AND", "LOGICAL_OR", "LOGICAL_XOR"]))
        return self._same_type(kind, (a, self.partner(a)), 1)

    def widened(self) -> str | None:
        """CAST to a wider type, or RESCALE to another."""
        a = self.pick(DType.INT8, DType.INT16)
        if a is None:
            return None
        wider = [DType.INT16, DType.INT32] if self.dtype(a) is DType.INT8 else [DType.INT8, DType.INT32]
        dtype = wider[int(self.rng.integers(2))]
        if self.chance(0.6):
            return self.rescale(a, dtype)
        made = self.net.add("CAST", (a,), self.shape(a), dtype)
        if dtype is DType.INT32:
            self.bounds[made] = self.bound(a)
        return made

    def requantised(self) -> str | None:
        a = self.pick(DType.INT8, DType.INT16, DType.INT32, below=SCALED_LARGEST)
        return None if a is None else self.rescale(a, DType.INT8)

    def table(self) -> str | None:
        a = self.pick(DType.INT8, DType.INT16)
        if a is None:
            return None
        if self.dtype(a) is DType.INT8:
            return self.net.add("TABLE", (a, self.int8(256)), self.shape(a))
        entries = self.net.constant(self.rng.integers(-16000, 16000, 513), DType.INT16)
        made = self.net.add("TABLE", (a, entries), self.shape(a), DType.INT32)
        self.bounds[made] = 1 << 22
        return self.narrowed(made)

    # --- reductions -------------------------------------------------------------------------------------------------

    def summed(self) -> str | None:
        a = self.pick(DType.INT32, below=1 << 24)
        if a is None and (narrow := self.pick(DType.INT8)) is not None:
            a = self.rescale(narrow, DType.INT32)
        if a is None:
            return None
        axis = int(self.rng.integers(len(self.shape(a))))
        bound = self.bound(a) * self.shape(a)[axis]
        if bound >= INT32:
            return None
        made = self._reduced("REDUCE_SUM", a, axis)
        self.bounds[made] = bound
        return self.narrowed(made) if bound < SCALED_LARGEST else made

    def reduced(self) -> str | None:
        a = self.pick(DType.INT8, DType.INT16, DType.INT32, DType.BOOL)
        if a is None:
            return None
        axis = int(self.rng.integers(len(self.shape(a))))
        if self.dtype(a) is DType.BOOL:
            return self._reduced(str(self.rng.choice(["REDUCE_ALL", "REDUCE_ANY"])), a, axis)
        made = self._reduced(str(self.rng.choice(["REDUCE_MAX", "REDUCE_MIN"])), a, axis, nan_mode="PROPAGATE")
        if self.dtype(a) is DType.INT32:
            self.bounds[made] = self.bound(a)
        return made

    def _reduced(self, kind: str, a: str, axis: int, **attributes: str) -> str:
        shape = (*self.shape(a)[:axis], 1, *self.shape(a)[axis + 1 :])
        return self.net.add(kind, (a,), shape, self.dtype(a), axis=axis, **attributes)

    # --- layout -----------------------------------------------------------------------------------------------------

    def laid_out(self) -> str | None:
        """RESHAPE, TRANSPOSE, SLICE, REVERSE or IDENTITY."""
        a = self.pick(*LARGEST, DType.INT32, below=INT32 + 1)
        if a is None:
            return None
        kinds = [self._reshape, self._transpose, self._slice, self._reverse, self._identity]
        made = kinds[int(self.rng.integers(len(kinds)))](a)
        if self.dtype(a) is DType.INT32:
            self.bounds[made] = self.bound(a)
        return made

    def _reshape(self, a: str) -> str:
        left, sizes = math.prod(self.shape(a)), []
        for _ in range(int(self.rng.integers(0, 4))):
            divisors = [one for one in range(1, left + 1) if left % one == 0]
            sizes.append(int(self.rng.choice(divisors)))
            left //= sizes[-1]
        return self.net.reshape(a, *sizes, left)

    def _transpose(self, a: str) -> str:
        return self.net.transpose(a, *(int(one) for one in self.rng.permutation(len(self.shape(a)))))

    def _slice(self, a: str) -> str:
        size = tuple(self.upto(one) for one in self.shape(a))
        start = tuple(int(self.rng.integers(whole - one + 1)) for whole, one in zip(self.shape(a), size, strict=True))
        return self.net.add("SLICE", (a, self.net.shape(*start), self.net.shape(*size)), size, self.dtype(a))

    def _reverse(self, a: str) -> str:
        axis = int(self.rng.integers(len(self.shape(a))))
        return self.net.add("REVERSE", (a,), self.shape(a), self.dtype(a), axis=axis)

    def _identity(self, a: str) -> str:
        return self.net.add("IDENTITY", (a,), self.shape(a), self.dtype(a))

    def joined(self) -> str | None:
        """CONCAT of tensors that agree outside of an axis, one perhaps twice, and perhaps a constant."""
        a = self.pick(*LARGEST, DType.INT32)
        if a is None:
            return None
        shape, axis = self.shape(a), int(self.rng.integers(len(self.shape(a))))
        able = [
            one
            for one in self.pool
            if self.dtype(one) is self.dtype(a)
            and len(self.shape(one)) == len(shape)
            and all(at == axis or size == self.shape(one)[at] for at, size in enumerate(shape))
        ]
        parts = [str(one) for one in self.rng.choice([a, *able], int(self.rng.integers(2, 4)))]
        if self.chance(0.2):
            width = (*shape[:axis], self.upto(3), *shape[axis + 1 :])
            parts.append(self._constant(self.dtype(a), width, self.bound(a)))
        out = (*shape[:axis], sum(self.shape(one)[axis] for one in parts), *shape[axis + 1 :])
        if math.prod(out) > MOST_ELEMENTS:
            return None
        made = self.net.add("CONCAT", parts, out, self.dtype(a), axis=axis)
        if self.dtype(a) is DType.INT32:
            self.bounds[made] = max(self.bound(one) for one in parts)
        return made


KINDS: Mapping[Callable[[Draw], str | None], float] = {
    Draw.convolution: 5,
    Draw.depthwise: 2,
    Draw.residual: 2,
    Draw.matmul: 2,
    Draw.pool_max: 1,
    Draw.pool_average: 1,
    Draw.quantised_binary: 6,
    Draw.binary: 2,
    Draw.narrow_product: 0.5,
    Draw.bits: 0.5,
    Draw.shifted: 1,
    Draw.unary: 0.5,
    Draw.divided: 0.3,
    Draw.compared: 0.7,
    Draw.logical: 0.4,
    Draw.widened: 0.7,
    Draw.requantised: 1,
    Draw.table: 1.5,
    Draw.summed: 1.2,
    Draw.reduced: 1,
    Draw.laid_out: 5,
    Draw.joined: 2,
}
"""How often each way to go on is drawn."""
