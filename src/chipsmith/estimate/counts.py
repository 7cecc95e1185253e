"""How often each priced action happens in one inference."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Self


@dataclass(frozen=True, kw_only=True)
class ActionCounts:
    """Counts of actions, all integers of zero or more; R, C as `tensor.rows` and `tensor.columns` of the chip.

    mac_int8: multiply-accumulates of the array with an operand that is not masked.
    array_active_cycles: cycles in which the array accumulates.
    multiply_32: multiplications of 32 x 32 bits, in the drain and in the vector engine.
    alu_32: other 32-bit lane operations of the drain and the vector engine.
    table_lookups: results read from the lookup table.
    memory_read_lines, memory_write_lines: accesses of one bank of the on-chip memory (R bytes).
    accumulator_reads, accumulator_writes: accesses of a tile's word of C accumulators.
    instruction_fetches: instructions brought into the instruction memory and issued from it.
    weight_register_writes: operands written to the array's weight registers.
    external_read_bytes, external_write_bytes: bytes on the external memory's channels, whole words.
    cycles: clock cycles from the first instruction to the last byte.
    """

    mac_int8: int
    array_active_cycles: int
    multiply_32: int
    alu_32: int
    table_lookups: int
    memory_read_lines: int
    memory_write_lines: int
    accumulator_reads: int
    accumulator_writes: int
    instruction_fetches: int
    weight_register_writes: int
    external_read_bytes: int
    external_write_bytes: int
    cycles: int

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) < 0:
                raise ValueError(f"{field.name} is {getattr(self, field.name)}: a count is zero or more")

    @classmethod
    def total(cls, parts: Iterable[Self]) -> Self:
        """The sum of counts, field by field (cycles too: the parts follow one another)."""
        rows = list(parts)
        return cls(**{field.name: sum(getattr(row, field.name) for row in rows) for field in fields(cls)})
