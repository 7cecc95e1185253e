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
from silicon_parts.results import Row, read_rows, replace_row, write_section

SECTION = "synthesised"
_GENERATED = re.compile(r"\w+\[\d+\]\.")
_TIMING = (block_timing, memory_timing, sta, gate_timing)


@dataclass(frozen=True, kw_only=True)
class Libraries:
    """The liberty file of the cells, in the slow corner, and a folder of those of memories."""

    cells: Path
    memories: Path


def gate_rows(chips: Sequence[Chip], libraries: Libraries, results: Path, *, with_paths: bool) -> list[Row]:
    """The row of each chip; chips without a valid row are mapped, those of few multipliers first, and then timed.

    A chip's older row goes, those of other chips stay.
    """
    rows = read_rows(results, SECTION)
    keys = {chip.name: row_key(chip, libraries) for chip in chips}
    by_macs = sorted(chips, key=lambda chip: chip.macs)

    def keep(chip: Chip, figures: Row) -> None:
        nonlocal rows
        named = {"chip": chip.name, "key": keys[chip.name], "macs": chip.macs, "settings": settings_of(chip)}
        rows = replace_row(rows, {**named, **rows.get(keys[chip.name], {}), **figures}, names=["chip"])
        write_section(results, SECTION, list(rows.values()))

    for chip in by_macs:
        if keys[chip.name] not in rows:
            print(f"areas of {chip.name}, {chip.macs} multipliers", file=sys.stderr)
            keep(chip, _areas(chip, libraries))
    timing = paths_key(libraries)
    for chip in by_macs if with_paths else ():
        if not _is_timed(rows[keys[chip.name]], timing):
            print(f"paths of {chip.name}, {chip.macs} multipliers", file=sys.stderr)
            keep(chip, {**_paths(chip, libraries), "paths_key": timing})
    return [rows[keys[chip.name]] for chip in chips]


def known_rows(chips: Sequence[Chip], libraries: Libraries, results: Path, *, with_paths: bool) -> list[Row]:
    """The rows of those chips that have a valid one, and, `with_paths`, valid paths in it."""
    rows, timing = read_rows(results, SECTION), paths_key(libraries)
    known = [rows[key] for key in (row_key(chip, libraries) for chip in chips) if key in rows]
    return [row for row in known if not with_paths or _is_timed(row, timing)]


def _is_timed(row: Row, timing: str) -> bool:
    return row.get("paths_key") == timing


def row_key(chip: Chip, libraries: Libraries) -> str:
    """A name of the chip's gates, of its RTL, the cells and the flow: a row under another name is stale."""
    sources = json.dumps(machine_sources(chip), sort_keys=True).encode()
    return content_key([sources, mapping_key(libraries.cells)])


def paths_key(libraries: Libraries) -> str:
    """A name of all that paths follow from beside the gates: memories, and how both are timed."""
    own = [Path(str(module.__file__)).read_bytes() for module in _TIMING]
    return content_key([*own, *memory_files(libraries)])


def memory_files(libraries: Libraries) -> list[bytes]:
    """The contents of the liberty files of memories."""
    return [path.read_bytes() for path in sorted(libraries.memories.glob("*.lib"))]


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
