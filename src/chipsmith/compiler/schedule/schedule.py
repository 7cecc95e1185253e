"""The noun Schedule: all instructions in their order, and where the constants came to stand."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from chipsmith.compiler.allocate.activations import Allocation
from chipsmith.program.assembly import format_instruction
from chipsmith.program.cycles import Occupancy
from chipsmith.program.instructions import Instruction


class Role(enum.StrEnum):
    """What an instruction of a program is for."""

    LOAD = "load"
    """It brings constants or an import."""
    STEP = "step"
    """It computes."""
    STORE = "store"
    """It writes an export."""
    PAGE = "page"
    """It brings the next page of instructions."""


@dataclass(frozen=True, kw_only=True)
class Scheduled:
    """An instruction in its final order: the time that it takes, what it is for, which chunk, page or step that is."""

    instruction: Instruction
    time: Occupancy
    role: Role
    name: str = ""
    step: int = -1

    def __str__(self) -> str:
        subject = str(self.step) if self.role is Role.STEP else self.name
        return f"{self.role} {subject}: {format_instruction(self.instruction)}"


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """The program in order, and the allocation of each chunk of constants."""

    items: tuple[Scheduled, ...]
    chunks: Mapping[str, Allocation]

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        """A line for each chunk of constants, and one for each instruction."""
        yield from (f"on chip {allocation}: {name}" for name, allocation in self.chunks.items())
        yield from (f"{index} {item}" for index, item in enumerate(self.items))
