"""A foundry's own macros at 130 nm: those of least area that make up a memory of a size."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass

from chipsmith.chip.sourced import Sourced, derived
from chipsmith.chip.sram_model import MacroQuantity, MacroSize, Ports
from chipsmith.chip.tables import read_table, sourced


@dataclass(frozen=True, kw_only=True)
class FoundryMacro:
    """A macro of the table `sram_macros`; `masked`: a write may leave bits of a line as they are."""

    size: MacroSize
    masked: bool
    values: Mapping[MacroQuantity, Sourced]


@dataclass(frozen=True, kw_only=True)
class BuiltMemory:
    """A memory as macros: `wide` beside one another, all of them accessed, `deep` on one another, one of them accessed.

    What selects between those on one another is not counted.
    """

    macro: FoundryMacro
    wide: int
    deep: int

    @property
    def area_um2(self) -> float:
        """Of all macros."""
        return self.wide * self.deep * self.macro.values[MacroQuantity.AREA_UM2].value

    def total(self, quantity: MacroQuantity, *, unit: str, per_unit: float) -> Sourced:
        """The area of all macros, or the energy of an access of a line; a unit is `per_unit` of the table's."""
        count = self.wide * (self.deep if quantity is MacroQuantity.AREA_UM2 else 1)
        each, size = self.macro.values[quantity], self.macro.size
        formula = f"{count} x {quantity} of a macro of {size.lines:g} lines of {size.bits:g} bits"
        return derived(count * each.value / per_unit, unit, formula=formula, inputs=(each,))


def count_macros(size: MacroSize, *, lines: int, bits: int) -> tuple[int, int]:
    """How many macros of `lines` lines of `bits` bits a memory takes beside one another, and on one another."""
    return math.ceil(size.bits / bits), math.ceil(size.lines / lines)


@functools.cache
def build_memory(size: MacroSize) -> BuiltMemory:
    """The macros of the memory's ports that hold it in the least area; of one port those that write parts of lines."""
    fitting = [
        macro
        for macro in _foundry_macros()
        if macro.size.ports is size.ports and (macro.masked or size.ports is Ports.READ_AND_WRITE)
    ]
    return min((_build(size, macro) for macro in fitting), key=lambda built: built.area_um2)


def _build(size: MacroSize, macro: FoundryMacro) -> BuiltMemory:
    wide, deep = count_macros(size, lines=int(macro.size.lines), bits=int(macro.size.bits))
    return BuiltMemory(macro=macro, wide=wide, deep=deep)


@functools.cache
def _foundry_macros() -> tuple[FoundryMacro, ...]:
    return tuple(
        FoundryMacro(
            size=MacroSize(lines=int(row["lines"]), bits=int(row["bits"]), ports=Ports(int(row["ports"]))),
            masked=row["masked"] == "1",
            values={
                quantity: sourced(row, column=quantity, unit=quantity.rpartition("_")[2].replace("pj", "pJ"))
                for quantity in MacroQuantity
            },
        )
        for row in read_table("sram_macros")
    )
