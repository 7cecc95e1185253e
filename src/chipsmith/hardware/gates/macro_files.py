"""Liberty files of a foundry's memories: the macros of a folder with their sizes and pins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chipsmith.errors import BadInput
from chipsmith.hardware.gates.liberty import LibertyGroup, read_liberty
from chipsmith.hardware.memories import Wrapper

ORDINARY_PF = 0.004
"""Capacitance of a pin of a memory that no macro stands for."""


@dataclass(frozen=True, kw_only=True)
class MacroFile:
    """A macro at a corner, as its file has it: `pins` and buses by name."""

    library: LibertyGroup
    cell: LibertyGroup
    lines: int
    bits: int
    pins: Mapping[str, LibertyGroup]

    @property
    def two_port(self) -> bool:
        """Whether it has a second port."""
        return "B_CLK" in self.pins

    @property
    def corner(self) -> tuple[float, float]:
        """Volts and degrees Celsius."""
        return self.library.number("nom_voltage"), self.library.number("nom_temperature")


def read_macro_files(folder: Path) -> list[MacroFile]:
    """The macros of all liberty files of a folder, by file name. BadInput where there is no such folder."""
    if not folder.is_dir():
        raise BadInput(f"there is no folder {folder} of liberty files of memories")
    return [_macro_file(read_liberty(path)) for path in sorted(folder.glob("*.lib"))]


def no_macro_at(folder: Path, corner: str) -> BadInput:
    """The error where a folder has no macro at the corner of the cells."""
    return BadInput(f"no memory in {folder} is given at {corner}, as the cells are")


def no_macro_for(wrapper: Wrapper) -> BadInput:
    """The error where a folder has no macro with the ports of a wrapper."""
    return BadInput(f"no macro stands for {wrapper.value}: the folder has none with its ports")


def _macro_file(library: LibertyGroup) -> MacroFile:
    cell = next(library.inside("cell"))
    sizes = next(cell.inside("memory"))
    return MacroFile(
        library=library,
        cell=cell,
        lines=1 << int(sizes.number("address_width")),
        bits=int(sizes.number("word_width")),
        pins={group.name: group for group in cell.groups if group.kind in ("pin", "bus")},
    )
