"""Memories of a foundry at 130 nm: area and energy of an access over lines, bits and ports, fitted to its macros.

The table `sram_model` has the numbers, which `benchmarks/silicon.py sram` fits to the macros of `sram_macros`. A memory
that is wider than the macros is several of them side by side.
"""

from __future__ import annotations

import enum
import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chipsmith.chip.sourced import Sourced, Status, derived
from chipsmith.chip.tables import read_table, sourced

MODEL_NODE_NM = 130
"""The node of the macros."""


class Ports(enum.Enum):
    """How a memory is reached: the value is the number of its ports."""

    SHARED = 1
    """A read or a write a cycle."""
    READ_AND_WRITE = 2
    """A read and a write a cycle."""


WIDEST_BITS: Mapping[Ports, int] = {Ports.SHARED: 64, Ports.READ_AND_WRITE: 32}
"""Bits of the widest macro."""


class MacroQuantity(enum.StrEnum):
    """What the model has of a macro: a column of the macros' table."""

    AREA_UM2 = "area_um2"
    READ_PJ = "read_pj"
    WRITE_PJ = "write_pj"


@dataclass(frozen=True, kw_only=True)
class MacroSize:
    """A macro of `lines` lines of `bits` bits."""

    lines: float
    bits: float
    ports: Ports = Ports.SHARED

    @property
    def size_bytes(self) -> float:
        """What it holds."""
        return self.lines * self.bits / 8


MACRO_FEATURES: Mapping[str, Callable[[MacroSize], float]] = {
    "constant": lambda _: 1.0,
    "lines": lambda size: size.lines,
    "bits": lambda size: size.bits,
    "lines * bits": lambda size: size.lines * size.bits,
}
"""What a quantity is a sum of; that of two ports is a multiple of it."""

TWO_PORTS = "two ports over one"
"""The row of the multiple."""


def slice_memory(size: MacroSize) -> tuple[int, MacroSize]:
    """How many macros of no more than the widest stand for a memory side by side, and each of them."""
    count = max(1, math.ceil(size.bits / WIDEST_BITS[size.ports]))
    return count, MacroSize(lines=size.lines, bits=size.bits / count, ports=size.ports)


def model_macro(quantity: MacroQuantity, size: MacroSize) -> Sourced:
    """A quantity of a macro at MODEL_NODE_NM; ASSUMED where it has fewer or more lines or bits than all macros."""
    rows = _rows(quantity)
    value = math.fsum(rows[name].value * feature(size) for name, feature in MACRO_FEATURES.items())
    factor = rows[TWO_PORTS].value if size.ports is Ports.READ_AND_WRITE else 1.0
    at_best = Status.COMPUTED if _is_inside(size) else Status.ASSUMED
    formula = f"{quantity} of {size.lines:g} lines of {size.bits:g} bits at {MODEL_NODE_NM} nm, from a foundry's macros"
    unit = quantity.rpartition("_")[2].replace("pj", "pJ")
    return derived(value * factor, unit, formula=formula, inputs=tuple(rows.values()), at_best=at_best)


@functools.cache
def _rows(quantity: MacroQuantity) -> Mapping[str, Sourced]:
    rows = (row for row in read_table("sram_model") if row["quantity"] == quantity)
    return {row["feature"]: sourced(row, column="value", unit="") for row in rows}


def _is_inside(size: MacroSize) -> bool:
    own = [row for row in read_table("sram_macros") if int(row["ports"]) == size.ports.value]
    return all(
        min(sizes) <= given <= max(sizes)
        for given, sizes in (
            (size.lines, [int(row["lines"]) for row in own]),
            (size.bits, [int(row["bits"]) for row in own]),
        )
    )
