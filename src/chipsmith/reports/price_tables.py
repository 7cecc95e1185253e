"""Tables of prices: by component, and line by line with the sources."""

from __future__ import annotations

import math

from chipsmith.profile.profile import PriceTable
from chipsmith.reports.markup import number, share_cell, table
from chipsmith.units import significant, spell_units


def component_table(prices: PriceTable, *, scale: float, unit: str, digits: int) -> str:
    """The sum of each component, in `unit` (`scale` of them make one of the prices' own), with its share."""
    rows = [
        (name, number(value, f"{value * scale:,.{digits}f}"), share_cell(value, prices.total))
        for name, value in prices.by_component().items()
    ]
    total = ("all", number(prices.total, f"{prices.total * scale:,.{digits}f}"), number(1, "100.0 %"))
    return table(("component", unit, "share"), rows, total=total, label=f"By component in {unit}")


def line_table(prices: PriceTable, *, scale: float, unit: str, each: str) -> str:
    """All lines with their counts, constants and sources; `unit` and `scale` as above, `each` heads the constants."""
    rows = [
        (
            line.component,
            spell_units(line.item),
            number(line.count, significant(line.count)),
            number(line.each, f"{line.each:.4g}"),
            number(line.value, f"{line.value * scale:,.4g}"),
            line.status,
            spell_units(line.source),
        )
        for line in prices.lines
    ]
    value = math.fsum(line.value for line in prices.lines)
    total = ("all", "", "", "", number(value, f"{value * scale:,.4g}"), prices.status, "")
    columns = ("component", "what", "count", each, unit, "status", "source")
    return table(columns, rows, total=total, label=f"Lines in {unit}")
