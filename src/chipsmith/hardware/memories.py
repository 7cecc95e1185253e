"""The memories of a chip's RTL: each is an instance of one of two wrappers, whose body a foundry's macro replaces."""

from __future__ import annotations

import enum
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
from chipsmith.schema import Json


class Wrapper(enum.Enum):
    """A module that stands for a macro; its value is the module's name."""

    BANK = "sram_bank"
    TWO_PORT = "sram_two_port"

    @property
    def ports(self) -> str:
        """What can be done in a cycle."""
        return "1 RW" if self is Wrapper.BANK else "1 R + 1 W"


@dataclass(frozen=True, kw_only=True)
class RtlMemory:
    """`count` equal memories of `lines` lines: their name, and what they are for.

    `instances` are the paths of their instances below the top level, without the numbers of what is repeated. A write
    sets whole lanes of `lane_bits` bits: bytes, a part of the line, or the line.
    """

    name: str
    instances: tuple[str, ...]
    purpose: str
    wrapper: Wrapper
    count: int
    lines: int
    line_bits: int
    lane_bits: int

    @property
    def byte_enables(self) -> bool:
        """Whether single bytes of a line are written."""
        return self.lane_bits == 8

    @property
    def writes(self) -> str:
        """What a write sets, in a word."""
        if self.byte_enables:
            return "bytes"
        return "lines" if self.lane_bits == self.line_bits else f"lanes of {self.lane_bits} bits"

    @property
    def size_bytes(self) -> int:
        """Bytes of all of them."""
        return self.count * self.lines * self.line_bits // 8

    def to_json(self) -> Json:
        """A row of `memories` in the answer of `chipsmith rtl --json`."""
        return {
            "name": self.name,
            "instances": list(self.instances),
            "purpose": self.purpose,
            "wrapper": self.wrapper.value,
            "count": self.count,
            "lines": self.lines,
            "line_bits": self.line_bits,
            "ports": self.wrapper.ports,
            "byte_enables": self.byte_enables,
            "size_bytes": self.size_bytes,
        }


def rtl_memories(chip: Chip) -> tuple[RtlMemory, ...]:
    """Every memory of a chip's RTL; registers, also those that hold a line, are not among them."""
    return _banks(chip), _pages(chip), _accumulators(chip), _tables(chip)


def memory_table(chip: Chip) -> str:
    """The memories of a chip as a Markdown table."""
    head = "| memory | count | lines x bits | ports | writes | wrapper | holds |\n|---|---|---|---|---|---|---|\n"
    return head + "".join(map(_table_row, rtl_memories(chip)))


def _table_row(memory: RtlMemory) -> str:
    size, wrapper = f"{memory.lines} x {memory.line_bits}", memory.wrapper
    cells = (memory.name, memory.count, size, wrapper.ports, memory.writes, f"`{wrapper.value}`", memory.purpose)
    return f"| {' | '.join(map(str, cells))} |\n"


def _halves(path: str) -> tuple[str, str]:
    return f"{path}.even_bank", f"{path}.odd_bank"


def _banks(chip: Chip) -> RtlMemory:
    line_bytes = chip.line_bytes
    return RtlMemory(
        name="on-chip memory",
        instances=_halves("machine.memory.g_group"),
        purpose="tensors: an even and an odd bank in each bank group",
        wrapper=Wrapper.BANK,
        count=BANKS_PER_GROUP * chip.memory.groups,
        lines=chip.memory.group_bytes // (BANKS_PER_GROUP * line_bytes),
        line_bits=8 * line_bytes,
        lane_bits=8,
    )


def _pages(chip: Chip) -> RtlMemory:
    """Two words are written at once; two banks take turns where an instruction arrives in every cycle."""
    word_bytes = chip.external.bytes_per_cycle
    banks = 2 if word_bytes == INSTRUCTION_BYTES else 1
    return RtlMemory(
        name="instruction pages",
        instances=("machine.instructions.g_bank.pages",),
        purpose="the two pages of instructions",
        wrapper=Wrapper.BANK,
        count=banks,
        lines=INSTRUCTION_PAGES * chip.instructions.page_instructions // banks,
        line_bits=8 * INSTRUCTION_BYTES,
        lane_bits=8 * min(2 * word_bytes, INSTRUCTION_BYTES),
    )


def _accumulators(chip: Chip) -> RtlMemory:
    line_bits = 8 * ACCUMULATOR_WORD_BYTES * chip.tensor.columns
    return RtlMemory(
        name="accumulators",
        instances=("machine.tensor.accumulators.g_tile.sums_of_tile",),
        purpose="sums of 32 bits of the two tiles of output pixels",
        wrapper=Wrapper.TWO_PORT,
        count=ACCUMULATOR_TILES,
        lines=chip.tensor.tile_pixels,
        line_bits=line_bits,
        lane_bits=line_bits,
    )


def _tables(chip: Chip) -> RtlMemory:
    """A line of a bank holds its entries of one access to the on-chip memory."""
    line_bits = 8 * chip.line_bytes // 2
    return RtlMemory(
        name="lookup tables",
        instances=_halves("machine.vector.results.memory.g_copy"),
        purpose="a copy of the table for each lane that looks up: even and odd entries of 16 bits",
        wrapper=Wrapper.BANK,
        count=2 * chip.vector.table_lanes,
        lines=8 * TABLE_COPY_BYTES // (2 * line_bits),
        line_bits=line_bits,
        lane_bits=line_bits,
    )
