"""Modules of a netlist that yosys wrote as JSON: what stands in which, their cells and areas."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chipsmith.hardware.gates.library import StandardCells

Modules = Mapping[str, Any]
"""Name to module, as in the file."""


def read_modules(path: Path) -> Modules:
    """The modules of a file. OSError, ValueError or KeyError where it is none."""
    modules: Modules = json.loads(path.read_text(encoding="utf-8"))["modules"]
    return modules


@dataclass(frozen=True, kw_only=True)
class ModuleArea:
    """A module's own cells, without those of the modules inside it; `count` instances of it stand in the design.

    `delay_ps` is the longest path between registers or ports inside of the module; 0 where it has no logic.
    """

    name: str
    count: int
    cells: int
    registers: int
    clock_gates: int
    area_um2: float
    delay_ps: float


def module_areas(modules: Modules, top: str, cells: StandardCells, delays: Mapping[str, float]) -> Iterator[ModuleArea]:
    """The modules of a design from the top down, each once."""
    gate = cells.clock_gate.name if cells.clock_gate else ""
    for name, count in count_instances(modules, top).items():
        own = Counter(kind for kind in leaf_cells(modules, name) if kind in cells.areas_um2)
        yield ModuleArea(
            name=name,
            count=count,
            cells=sum(own.values()),
            registers=sum(number for kind, number in own.items() if kind in cells.registers),
            clock_gates=own[gate],
            area_um2=math.fsum(number * cells.areas_um2[kind] for kind, number in own.items()),
            delay_ps=delays.get(name, 0.0),
        )


def count_instances(modules: Modules, top: str) -> dict[str, int]:
    """How many of each module stand in the top module, itself included."""
    counts: dict[str, int] = {}

    def visit(name: str) -> None:
        counts[name] = counts.get(name, 0) + 1
        for _, inside in children(modules, name):
            visit(inside)

    visit(top)
    return counts


def children(modules: Modules, name: str) -> Iterator[tuple[str, str]]:
    """(instance, module) of the modules with contents inside of a module."""
    for instance, cell in modules[name]["cells"].items():
        if cell["type"] in modules and not is_black_box(modules, cell["type"]):
            yield instance, cell["type"]


def is_black_box(modules: Modules, name: str) -> bool:
    """Whether a module has no contents: a memory, or a cell of the library."""
    return "blackbox" in modules[name].get("attributes", {})


def leaf_cells(modules: Modules, name: str) -> list[str]:
    """The kinds of a module's own standard cells and memories."""
    kinds = (cell["type"] for cell in modules[name]["cells"].values())
    return [kind for kind in kinds if kind not in modules or is_black_box(modules, kind)]


def instance_areas(modules: Modules, top: str, own: Mapping[str, float]) -> dict[str, float]:
    """Area of the own cells of each instance, by its path below the top module; that of the top by an empty path."""
    areas: dict[str, float] = {}

    def visit(name: str, path: str) -> None:
        areas[path] = own[name]
        for instance, inside in children(modules, name):
            visit(inside, f"{path}.{instance}" if path else instance)

    visit(top, "")
    return areas


def block_areas(instances: Mapping[str, float], top: str) -> dict[str, float]:
    """Area of each instance in the top module with all that is inside of it, and of the top's own cells."""
    areas: dict[str, float] = {}
    for path, area in instances.items():
        block = path.partition(".")[0] or f"{top} itself"
        areas[block] = areas.get(block, 0.0) + area
    return areas
