"""Synthesis of a chip's RTL with a liberty file: cells and area of each module, memories as macros."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from chipsmith.chip.description import Chip
from chipsmith.hardware.gates.flow import TOP, MappedNetlist, map_to_gates
from chipsmith.hardware.gates.modules import ModuleArea, Modules, count_instances, read_modules

MACROS = {"sram_bank": ("LINES", "LINE_BYTES", 8), "sram_two_port": ("LINES", "LINE_BITS", 1)}
"""The wrappers of memories: their parameters for lines and width, and the bits of a unit of width."""


@dataclass(frozen=True, kw_only=True)
class MacroKind:
    """A memory that stands behind a wrapper: a foundry's macro takes its place."""

    wrapper: str
    lines: int
    width_bits: int
    count: int


@dataclass(frozen=True, kw_only=True)
class Synthesis:
    """The result for a machine: its mapped netlist, and the memories that are not in it."""

    chip: str
    macs: int
    netlist: MappedNetlist
    macros: tuple[MacroKind, ...]

    @property
    def modules(self) -> tuple[ModuleArea, ...]:
        """The modules, from the top down."""
        return self.netlist.modules

    @property
    def blocks(self) -> Mapping[str, float]:
        """The area of each instance at the top with all that is inside of it."""
        return self.netlist.blocks

    @property
    def cells(self) -> int:
        """Standard cells of the whole machine."""
        return self.netlist.cells

    @property
    def area_um2(self) -> float:
        """Area of all standard cells."""
        return self.netlist.area_um2

    @property
    def slowest(self) -> ModuleArea:
        """The module with the longest path inside of it."""
        return max(self.modules, key=lambda module: module.delay_ps)


def synthesize(chip: Chip, liberty: Path, *, top: str = TOP) -> Synthesis:
    """Map the machine, or the module `top` of it, to the cells of a liberty file, hierarchically.

    Minutes for a catalogue chip, then from the cache. BadInput as map_to_gates.
    """
    netlist = map_to_gates(chip, liberty, top=top)
    modules = read_modules(netlist.json_path)
    macros = tuple(_macro_kinds(modules, count_instances(modules, top)))
    return Synthesis(chip=chip.name, macs=chip.macs, netlist=netlist, macros=macros)


def _macro_kinds(modules: Modules, counts: Mapping[str, int]) -> Iterator[MacroKind]:
    kinds: dict[tuple[str, int, int], int] = {}
    for name, count in counts.items():
        for cell in modules[name]["cells"].values():
            if cell["type"] in MACROS:
                lines, width, bits = MACROS[cell["type"]]
                sizes = cell["parameters"]
                key = (cell["type"], int(sizes[lines], 2), int(sizes[width], 2) * bits)
                kinds[key] = kinds.get(key, 0) + count
    for (wrapper, deep, wide), many in sorted(kinds.items()):
        yield MacroKind(wrapper=wrapper, lines=deep, width_bits=wide, count=many)
