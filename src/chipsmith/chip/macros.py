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
from chipsmith.chip.sourced import Sourced, derived
from chipsmith.chip.sram import Sram, sram
from chipsmith.chip.sram_model import Ports

_BANKS_PER_COPY = 2
"""Banks of even and of odd entries of a copy of the lookup table."""


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
    """The accumulator tiles, read and written in a cycle; an access is a word of `tensor.columns` accumulators."""
    word_bytes = chip.tensor.columns * ACCUMULATOR_WORD_BYTES
    tile = _macro(chip, chip.tensor.tile_pixels * word_bytes, word_bytes, ports=Ports.READ_AND_WRITE)
    return Macro(component="accumulators", count=ACCUMULATOR_TILES, sram=tile)


def table_macro(chip: Chip) -> Macro:
    """The banks of the copies of the lookup table; an access is half a line of the memory, entries of 16 bits."""
    bank = _macro(chip, TABLE_COPY_BYTES // _BANKS_PER_COPY, chip.line_bytes // _BANKS_PER_COPY)
    return Macro(component="tables", count=_BANKS_PER_COPY * chip.vector.table_lanes, sram=bank)


def instruction_macro(chip: Chip) -> Macro:
    """The pages of the instruction memory, in two banks where an instruction arrives in a cycle."""
    banks = 2 if chip.external.bytes_per_cycle == INSTRUCTION_BYTES else 1
    page_bytes = chip.instructions.page_instructions * INSTRUCTION_BYTES
    pages = _macro(chip, INSTRUCTION_PAGES * page_bytes // banks, INSTRUCTION_BYTES)
    return Macro(component="instruction memory", count=banks, sram=pages)


def page_word_write(chip: Chip) -> Sourced:
    """Picojoules of the memory for a word of the external memory that is written into a page.

    Two words, or the only one of an instruction, are written at once: only the macros that they lie in are accessed.
    """
    word_bytes, pages = chip.external.bytes_per_cycle, instruction_macro(chip).sram
    lane_bytes = min(2 * word_bytes, INSTRUCTION_BYTES)
    return _partial_write(pages, max(lane_bytes / INSTRUCTION_BYTES, 1 / pages.slices) * word_bytes / lane_bytes)


def memory_word_write(chip: Chip) -> Sourced:
    """Picojoules of the on-chip memory for a word that LOAD writes: only the macros that it lies in are accessed."""
    memory = memory_macro(chip).sram
    return _partial_write(memory, max(chip.external.bytes_per_cycle / chip.line_bytes, 1 / memory.slices))


def macros(chip: Chip) -> tuple[Macro, ...]:
    """All memory macros of a chip; their bytes are `chip.on_chip_bytes`."""
    return memory_macro(chip), accumulator_macro(chip), table_macro(chip), instruction_macro(chip)


def _partial_write(memory: Sram, share: float) -> Sourced:
    formula = f"{share:.4g} of a write of the whole line"
    return derived(share * memory.write_pj.value, "pJ", formula=formula, inputs=(memory.write_pj,))


def _macro(chip: Chip, size_bytes: int, width_bytes: int, *, ports: Ports = Ports.SHARED) -> Sram:
    return sram(size_bytes=size_bytes, width_bits=8 * width_bytes, node_nm=chip.technology.node_nm, ports=ports)
