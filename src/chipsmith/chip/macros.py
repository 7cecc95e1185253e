"""The memory macros of a chip: the banks of its four memories, each with its energy, area and access time."""

from __future__ import annotations

from dataclasses import dataclass

from chipsmith.chip.description import (
    ACCUMULATOR_TILES,
    ACCUMULATOR_WORD_BYTES,
    BANKS_PER_GROUP,
    INSTRUCTION_BYTES,
    INSTRUCTION_PAGES,
    TABLE_COPY_BYTES,
    Chip,
)
from chipsmith.chip.sram import Sram, sram

_BANK_PORTS = 2
"""Interleaved single-port banks of an accumulator tile: one read and one write a cycle."""


@dataclass(frozen=True, kw_only=True)
class Macro:
    """`count` equal memory macros of a component."""

    component: str
    count: int
    sram: Sram


def memory_macro(chip: Chip) -> Macro:
    """The banks of the on-chip memory."""
    return Macro(
        component="memory",
        count=chip.memory.groups * BANKS_PER_GROUP,
        sram=_macro(chip, chip.memory.group_bytes // BANKS_PER_GROUP, chip.line_bytes),
    )


def accumulator_macro(chip: Chip) -> Macro:
    """The banks of the accumulator tiles; an access is a word of `tensor.columns` accumulators."""
    word_bytes = chip.tensor.columns * ACCUMULATOR_WORD_BYTES
    bank_bytes = chip.tensor.tile_pixels * word_bytes // _BANK_PORTS
    return Macro(
        component="accumulators", count=ACCUMULATOR_TILES * _BANK_PORTS, sram=_macro(chip, bank_bytes, word_bytes)
    )


def table_macro(chip: Chip) -> Macro:
    """The copies of the lookup table; an access is an entry of 16 bits."""
    return Macro(component="tables", count=chip.vector.table_lanes, sram=_macro(chip, TABLE_COPY_BYTES, 2))


def instruction_macro(chip: Chip) -> Macro:
    """The pages of the instruction memory; an access is an instruction."""
    page_bytes = chip.instructions.page_instructions * INSTRUCTION_BYTES
    return Macro(
        component="instruction memory", count=INSTRUCTION_PAGES, sram=_macro(chip, page_bytes, INSTRUCTION_BYTES)
    )


def macros(chip: Chip) -> tuple[Macro, ...]:
    """All memory macros of a chip; their bytes are `chip.on_chip_bytes`."""
    return memory_macro(chip), accumulator_macro(chip), table_macro(chip), instruction_macro(chip)


def _macro(chip: Chip, size_bytes: int, width_bytes: int) -> Sram:
    return sram(size_bytes=size_bytes, width_bits=8 * width_bytes, node_nm=chip.technology.node_nm)
