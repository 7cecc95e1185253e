"""The clock of catalogue chips at the gates, the areas of their blocks, and what the shorter paths cost in cycles."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chipsmith.chip import load_chip
from chipsmith.hardware.gates.timing import time_chip
from silicon_parts.gates import areas_by_part

_FIGURES = Path(__file__).resolve().parents[2] / "tests" / "goldens" / "figures.json"
CYCLES_BEFORE: Mapping[str, Mapping[str, int]] = {
    "nano-64": {"ic_resnet8_int8": 215258, "kws_dscnn_int8": 64253, "vww_96_int8": 237294, "ad01_int8": 73147},
    "edge-256": {"ic_resnet8_int8": 55070, "kws_dscnn_int8": 22325, "vww_96_int8": 73213, "ad01_int8": 35793},
}
"""Cycles of MLPerf Tiny's networks on the machine as it was before it was pipelined for its clock."""


def time_catalogue_chip(name: str, liberty: Path, memories: Path) -> dict[str, Any]:
    """Path and clock of a catalogue chip in the corner of the liberty file, and the cycles that it cost."""
    timing = time_chip(load_chip(name), liberty, sram=memories)
    longest = timing.paths[0]
    return {
        "corner": timing.cells.corner,
        "path_ns": round(timing.path_ns, 3),
        "fo4": round(timing.fo4, 2),
        "max_clock_mhz": round(timing.max_clock_mhz, 1),
        "from": longest.start,
        "to": longest.end,
        "logic_um2": round(timing.netlist.area_um2, 1),
        "mac_um2": round(timing.netlist.area_um2 / load_chip(name).macs, 1),
        "cells": timing.netlist.cells,
        "blocks_um2": block_areas(timing.netlist.instances),
        "cycles_cost": cycles_cost(name),
    }


def block_areas(instances: Mapping[str, float]) -> dict[str, float]:
    """Square micrometres of the logic of each block, the largest first."""
    areas = {block: round(math.fsum(parts.values()), 1) for block, parts in areas_by_part(instances).items()}
    return dict(sorted(areas.items(), key=lambda row: -row[1]))


def cycles_cost(name: str) -> dict[str, float]:
    """By network: its cycles now, as recorded, over those before, less 1."""
    figures = json.loads(_FIGURES.read_text(encoding="utf-8"))
    return {
        network: round(figures[f"{network} on {name}"]["simulate.latency_cycles"] / before - 1, 4)
        for network, before in CYCLES_BEFORE.get(name, {}).items()
    }
