"""What was measured of catalogue chips at the gates (docs/silicon.json) as tables."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "silicon.json"

Row = Mapping[str, Any]


def synthesis_table() -> str:
    """A row a block, a column a chip: square micrometres of cells and their shares; then the whole, and a MAC."""
    chips: Mapping[str, Row] = json.loads(RESULTS.read_text()).get("timing", {})
    if not chips:
        return "No chip was mapped since the last change of the RTL."
    rows = "\n".join(f"| {name} | {' | '.join(texts)} |" for name, texts in _rows(list(chips.values())))
    return f"| block | {' | '.join(chips)} |\n|---|{'---|' * len(chips)}\n{rows}"


def _rows(chips: Sequence[Row]) -> Iterator[tuple[str, list[str]]]:
    for block in dict.fromkeys(block for chip in chips for block in chip["blocks_um2"]):
        yield block, [_area(chip["blocks_um2"].get(block, 0.0), chip["logic_um2"]) for chip in chips]
    yield "whole", [f"{chip['logic_um2']:,.0f}" for chip in chips]
    yield "a MAC", [f"{chip['mac_um2']:,.0f}" for chip in chips]
    yield "cells", [f"{chip['cells']:,}" for chip in chips]
    yield "corner", [chip["corner"] for chip in chips]


def _area(area_um2: float, whole_um2: float) -> str:
    return f"{area_um2:,.0f} ({area_um2 / whole_um2:.0%})"
