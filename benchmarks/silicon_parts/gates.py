"""The logic of chips at the gates: areas by block and part, paths by block; a row a chip.

A row is kept by the content of all that it follows from.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chipsmith.cache import content_key
from chipsmith.chip import Chip
from chipsmith.hardware.gates import block_timing, flow, memory_timing, sta
from chipsmith.hardware.gates import timing as gate_timing
from chipsmith.hardware.gates.block_timing import time_blocks
from chipsmith.hardware.gates.blocks import BLOCKS, MachineBlock, block_of_logic
from chipsmith.hardware.gates.library import read_cells
from chipsmith.hardware.gates.mapping import mapping_rules
from chipsmith.hardware.sources import machine_sources
from silicon_parts.results import read_rows, write_section

Row = dict[str, Any]
SECTION = "synthesised"
_GENERATED = re.compile(r"\w+\[\d+\]\.")
_FLOW = (block_timing, memory_timing, sta, gate_timing)


@dataclass(frozen=True, kw_only=True)
class Libraries:
    """The liberty file of the cells, in the slow corner, and a folder of those of memories."""

    cells: Path
    memories: Path


def gate_rows(chips: Sequence[Chip], libraries: Libraries, results: Path, *, with_paths: bool) -> list[Row]:
    """The row of each chip; chips without a valid row are mapped, those of few multipliers first, and then timed.

    Rows of other chips stay as long as they are valid of their own chip (`drop_stale`).
    """
    rows = read_rows(results, SECTION)
    keys = {chip.name: row_key(chip, libraries) for chip in chips}
    for add, done in ((_areas, "logic_um2"), (_paths, "fo4")):
        for chip in sorted(chips, key=lambda chip: chip.macs):
            row = rows.get(keys[chip.name], {})
            if done in row or (add is _paths and not with_paths):
                continue
            print(f"{done} of {chip.name}, {chip.macs} multipliers", file=sys.stderr)
            named = {"chip": chip.name, "key": keys[chip.name], "macs": chip.macs, "settings": settings_of(chip)}
            rows[keys[chip.name]] = {**named, **row, **add(chip, libraries)}
            write_section(results, SECTION, drop_stale(rows.values(), keys))
    return [rows[keys[chip.name]] for chip in chips]


def known_rows(chips: Sequence[Chip], libraries: Libraries, results: Path) -> list[Row]:
    """The rows of those chips that have a valid one."""
    rows = read_rows(results, SECTION)
    keys = (row_key(chip, libraries) for chip in chips)
    return [rows[key] for key in keys if key in rows]


def drop_stale(rows: Any, keys: Mapping[str, str]) -> list[Row]:
    """The rows without those of a chip in `keys` (by name) whose key is another now; by name."""
    valid = (row for row in rows if keys.get(row["chip"], row["key"]) == row["key"])
    return sorted(valid, key=lambda row: row["chip"])


def row_key(chip: Chip, libraries: Libraries) -> str:
    """A name of the chip's RTL, the libraries and the flow: a row under another name is stale."""
    own = [Path(str(module.__file__)).read_bytes() for module in _FLOW]
    sources = json.dumps(machine_sources(chip), sort_keys=True).encode()
    memories = [path.read_bytes() for path in sorted(libraries.memories.glob("*.lib"))]
    return content_key([sources, mapping_key(libraries.cells), *memories, *own])


def mapping_key(liberty: Path) -> bytes:
    """A name of the cells and of how modules are mapped to them."""
    return mapping_rules(read_cells(liberty)).key


def areas_by_part(instances: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """Square micrometres by block and part: an instance of the machine's, or one inside of it with all of its own."""
    areas: dict[str, dict[str, float]] = {}
    for path, area in instances.items():
        block = BLOCKS[block_of_logic(path)]
        part = "machine" if block is MachineBlock.REST else ".".join(_GENERATED.sub("", path).split(".")[:2])
        parts = areas.setdefault(block.value, {})
        parts[part] = parts.get(part, 0.0) + area
    return areas


def _areas(chip: Chip, libraries: Libraries) -> Row:
    instances = flow.map_areas(chip, libraries.cells)
    parts = areas_by_part(instances)
    return {
        "logic_um2": round(math.fsum(instances.values()), 1),
        "parts_um2": {
            block: {part: round(area, 1) for part, area in sorted(own.items())} for block, own in parts.items()
        },
    }


def _paths(chip: Chip, libraries: Libraries) -> Row:
    netlist = flow.map_to_gates(chip, libraries.cells)
    paths = time_blocks(netlist, libraries.cells, sram=libraries.memories)
    return {
        "fo4": round(paths.fo4, 2),
        "logic_fo4": {block: round(fo4, 2) for block, fo4 in sorted(paths.logic.items())},
        "memory_fo4": {block: round(fo4, 2) for block, fo4 in sorted(paths.memories.items())},
    }


def settings_of(chip: Chip) -> dict[str, Any]:
    """What distinguishes the logic of a chip."""
    values = chip.model_dump(mode="json")
    sections = ("tensor", "vector", "memory", "instructions", "external")
    return {f"{section}.{name}": value for section in sections for name, value in values[section].items()}
