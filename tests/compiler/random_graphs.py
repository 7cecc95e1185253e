"""Random legal TOSA graphs and chips: all that a quantised network may hold, in no network's order."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
from drawing import INT32, LARGEST, MOST_ELEMENTS, SCALED_LARGEST
from random_rows import RowDraw

from chipsmith.chip import Chip, load_chip, override_chip
from chipsmith.tosa.graph import Array, DType, Graph


def random_graph(seed: int, *, operators: int | None = None) -> Graph:
    """A verified graph of at least so many operators (5 to 25 by default); all that nothing reads is an output."""
    draw = GraphDraw(np.random.default_rng(seed))
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
        "memory.group_bytes": max(16 * rows, int(rng.choice([256, 256, 512, 1024, 2048, 4096]))),
        "instructions.page_instructions": 1 << int(rng.integers(1, 7)),
        "external.latency_cycles": int(rng.integers(1, 200)),
        "external.bytes_per_cycle": min(rows, 1 << int(rng.integers(6))),
    }
    return override_chip(load_chip("nano-64"), {name: str(value) for name, value in settings.items()})


def larger(chip: Chip) -> Chip:
    """The chip with twice the memory."""
    return override_chip(chip, {"name": chip.name, "memory.group_bytes": str(2 * chip.memory.group_bytes)})


class GraphDraw(RowDraw):
    """All kinds of operators; each method adds one, with the RESCALEs that it needs, or gives None where none fits."""

    def grow(self) -> None:
        """Add an operator; nothing where the drawn one fits no tensor."""
        kinds, weights = zip(*KINDS.items(), strict=True)
        choice = self.rng.choice(len(kinds), p=np.array(weights) / sum(weights))
        if (tensor := kinds[choice](self)) is not None:
            self.pool.append(tensor)

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
        wide = self._combine(a, b)
        return None if wide is None else self.narrowed(wide)

    def binary(self) -> str | None:
        """Two int32 tensors."""
        first = self.pick(DType.INT32, below=SCALED_LARGEST)
        if first is None:
            return None
        wide = self._combine(first, self.partner(first))
        return None if wide is None else self.narrowed(wide)

    def _combine(self, a: str, b: str) -> str | None:
        kind = str(self.rng.choice(["ADD", "ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM", "BITWISE_AND", "BITWISE_XOR"]))
        bound_a, other = self.bound(a), self.bound(b)
        shift = int(self.rng.integers(0, 40)) if self.chance(0.4) else 0
        bounds = {
            "ADD": bound_a + other,
            "SUB": bound_a + other,
            "MUL": (bound_a * other >> shift) + 1,
            "MAXIMUM": max(bound_a, other),
            "MINIMUM": max(bound_a, other),
        }
        bound = bounds.get(kind, 1 << max(bound_a, other).bit_length())
        if bound >= INT32 or (shift and bound_a * other >= 1 << 61):
            return None
        operands = (a, b, self.net.constant([shift])) if kind == "MUL" else (a, b)
        attributes = {"nan_mode": "PROPAGATE"} if kind.endswith("IMUM") else {}
        shape = tuple(max(pair) for pair in zip(self.shape(a), self.shape(b), strict=True))
        combined = self.net.add(kind, operands, shape, DType.INT32, **attributes)
        self.bounds[combined] = bound
        return combined

    def narrow_product(self) -> str | None:
        """MUL of two int8 or two int16 tensors."""
        a = self.pick(DType.INT8, DType.INT16)
        if a is None:
            return None
        b = self.partner(a)
        shape = tuple(max(pair) for pair in zip(self.shape(a), self.shape(b), strict=True))
        product = self.net.add("MUL", (a, b, self.net.constant([0])), shape, DType.INT32)
        self.bounds[product] = self.bound(a) * self.bound(b)
        return self.narrowed(product) if self.bounds[product] < SCALED_LARGEST else product

    def bits(self) -> str | None:
        """A bitwise operator in the tensor's own type."""
        a = self.pick(DType.INT8, DType.INT16, DType.INT32)
        if a is None:
            return None
        kind = str(self.rng.choice(["BITWISE_NOT", "BITWISE_AND", "BITWISE_OR", "BITWISE_XOR"]))
        operands = (a,) if kind == "BITWISE_NOT" else (a, self.partner(a))
        return self._same_type(kind, operands, 1 << max(self.bound(operand) for operand in operands).bit_length())

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
        shape = tuple(max(sizes) for sizes in zip(*(self.shape(operand) for operand in operands), strict=True))
        output = self.net.add(kind, operands, shape, dtype, **attributes)
        if dtype is DType.INT32:
            self.bounds[output] = min(bound, INT32)
        return output

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
        wide = self.net.add("CAST", (a,), self.shape(a), dtype)
        if dtype is DType.INT32:
            self.bounds[wide] = self.bound(a)
        return wide

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
        output = self.net.add("TABLE", (a, entries), self.shape(a), DType.INT32)
        self.bounds[output] = 1 << 22
        return self.narrowed(output)

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
        output = self._reduced("REDUCE_SUM", a, axis)
        self.bounds[output] = bound
        return self.narrowed(output) if bound < SCALED_LARGEST else output

    def reduced(self) -> str | None:
        a = self.pick(DType.INT8, DType.INT16, DType.INT32, DType.BOOL)
        if a is None:
            return None
        axis = int(self.rng.integers(len(self.shape(a))))
        if self.dtype(a) is DType.BOOL:
            return self._reduced(str(self.rng.choice(["REDUCE_ALL", "REDUCE_ANY"])), a, axis)
        output = self._reduced(str(self.rng.choice(["REDUCE_MAX", "REDUCE_MIN"])), a, axis, nan_mode="PROPAGATE")
        if self.dtype(a) is DType.INT32:
            self.bounds[output] = self.bound(a)
        return output

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
        output = kinds[int(self.rng.integers(len(kinds)))](a)
        if self.dtype(a) is DType.INT32:
            self.bounds[output] = self.bound(a)
        return output

    def _reshape(self, a: str) -> str:
        left, sizes = math.prod(self.shape(a)), []
        for _ in range(int(self.rng.integers(0, 4))):
            divisors = [divisor for divisor in range(1, left + 1) if left % divisor == 0]
            sizes.append(int(self.rng.choice(divisors)))
            left //= sizes[-1]
        return self.net.reshape(a, *sizes, left)

    def _transpose(self, a: str) -> str:
        return self.net.transpose(a, *(int(axis) for axis in self.rng.permutation(len(self.shape(a)))))

    def _slice(self, a: str) -> str:
        size = tuple(self.upto(extent) for extent in self.shape(a))
        start = tuple(
            int(self.rng.integers(whole - extent + 1)) for whole, extent in zip(self.shape(a), size, strict=True)
        )
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
            candidate
            for candidate in self.pool
            if self.dtype(candidate) is self.dtype(a)
            and len(self.shape(candidate)) == len(shape)
            and all(
                dimension == axis or size == self.shape(candidate)[dimension] for dimension, size in enumerate(shape)
            )
        ]
        parts = [str(part) for part in self.rng.choice([a, *able], int(self.rng.integers(2, 4)))]
        if self.chance(0.2):
            width = (*shape[:axis], self.upto(3), *shape[axis + 1 :])
            parts.append(self._constant(self.dtype(a), width, self.bound(a)))
        out = (*shape[:axis], sum(self.shape(part)[axis] for part in parts), *shape[axis + 1 :])
        if math.prod(out) > MOST_ELEMENTS:
            return None
        output = self.net.add("CONCAT", parts, out, self.dtype(a), axis=axis)
        if self.dtype(a) is DType.INT32:
            self.bounds[output] = max(self.bound(part) for part in parts)
        return output


KINDS: Mapping[Callable[[GraphDraw], str | None], float] = {
    GraphDraw.convolution: 5,
    GraphDraw.depthwise: 2,
    GraphDraw.convolution_3d: 0.7,
    GraphDraw.transposed_convolution: 0.7,
    GraphDraw.residual: 2,
    GraphDraw.matmul: 2,
    GraphDraw.pool_max: 1,
    GraphDraw.pool_average: 1,
    GraphDraw.quantised_binary: 6,
    GraphDraw.binary: 2,
    GraphDraw.narrow_product: 0.5,
    GraphDraw.bits: 0.5,
    GraphDraw.shifted: 1,
    GraphDraw.unary: 0.5,
    GraphDraw.divided: 0.3,
    GraphDraw.compared: 0.7,
    GraphDraw.logical: 0.4,
    GraphDraw.widened: 0.7,
    GraphDraw.requantised: 1,
    GraphDraw.table: 1.5,
    GraphDraw.summed: 1.2,
    GraphDraw.reduced: 1,
    GraphDraw.laid_out: 5,
    GraphDraw.joined: 2,
    GraphDraw.padded: 1,
    GraphDraw.tiled: 0.5,
    GraphDraw.selected: 1,
    GraphDraw.argmax: 0.5,
    GraphDraw.resized: 1,
    GraphDraw.gathered: 1.5,
    GraphDraw.scattered: 1.5,
    GraphDraw.negated: 0.5,
    GraphDraw.inverted: 0.3,
    GraphDraw.cast: 1,
    GraphDraw.rescaled_by_channel: 0.5,
    GraphDraw.rescaled_unsigned: 0.5,
    GraphDraw.rescaled_by_16_bits: 0.4,
}
"""How often each way to go on is drawn."""
