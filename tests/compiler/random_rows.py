"""Random GATHER and SCATTER: by constant numbers of rows and by computed ones, of all types."""

from __future__ import annotations

import math

import numpy as np
from drawing import MOST_ELEMENTS
from random_others import ANY, OtherDraw

from chipsmith.tosa.graph import DType

TABLES = tuple(dtype for dtype in ANY if dtype is not DType.BOOL)


class RowDraw(OtherDraw):
    """Tensors seen as [N, K, C]: rows by number from one, or to it."""

    def gathered(self) -> str | None:
        table = self._table()
        if table is None:
            return None
        batch, rows, size = self.shape(table)
        count = self.upto(max(1, min(12, MOST_ELEMENTS // (batch * size))))
        numbers = self._computed(batch, count, rows) if self.chance(0.5) else self._constants(batch, count, rows)
        return self._moved("GATHER", (table, numbers), (batch, count, size))

    def scattered(self) -> str | None:
        table = self._table()
        if table is None:
            return None
        batch, rows, size = self.shape(table)
        count = self.upto(min(rows, 12))
        drawn = [self.rng.permutation(rows)[:count] for _ in range(batch)]
        numbers = self.net.constant(drawn, DType.INT32)
        if self.chance(0.5):
            numbers = self._turned(numbers, (batch, count), rows, drawn)
        source = self._rows_for(table, (batch, count, size))
        return self._moved("SCATTER", (table, numbers, source), (batch, rows, size))

    def _table(self) -> str | None:
        """A tensor as [N, K, C], its sizes joined to three at random."""
        a = self.pick(*TABLES)
        if a is None:
            return None
        shape = (1, 1, *self.shape(a))
        first, last = sorted(int(axis) for axis in self.rng.choice(np.arange(1, len(shape)), 2, replace=False))
        table = self.net.reshape(a, *(math.prod(part) for part in (shape[:first], shape[first:last], shape[last:])))
        if self.dtype(a) is DType.INT32:
            self.bounds[table] = self.bound(a)
        return table

    def _constants(self, batch: int, count: int, rows: int) -> str:
        return self.net.constant(self.rng.integers(0, rows, (batch, count)), DType.INT32)

    def _computed(self, batch: int, count: int, rows: int) -> str:
        """Numbers from the values of an int8 tensor: cast, then cut off at both ends of the rows."""
        shape = (batch, count)
        able = [name for name in self.pool if self.dtype(name) is DType.INT8]
        able = [name for name in able if math.prod(self.shape(name)) == batch * count]
        if not able:
            return self._constants(batch, count, rows)
        number = self.net.add("CAST", (self.net.reshape(str(self.rng.choice(able)), *shape),), shape, DType.INT32)
        for kind, limit in (("MAXIMUM", 0), ("MINIMUM", rows - 1)):
            operands = (number, self.net.constant([[limit]], DType.INT32))
            number = self.net.add(kind, operands, shape, DType.INT32, nan_mode="PROPAGATE")
        self.bounds[number] = rows
        return number

    def _turned(self, numbers: str, shape: tuple[int, int], rows: int, drawn: list[np.ndarray]) -> str:
        """Numbers that stay different: all of them exclusive-or a computed one, where that keeps within the rows."""
        mask = (1 << max(int(max(array.max() for array in drawn)), 1).bit_length()) - 1
        able = [name for name in self.pool if self.dtype(name) is DType.INT8 and math.prod(self.shape(name)) == 1]
        if mask >= rows or not able:
            return numbers
        wide = self.net.add("CAST", (self.net.reshape(str(self.rng.choice(able)), 1, 1),), (1, 1), DType.INT32)
        low = self.net.add("BITWISE_AND", (wide, self.net.constant([[mask]], DType.INT32)), (1, 1), DType.INT32)
        return self.net.add("BITWISE_XOR", (numbers, low), shape, DType.INT32)

    def _rows_for(self, table: str, shape: tuple[int, int, int]) -> str:
        """Rows to write: a tensor of so many elements, or constants."""
        able = [
            name
            for name in self.pool
            if self.dtype(name) is self.dtype(table)
            and math.prod(self.shape(name)) == math.prod(shape)
            and self.bound(name) <= self.bound(table)
        ]
        if able and self.chance(0.8):
            return self.net.reshape(str(self.rng.choice(able)), *shape)
        return self._constant(self.dtype(table), shape, self.bound(table))
