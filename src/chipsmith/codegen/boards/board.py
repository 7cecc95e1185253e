"""The noun Board: an emulated processor with its memories, and the tools that build for it and emulate it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from chipsmith.shown import Shown


class Architecture(StrEnum):
    """The family of a board's processor, by which its own few lines of C are named."""

    ARM = "arm"
    RISCV = "riscv"


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A program that is looked for on the path, and the Debian package that brings it."""

    name: str
    package: str

    @property
    def missing(self) -> bool:
        """Whether it is not on the path."""
        return shutil.which(self.name) is None

    @property
    def mend(self) -> str:
        """The command that installs it on Debian and what descends from it."""
        return f"sudo apt install {self.package}"


@dataclass(frozen=True, kw_only=True)
class MemoryRegion:
    """A memory of a board: the address where it begins, and its size in bytes."""

    origin: int
    bytes: int


@dataclass(frozen=True, kw_only=True)
class Board(Shown):
    """A processor with memories, as an emulator has it.

    `flash` takes code and constants, `ram` the rest. `machine` are the emulator's words for it, `flags` the compiler's.
    Its counter goes on by `ticks_per_instruction`, exactly: the emulator's clock is that of executed instructions, so
    what is counted says nothing of time.
    """

    name: str
    core: str
    architecture: Architecture
    machine: tuple[str, ...]
    flags: tuple[str, ...]
    flash: MemoryRegion
    ram: MemoryRegion
    compiler: Tool
    emulator: Tool
    ticks_per_instruction: Fraction

    @property
    def tools(self) -> tuple[Tool, ...]:
        """What builds for it and emulates it."""
        return (self.compiler, self.emulator)

    @property
    def missing_tools(self) -> tuple[Tool, ...]:
        """Those of its tools that are not on the path."""
        return tuple(tool for tool in self.tools if tool.missing)

    def count_instructions(self, ticks: int) -> int:
        """The instructions between two readings of the counter that differ by so many ticks."""
        return round(ticks / self.ticks_per_instruction)
