"""A chip's RTL mapped to the standard cells of a liberty file by yosys: one netlist for timing, area and power.

Every module is mapped once and keeps its borders: without them abc takes twice the time and a third more area. A module
whose longest path exceeds a limit is mapped again, with its carry chains as prefix trees and then for speed, and the
best result is taken. Registers of a common enable get a gated clock. Results are cached by content.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chipsmith.cache import build_entry, content_key, installed_versions, own_folder, working_on
from chipsmith.chip.description import Chip
from chipsmith.errors import BadInput
from chipsmith.extras import require_package
from chipsmith.files import write_texts
from chipsmith.hardware.gates.library import ClockGateCell, StandardCells, read_cells
from chipsmith.hardware.gates.modules import ModuleArea, block_areas, instance_areas, module_areas, read_modules
from chipsmith.hardware.gates.sta import measure_fo4
from chipsmith.hardware.memories import Wrapper
from chipsmith.hardware.sources import in_order, machine_sources, shipped_source

TOP = "machine"
CLOCK_GATE = "clock_gate"
"""The module of the RTL that the library's clock gate stands for."""

_CACHE = "gates"
_DRIVER = Path(__file__).with_name("yosys_driver.py")
_ROWS = Path(__file__).with_name("product_rows.v")
_FEWEST_GATED = 3
"""A clock gate has the area of less than two multiplexers; a third register pays for its load on the clock."""
_FANOUT = 16
_LOAD_FF = 10
_MODULE_FO4 = 15.0
"""A module's longest path that is still mapped for area: paths cross two or three modules."""
_LONGEST_FO4 = 23.0
"""A module's longest path that leaves room in 40 FO4 for a register, a memory's port or a choice, and the margins."""

_SIZE = f"buffer -N {_FANOUT}; topo; stime -p; upsize {{D}}; dnsize {{D}}; stime -p"
_CLEAN = "strash; &get -n; &fraig -x; &put; scorr"
_RECIPES = (
    f"{_CLEAN}; dc2; strash; &get -n; &dch -f; &nf {{D}}; &put; {_SIZE}",
    f"{_CLEAN}; &get -n; &dch -f; &nf {{D}}; &put; {_SIZE}",
    f"strash; dch -f; if -g -K 6; strash; dch; amap; {_SIZE}",
    f"{_CLEAN}; dch -f; map -B 0.9 {{D}}; topo; {_SIZE}",
)
"""Scripts of abc, from that of least area to that of least delay: dc2 rewrites prefix adders into ripple carries."""


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
    job = _mapping_job(texts, cells, top)
    parts = (json.dumps([texts, job], sort_keys=True), cells.path.read_text(encoding="utf-8", errors="replace"))
    key = content_key([*(part.encode() for part in parts), _DRIVER.read_bytes(), installed_versions(["pyosys"])])
    folder = _unpack(key, lambda place: _run_yosys(place, texts, job))
    return _read_mapped(folder, cells, top)


def black_box(name: str) -> str:
    """The SystemVerilog of a wrapper without its body, for a macro comes in its place."""
    source = shipped_source(f"{name}.sv")
    return "(* blackbox *)" + source[source.index("\nmodule ") : source.index("\n);") + 3] + "\nendmodule\n"


def _with_black_boxes(sources: Mapping[str, str], cells: StandardCells) -> dict[str, str]:
    boxes = {f"{wrapper.value}.sv": black_box(wrapper.value) for wrapper in Wrapper}
    gate = {f"{CLOCK_GATE}.sv": _gate_source(cells.clock_gate)} if cells.clock_gate else {}
    replaced = {name: text for name, text in (boxes | gate).items() if name in sources}
    return {**sources, **replaced}


def _gate_source(gate: ClockGateCell) -> str:
    """The wrapper of a clock gate, with the library's cell inside."""
    pins = {gate.enable: "enable", gate.clock: "clock", gate.gated: "gated"} | (
        {gate.test: "1'b0"} if gate.test else {}
    )
    cell = ", ".join(f".{pin}({net})" for pin, net in pins.items())
    ports = "input logic clock, input logic enable, output logic gated"
    return f"module {CLOCK_GATE} ({ports});\n  {gate.name} gate ({cell});\nendmodule\n"


def _mapping_job(texts: Mapping[str, str], cells: StandardCells, top: str) -> dict[str, Any]:
    """What yosys_driver.py does: passes before the mapping, recipes for each module, passes at the end."""
    liberty = cells.path.resolve()
    unused = " ".join(f"-dont_use {name}" for name in cells.unused)
    fo4_ps = 1000 * measure_fo4(cells)
    limit_ps, longest_ps = (round(fo4 * fo4_ps) for fo4 in (_MODULE_FO4, _LONGEST_FO4))
    mapping = f"abc -liberty {liberty} -constr constraint -D {limit_ps} {unused}"
    return {
        "elaborate": [
            f"read_liberty -lib -ignore_miss_func -ignore_miss_dir {liberty}",
            f"read_verilog -sv {' '.join(in_order(texts))}",
            f"hierarchy -check -top {top}",
            *("proc", "opt_expr", "opt_clean", "wreduce", f"techmap -map {_ROWS.name}"),
            f"synth -booth -noabc -top {top}",
            *_gating(cells.clock_gate),
            f"dfflibmap -liberty {liberty} {unused}",
        ],
        "recipes": [f"{mapping} -script recipe{number}.abc" for number in range(len(_RECIPES))],
        "limit_ps": limit_ps,
        "longest_ps": longest_ps,
        "finish": [
            "opt_clean -purge",
            "setundef -zero",
            "splitnets",
            "opt_clean -purge",
            "write_verilog -noattr -noexpr -nohex -nodec netlist.v",
            "write_json netlist.json",
        ],
        "files": {
            _ROWS.name: _ROWS.read_text(encoding="ascii"),
            "constraint": f"set_driving_cell {cells.buffer}\nset_load {_LOAD_FF}\n",
            **{f"recipe{number}.abc": f"{recipe}\n" for number, recipe in enumerate(_RECIPES)},
        },
    }


def _gating(gate: ClockGateCell | None) -> list[str]:
    if gate is None:
        return []
    pins = f"-pos {gate.name} {gate.enable}:{gate.clock}:{gate.gated}"
    test = f" -tie_lo {gate.test}" if gate.test else ""
    return [f"clockgate {pins}{test} -min_net_size {_FEWEST_GATED}"]


def _run_yosys(folder: Path, texts: Mapping[str, str], job: Mapping[str, Any]) -> None:
    write_texts(folder, {**texts, **job["files"], "job.json": json.dumps(job)})
    command = [sys.executable, str(_DRIVER), "job.json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BadInput(f"yosys refuses the RTL: {(done.stdout + done.stderr).strip()[-2000:]}")


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
