"""A chip's RTL mapped to the standard cells of a liberty file by yosys: one netlist for timing, area and power.

Every module is mapped once and keeps its borders: without them abc takes twice the time and a third more area. Results
are cached by content.
"""

from __future__ import annotations

import json
import math
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from chipsmith.cache import build_entry, own_folder, working_on
from chipsmith.chip.description import Chip
from chipsmith.errors import BadInput
from chipsmith.extras import require_package
from chipsmith.hardware.gates.library import ClockGateCell, StandardCells, read_cells
from chipsmith.hardware.gates.mapping import design_key, map_design, map_modules, mapping_rules
from chipsmith.hardware.gates.modules import ModuleArea, block_areas, instance_areas, module_areas, read_modules
from chipsmith.hardware.gates.rtlil import split_modules
from chipsmith.hardware.memories import Wrapper
from chipsmith.hardware.sources import machine_sources, shipped_source

TOP = "machine"
CLOCK_GATE = "clock_gate"
"""The module of the RTL that the library's clock gate stands for."""

_CACHE = "gates"


@dataclass(frozen=True, kw_only=True)
class MappedNetlist:
    """A mapped design: `json_path` by yosys' write_json, `verilog_path`, both with hierarchy, memories as black boxes.

    `modules` are those with cells of their own, `instances` the areas of the own cells of each instance by its path.
    """

    json_path: Path
    verilog_path: Path
    top: str
    modules: tuple[ModuleArea, ...]
    instances: Mapping[str, float]

    @property
    def blocks(self) -> Mapping[str, float]:
        """The areas of the instances at the top with what is inside of them, and of the top's own cells."""
        return block_areas(self.instances, self.top)

    @property
    def cells(self) -> int:
        """Standard cells of the whole design."""
        return sum(module.count * module.cells for module in self.modules)

    @property
    def area_um2(self) -> float:
        """Area of all standard cells."""
        return math.fsum(module.count * module.area_um2 for module in self.modules)

    @property
    def clock_gates(self) -> int:
        """Cells that gate a clock."""
        return sum(module.count * module.clock_gates for module in self.modules)

    @property
    def registers(self) -> int:
        """Flip-flops."""
        return sum(module.count * module.registers for module in self.modules)


def map_to_gates(chip: Chip, liberty: Path, *, top: str = TOP) -> MappedNetlist:
    """Map the machine of a chip, or the module `top` of it, to the cells of a liberty file.

    A minute or two the first time, then from the cache. BadInput where pyosys is missing, the liberty file is missing
    or damaged, there is no such module, or yosys refuses the RTL.
    """
    return map_sources(machine_sources(chip), liberty, top=top)


def map_sources(sources: Mapping[str, str], liberty: Path, *, top: str) -> MappedNetlist:
    """As map_to_gates, of SystemVerilog sources by file name."""
    require_package("pyosys", extra="rtl", task="map the RTL to gates")
    cells = read_cells(liberty)
    if f"{top}.sv" not in sources:
        raise BadInput(f"the RTL has no module {top}; it has {', '.join(sorted(Path(name).stem for name in sources))}")
    texts = _with_black_boxes(sources, cells)
    rules = mapping_rules(cells)
    key = design_key(texts, top=top, rules=rules)
    folder = _unpack(key, lambda place: map_design(place, texts, top=top, rules=rules))
    return _read_mapped(folder, cells, top)


def map_areas(chip: Chip, liberty: Path) -> dict[str, float]:
    """The areas of a machine's own cells by instance, those of `MappedNetlist.instances`, without a netlist of it all.

    The errors are those of map_to_gates.
    """
    require_package("pyosys", extra="rtl", task="map the RTL to gates")
    cells = read_cells(liberty)
    texts = _with_black_boxes(machine_sources(chip), cells)
    mapped = map_modules(texts, top=TOP, rules=mapping_rules(cells))
    kinds = {name: split_modules(module.rtlil)[name].cells for name, module in mapped.items()}
    modules = {
        name: {"cells": {instance: {"type": kind} for instance, kind in inside.items()}}
        for name, inside in kinds.items()
    }
    areas = module_areas(modules, TOP, cells, {})
    return instance_areas(modules, TOP, {module.name: module.area_um2 for module in areas})


def black_box(name: str) -> str:
    """The SystemVerilog of a wrapper without its body, for a macro comes in its place."""
    source = shipped_source(f"{name}.sv")
    return "(* blackbox *)" + source[source.index("\nmodule ") : source.index("\n);") + 3] + "\nendmodule\n"


def _with_black_boxes(sources: Mapping[str, str], cells: StandardCells) -> dict[str, str]:
    boxes = {f"{wrapper.value}.sv": black_box(wrapper.value) for wrapper in Wrapper}
    gate = {f"{CLOCK_GATE}.sv": _gate_source(cells.clock_gate)}
    replaced = {name: text for name, text in (boxes | gate).items() if name in sources}
    return {**sources, **replaced}


def _gate_source(gate: ClockGateCell | None) -> str:
    """The wrapper of a clock gate, with the library's cell inside; where it has none every edge passes."""
    ports = "input logic clock, input logic enable, output logic gated"
    if gate is None:
        return f"module {CLOCK_GATE} ({ports});\n  assign gated = clock;\nendmodule\n"
    pins = {gate.enable: "enable", gate.clock: "clock", gate.gated: "gated"} | (
        {gate.test: "1'b0"} if gate.test else {}
    )
    cell = ", ".join(f".{pin}({net})" for pin, net in pins.items())
    return f"module {CLOCK_GATE} ({ports});\n  {gate.name} gate ({cell});\nendmodule\n"


_KEPT = ("netlist.json", "netlist.v", "delays.json")


def _unpack(key: str, build: Callable[[Path], None]) -> Path:
    """The folder of a cached mapping, built where it is absent: every file of it is that of the sealed archive."""

    def pack(place: Path) -> Path:
        build(place)
        with zipfile.ZipFile(place / "mapped.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name in _KEPT:
                archive.write(place / name, name)
        return place / "mapped.zip"

    archive = build_entry(_CACHE, f"{key}.zip", pack, what="the mapped netlist")
    folder = own_folder(_CACHE) / key
    with working_on(_CACHE, key), zipfile.ZipFile(archive) as files:
        folder.mkdir(mode=0o700, exist_ok=True)
        for member in files.infolist():
            if not _is_whole(folder / member.filename, member.CRC):
                files.extract(member, folder)
    return folder


def _is_whole(path: Path, checksum: int) -> bool:
    return path.is_file() and zlib.crc32(path.read_bytes()) == checksum


def _read_mapped(folder: Path, cells: StandardCells, top: str) -> MappedNetlist:
    modules = read_modules(folder / "netlist.json")
    delays = json.loads((folder / "delays.json").read_text(encoding="utf-8"))
    areas = tuple(module_areas(modules, top, cells, delays))
    return MappedNetlist(
        json_path=folder / "netlist.json",
        verilog_path=folder / "netlist.v",
        top=top,
        modules=areas,
        instances=instance_areas(modules, top, {module.name: module.area_um2 for module in areas}),
    )
