"""The logic that a chip is built of, counted from the machine's contract (docs/machine.md)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chipsmith.chip.description import INSTRUCTION_BYTES, WEIGHT_SETS, Chip
from chipsmith.chip.technology import Circuit
from chipsmith.program.registers import ROWS_ON_THEIR_WAY

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
DRAIN_SETS = 3
"""Sets of drain registers: one drains, one computes, one loads (docs/machine.md, section 2)."""
ENGINES = 4
"""LOAD, STORE, TENSOR and VECTOR."""
READ_STREAMS = 7
"""Streams that read the on-chip memory: one of STORE, three of TENSOR, three of VECTOR."""
WRITE_STREAMS = 3
"""Streams that write the on-chip memory: one each of LOAD, TENSOR and VECTOR."""
_LOOP_LEVELS = 6
_COUNTER_BITS = 16
_LOCK_BITS = 32
_SHIFT_BITS = 6
_SELECT_GATES = 2
"""Gates of a two-way selection of one bit: AND and OR."""


@dataclass(frozen=True, kw_only=True)
class Logic:
    """`count` equal operations of `bits` bits in a component, with what they do there."""

    component: str
    role: str
    operation: Circuit
    bits: int
    count: int


def logic(chip: Chip) -> tuple[Logic, ...]:
    """All logic of a chip that is counted, component by component."""
    parts = (_array, _weight_registers, _multipliers, _vector_lanes, _tables, _memory_ports, _sequencer)
    return tuple(row for part in parts for row in part(chip))


def tree_bits(chip: Chip) -> int:
    """Bits of the array's adder tree: a product of two operands and the carries of `tensor.rows` of them."""
    return 2 * OPERAND_BITS + (chip.tensor.rows - 1).bit_length()


def shifter_gates(bits: int) -> int:
    """Gates of a shifter or rotator of `bits` bits: a two-way selection a bit and stage."""
    return _SELECT_GATES * bits * (bits - 1).bit_length()


def rotator_gates(chip: Chip) -> int:
    """Gates that turn two lines into one access at any byte: a two-way selection a bit and stage."""
    return _SELECT_GATES * 8 * chip.line_bytes * (2 * chip.line_bytes - 1).bit_length()


def _array(chip: Chip) -> Iterator[Logic]:
    rows, columns, name = chip.tensor.rows, chip.tensor.columns, "array"
    yield _adders(name, "products of operands", chip.macs, bits=OPERAND_BITS, operation=Circuit.MULTIPLY)
    yield _adders(name, "adder tree", (rows - 1) * columns, bits=tree_bits(chip))
    yield _adders(name, "accumulation", columns, bits=SUM_BITS)
    yield _adders(name, "zero point of activations", rows, bits=OPERAND_BITS)
    yield _registers(name, "activations and sums", rows * OPERAND_BITS + columns * SUM_BITS)
    yield _registers(name, "window of DEPTHWISE: a byte a multiplier", 8 * chip.macs)
    yield _gates(name, "operands of rows or of channels", _SELECT_GATES * OPERAND_BITS * chip.macs)


def _weight_registers(chip: Chip) -> Iterator[Logic]:
    name = "weight registers"
    yield _registers(name, "two sets", WEIGHT_SETS * chip.macs * OPERAND_BITS)
    yield _adders(name, "zero point of weights", chip.tensor.rows, bits=OPERAND_BITS)


def _multipliers(chip: Chip) -> Iterator[Logic]:
    lanes, name = chip.vector.multiplier_lanes, "multipliers"
    yield _adders(name, "products", lanes, bits=32, operation=Circuit.MULTIPLY)
    yield _adders(name, "rounding", lanes, bits=64)
    yield _gates(name, "shift", lanes * shifter_gates(64))
    yield _registers(name, "products and results", lanes * (64 + SUM_BITS))
    yield _adders(name, "bias, zero point, residual", 3 * lanes, bits=SUM_BITS)
    yield _adders(name, "clamp", 2 * lanes, bits=SUM_BITS, operation=Circuit.COMPARE)
    record_bits = 2 * 32 + _SHIFT_BITS
    yield _registers(name, "bias, multiplier, shift: three sets", DRAIN_SETS * chip.tensor.columns * record_bits)


def _vector_lanes(chip: Chip) -> Iterator[Logic]:
    lanes, name = chip.vector.lanes, "vector lanes"
    yield _adders(name, "sums", lanes, bits=SUM_BITS)
    yield _adders(name, "extremes and clamp", 2 * lanes, bits=SUM_BITS, operation=Circuit.COMPARE)
    yield _gates(name, "shifts of an operand and of the result", 2 * lanes * shifter_gates(SUM_BITS))
    yield _gates(name, "bitwise operations and selection", 8 * lanes * SUM_BITS)
    yield _registers(name, "stages", 5 * lanes * SUM_BITS)
    yield _adders(name, "reduction tree, sums", lanes - 1, bits=SUM_BITS)
    yield _adders(name, "reduction tree, extremes", lanes - 1, bits=SUM_BITS, operation=Circuit.COMPARE)
    yield _adders(name, "divider", 1, bits=SUM_BITS)
    yield _registers(name, "divider", 3 * SUM_BITS)
    yield _adders(name, "row of an index, product", 1, bits=ROW_PRODUCT_BITS, operation=Circuit.MULTIPLY)
    yield _adders(name, "row of an index, place and range", 2, bits=SUM_BITS)
    yield _registers(name, "rows of the beats in flight", ROWS_ON_THEIR_WAY * (ADDRESS_BITS + 1))


def _tables(chip: Chip) -> Iterator[Logic]:
    lanes, name = chip.vector.table_lanes, "tables"
    yield _adders(name, "interpolation, products", lanes, bits=INTERPOLATION_BITS, operation=Circuit.MULTIPLY)
    yield _adders(name, "interpolation, slope and sum", 2 * lanes, bits=SUM_BITS)


def _memory_ports(chip: Chip) -> Iterator[Logic]:
    streams, name = READ_STREAMS + WRITE_STREAMS, "memory ports"
    yield _gates(name, "rotation to any byte", streams * rotator_gates(chip))
    yield _gates(name, "choice of group", streams * chip.memory.groups * 8 * chip.line_bytes * 2)


def _sequencer(chip: Chip) -> Iterator[Logic]:
    loops, name = (READ_STREAMS + WRITE_STREAMS) * _LOOP_LEVELS, "sequencer"
    yield _registers(name, "instructions in execution", ENGINES * INSTRUCTION_BYTES * 8)
    yield _registers(name, "loop counters and addresses", loops * (_COUNTER_BITS + ADDRESS_BITS))
    yield _adders(name, "addresses", loops, bits=ADDRESS_BITS)
    yield _adders(name, "countdown of engines and locks", ENGINES + chip.memory.groups, bits=ADDRESS_BITS)
    yield _registers(name, "countdown and locks", (ENGINES + chip.memory.groups) * ADDRESS_BITS + _LOCK_BITS)


def _adders(component: str, role: str, count: int, *, bits: int, operation: Circuit = Circuit.ADD) -> Logic:
    return Logic(component=component, role=role, operation=operation, bits=bits, count=count)


def _registers(component: str, role: str, count: int) -> Logic:
    return Logic(component=component, role=role, operation=Circuit.REGISTER, bits=1, count=count)


def _gates(component: str, role: str, count: int) -> Logic:
    return Logic(component=component, role=role, operation=Circuit.GATE, bits=1, count=count)
