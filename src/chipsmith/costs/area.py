"""Area of a chip: cells of its logic as synthesised chips have them, memory macros, and the room between cells."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from chipsmith.chip import Chip
from chipsmith.chip.macros import Macro, macros
from chipsmith.chip.sourced import Sourced, Status, assumed, derived, weakest
from chipsmith.costs.logic_blocks import LogicPart, estimate_logic_parts

EXCLUDED = (
    "pads and the external memory's physical interface",
    "clock generation, test structures and power switches",
)
"""What the area does not include: no source with a usable status prices it at these nodes."""

CAVEAT = "before layout; NVDLA with as many multipliers and bytes is published at 2.0 to 2.7 times it"
"""How the area compares with published silicon (docs/estimates.md)."""

_UTILISATION = assumed(0.7, "1", reason="share of the placed area that is cells; no source")


@dataclass(frozen=True, kw_only=True)
class AreaPart:
    """`count` equal things of a component, with the area of each in square micrometres."""

    component: str
    role: str
    count: int
    each_um2: Sourced

    @property
    def area_mm2(self) -> float:
        """Area of all of them in square millimetres."""
        return self.count * self.each_um2.value / 1e6


@dataclass(frozen=True, kw_only=True)
class AreaEstimate:
    """The area of a chip's core; the parts sum to the total. Estimated, never measured."""

    parts: tuple[AreaPart, ...]
    excluded: tuple[str, ...] = EXCLUDED
    caveat: str = CAVEAT

    @property
    def total_mm2(self) -> float:
        """Area of the core in square millimetres."""
        return math.fsum(part.area_mm2 for part in self.parts)

    @property
    def status(self) -> Status:
        """How far the total can be trusted: the weakest status of its parts."""
        return weakest(*(part.each_um2.status for part in self.parts))

    @property
    def references(self) -> tuple[str, ...]:
        """The sources behind all parts."""
        return tuple(dict.fromkeys(text for part in self.parts for text in part.each_um2.references))

    def by_component(self) -> dict[str, float]:
        """Square millimetres of each component, in the order of the parts; they sum to the total."""
        names = dict.fromkeys(part.component for part in self.parts)
        return {name: math.fsum(part.area_mm2 for part in self.parts if part.component == name) for name in names}


def estimate_area(chip: Chip) -> AreaEstimate:
    """The area of a chip: its logic's cells, its memory macros, and the room that placement leaves between cells."""
    cells = [_logic_part(part) for part in estimate_logic_parts(chip)]
    return AreaEstimate(parts=(*cells, *map(_macro_part, macros(chip)), _placement(cells)))


def logic_area_um2(chip: Chip) -> Sourced:
    """Area of all logic cells before placement, in square micrometres."""
    parts = [part.um2 for part in estimate_logic_parts(chip)]
    value = math.fsum(part.value for part in parts)
    return derived(value, "um2", formula="sum of the logic's cells", inputs=tuple(parts))


def _logic_part(part: LogicPart) -> AreaPart:
    return AreaPart(component=part.block, role=f"cells of {part.part}", count=1, each_um2=part.um2)


def _macro_part(macro: Macro) -> AreaPart:
    area = macro.sram.area_mm2
    role = f"macros of {macro.sram.size_bytes} bytes, {macro.sram.width_bits} bits wide"
    each = replace(area, value=1e6 * area.value, unit="um2")
    return AreaPart(component=macro.component, role=role, count=macro.count, each_um2=each)


def _placement(cells: Iterable[AreaPart]) -> AreaPart:
    cells_um2 = 1e6 * math.fsum(part.area_mm2 for part in cells)
    value = cells_um2 * (1 / _UTILISATION.value - 1)
    formula = f"cells x (1 / {_UTILISATION.value} - 1)"
    each = derived(value, "um2", formula=formula, inputs=(_UTILISATION,))
    return AreaPart(component="placement", role="room between cells", count=1, each_um2=each)
