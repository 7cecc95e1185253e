"""Synthesis of a chip's RTL with yosys and a liberty file: cells and area of each module, memories as macros."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chipsmith.chip.description import Chip
from chipsmith.errors import BadInput
from chipsmith.extras import require_package
from chipsmith.files import write_texts
from chipsmith.hardware.sources import in_order, machine_sources

TOP = "machine"
MACROS = {"sram_bank": ("LINES", "LINE_BYTES", 8), "sram_two_port": ("LINES", "LINE_BITS", 1)}
"""The wrappers of memories: their parameters for lines and width, and the bits of a unit of width."""

_MODULE = re.compile(r"^MAPPING (.+)$")
_DELAY = re.compile(r"Delay = *([0-9.]+) ps")
_CELL = re.compile(r'\bcell *\( *"?(\w+)"? *\)')
_AREA = re.compile(r"\barea *: *([0-9.]+)")
_YOSYS = """
import json, sys
from pyosys import libyosys as ys
design = ys.Design()
*before, mapping, after = sys.argv[1:]
for one in before:
    ys.run_pass(one, design)
ys.run_pass("write_json mapped.json", design)
with open("mapped.json") as file:
    modules = json.load(file)["modules"]
for name in [name for name, module in modules.items() if "blackbox" not in module["attributes"]]:
    print("MAPPING", name, flush=True)
    ys.run_pass(f"{mapping} {name}", design)
ys.run_pass("opt_clean -purge", design)
ys.run_pass(after, design)
"""


@dataclass(frozen=True, kw_only=True)
class MacroKind:
    """A memory that stands behind a wrapper: a foundry's macro takes its place."""

    wrapper: str
    lines: int
    width_bits: int
    count: int


@dataclass(frozen=True, kw_only=True)
class ModuleArea:
    """A module's own cells, without those of the modules inside it; `count` instances of it stand in the machine.

    `delay_ps` is the longest path between registers or ports inside of the module; 0 where it has no logic.
    """

    name: str
    count: int
    cells: int
    area_um2: float
    delay_ps: float


@dataclass(frozen=True, kw_only=True)
class Synthesis:
    """The result for a machine: `blocks` is the area of each instance at the top with all that is inside of it."""

    chip: str
    macs: int
    modules: tuple[ModuleArea, ...]
    blocks: Mapping[str, float]
    macros: tuple[MacroKind, ...]

    @property
    def cells(self) -> int:
        """Standard cells of the whole machine."""
        return sum(module.count * module.cells for module in self.modules)

    @property
    def area_um2(self) -> float:
        """Area of all standard cells."""
        return math.fsum(module.count * module.area_um2 for module in self.modules)

    @property
    def slowest(self) -> ModuleArea:
        """The module with the longest path inside of it."""
        return max(self.modules, key=lambda module: module.delay_ps)


def synthesize(chip: Chip, liberty: Path, *, top: str = TOP) -> Synthesis:
    """Map the machine, or the module `top` of it, to the cells of a liberty file, hierarchically.

    Minutes for a catalogue chip. BadInput where pyosys is missing, the file cannot be read, or yosys refuses.
    """
    require_package("pyosys", extra="rtl", task="synthesise")
    if not liberty.is_file():
        raise BadInput(f"there is no liberty file {liberty}")
    with tempfile.TemporaryDirectory() as name:
        log, netlist = _run_yosys(chip, liberty.resolve(), top, Path(name))
    return _collect(chip, top, netlist["modules"], _cell_areas(liberty), _delays(log))


def _cell_areas(liberty: Path) -> dict[str, float]:
    """Square micrometres of each cell of a liberty file."""
    parts = _CELL.split(liberty.read_text(encoding="utf-8", errors="replace"))
    areas = {name: _AREA.search(text) for name, text in zip(parts[1::2], parts[2::2], strict=True)}
    return {name: float(area[1]) for name, area in areas.items() if area}


def _run_yosys(chip: Chip, liberty: Path, top: str, folder: Path) -> tuple[str, dict[str, Any]]:
    sources = {**machine_sources(chip), **{f"{name}.sv": black_box(name) for name in MACROS}}
    write_texts(folder, sources)
    (folder / "constraint").write_text("set_load 0.01 [all_outputs]\n", encoding="ascii")
    script = (
        f"read_verilog -sv {' '.join(in_order(sources))}",
        f"synth -booth -noabc -top {top}",
        f"dfflibmap -liberty {liberty}",
        f"abc -liberty {liberty} -constr constraint",
        "write_json netlist.json",
    )
    done = subprocess.run(
        [sys.executable, "-c", _YOSYS, *script], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BadInput(f"yosys refuses the RTL: {(done.stdout + done.stderr).strip()[-2000:]}")
    return done.stdout, json.loads((folder / "netlist.json").read_text())


def black_box(name: str) -> str:
    """The SystemVerilog of a wrapper without its body, for a macro comes in its place."""
    source = (Path(__file__).parent / "sv" / f"{name}.sv").read_text(encoding="utf-8")
    return "(* blackbox *)" + source[source.index("\nmodule ") : source.index("\n);") + 3] + "\nendmodule\n"


def _collect(
    chip: Chip, top: str, modules: Mapping[str, Any], areas: Mapping[str, float], delays: Mapping[str, float]
) -> Synthesis:
    counts = dict(_instances(modules, top))
    own = {name: _leaves(modules, name) for name in counts}
    area_um2 = {name: math.fsum(areas.get(cell, 0.0) for cell in cells) for name, cells in own.items()}
    return Synthesis(
        chip=chip.name,
        macs=chip.macs,
        modules=tuple(
            ModuleArea(
                name=name,
                count=count,
                cells=len(own[name]),
                area_um2=area_um2[name],
                delay_ps=delays.get(name, 0.0),
            )
            for name, count in counts.items()
        ),
        blocks=_blocks(modules, area_um2, top),
        macros=tuple(_macro_kinds(modules, counts)),
    )


def _children(modules: Mapping[str, Any], name: str) -> Iterator[tuple[str, str]]:
    """(instance, module) of the modules with contents inside of a module."""
    for instance, cell in modules[name]["cells"].items():
        if cell["type"] in modules and not _is_black_box(modules, cell["type"]):
            yield instance, cell["type"]


def _is_black_box(modules: Mapping[str, Any], name: str) -> bool:
    return "blackbox" in modules[name].get("attributes", {})


def _leaves(modules: Mapping[str, Any], name: str) -> list[str]:
    """The kinds of a module's own standard cells."""
    return [cell["type"] for cell in modules[name]["cells"].values() if cell["type"] not in modules]


def _instances(modules: Mapping[str, Any], top: str) -> Iterator[tuple[str, int]]:
    """How many of each module stand in the top module, itself included."""
    counts: dict[str, int] = {}

    def visit(name: str) -> None:
        counts[name] = counts.get(name, 0) + 1
        for _, inside in _children(modules, name):
            visit(inside)

    visit(top)
    yield from counts.items()


def _blocks(modules: Mapping[str, Any], own: Mapping[str, float], top: str) -> dict[str, float]:
    def whole(name: str) -> float:
        return own[name] + math.fsum(whole(child) for _, child in _children(modules, name))

    return {**{instance: whole(name) for instance, name in _children(modules, top)}, f"{top} itself": own[top]}


def _macro_kinds(modules: Mapping[str, Any], counts: Mapping[str, int]) -> Iterator[MacroKind]:
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


def _delays(log: str) -> dict[str, float]:
    """The longest path of each module, as abc reports it after mapping."""
    delays: dict[str, float] = {}
    module = ""
    for line in log.splitlines():
        if match := _MODULE.match(line):
            module = match[1]
        elif match := _DELAY.search(line):
            delays[module] = float(match[1])
    return delays
