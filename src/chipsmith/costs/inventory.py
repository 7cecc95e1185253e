"""Widths and numbers of what a chip is built of, from the machine's contract (docs/machine.md)."""

from __future__ import annotations

from chipsmith.chip.description import Chip

OPERAND_BITS = 9
"""Bits of an operand of the array: a byte minus its zero point."""
SUM_BITS = 32
"""Bits of an accumulator and of a vector lane."""
ADDRESS_BITS = 24
"""Bits of an on-chip address."""
INTERPOLATION_BITS = 11
"""Bits of a square product as large as the 17 x 7 bits of a table's interpolation (docs/machine.md, section 8)."""
ROW_PRODUCT_BITS = 17
"""Bits of a square product as large as the low half of 24 x 24 bits (docs/machine.md, section 8)."""
ENGINES = 4
"""LOAD, STORE, TENSOR and VECTOR."""
_SELECT_GATES = 2
"""Gates of a two-way selection of one bit: AND and OR."""


def tree_bits(chip: Chip) -> int:
    """Bits of the array's adder tree: a product of two operands and the carries of `tensor.rows` of them."""
    return 2 * OPERAND_BITS + (chip.tensor.rows - 1).bit_length()


def rotator_gates(chip: Chip) -> int:
    """Gates that turn two lines into one access at any byte: a two-way selection a bit and stage."""
    return _SELECT_GATES * 8 * chip.line_bytes * (2 * chip.line_bytes - 1).bit_length()
