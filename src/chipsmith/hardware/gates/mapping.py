"""RTL to gates by yosys, module by module: what is the same in two chips is mapped once, and several at a time.

Each module is mapped by several recipes of abc, and the one of least area is taken whose path leaves room for what
stands before and behind the module. Registers of a common enable get a gated clock.
"""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from chipsmith.cache import content_key, installed_versions, keep_bytes, read_entry, working_on
from chipsmith.errors import BadInput
from chipsmith.files import write_texts
from chipsmith.hardware.gates.library import ClockGateCell, StandardCells
from chipsmith.hardware.gates.rtlil import RtlilModule, split_modules, stand_alone
from chipsmith.hardware.gates.sta import measure_fo4
from chipsmith.hardware.sources import in_order
from chipsmith.processors import processors

_CACHE = "gate_modules"
_DRIVER = Path(__file__).with_name("yosys_driver.py")
_ROWS = Path(__file__).with_name("product_rows.v")
_FEWEST_GATED = 3
"""A clock gate has the area of less than two multiplexers; a third register pays for its load on the clock."""
_FANOUT = 16
_LOAD_FF = 10
_SHORT_FO4 = 15.0
"""A module's path that costs nothing: paths of the machine cross two or three modules."""
_LONGEST_FO4 = 28.0
"""A module's path that leaves room in 40 FO4 for a register, a memory's port or a choice, and the margins."""
_AREA_OF_FO4 = 0.04
"""The share of a module's area that an FO4 between these two is worth."""

_SIZE = f"buffer -N {_FANOUT}; topo; stime -p; upsize {{D}}; dnsize {{D}}; stime -p"
_CLEAN = "strash; &get -n; &fraig -x; &put; scorr"
_RECIPES = (
    f"{_CLEAN}; dc2; dch -f; amap; {_SIZE}",
    f"{_CLEAN}; dch -f; amap; {_SIZE}",
    f"strash; dch -f; if -g -K 6; strash; dch; amap -F 20 -A 20; {_SIZE}",
    f"{_CLEAN}; dc2; strash; &get -n; &dch -f; &nf {{D}}; &put; {_SIZE}",
    f"{_CLEAN}; &get -n; &dch -f; &nf {{D}}; &put; {_SIZE}",
)
"""Scripts of abc for area, and for area and speed: dc2 rewrites prefix adders into ripple carries."""
_FAST_RECIPE = f"{_CLEAN}; dch -f; map -B 0.9 {{D}}; topo; {_SIZE}"

_MODULE = "module.il"
_AFTER = ["opt_clean -purge", "write_rtlil mapped.il"]
"""Commands after the mapping of a module."""


@dataclass(frozen=True, kw_only=True)
class MappedModule:
    """A module as gates, in RTLIL, and its longest path."""

    rtlil: str
    delay_ps: float


@dataclass(frozen=True, kw_only=True)
class MappingRules:
    """How every module is mapped to the cells of a library."""

    cells: StandardCells
    short_ps: int
    longest_ps: int

    @property
    def area_of_ps(self) -> float:
        """The share of its area that a picosecond of a module's path is worth, between the two limits."""
        return _AREA_OF_FO4 * _SHORT_FO4 / self.short_ps

    @property
    def read_cells(self) -> str:
        """The command that makes the cells known as black boxes."""
        return f"read_liberty -lib -ignore_miss_func -ignore_miss_dir {self._liberty}"

    @property
    def passes(self) -> list[str]:
        """The commands up to logic without a technology and registers of the library."""
        return [
            *("proc", "opt_expr", "opt_clean", "wreduce", f"techmap -map {_ROWS.name}"),
            "synth -booth -noabc -run coarse:check",
            *_gating(self.cells.clock_gate),
            f"dfflibmap -liberty {self._liberty} {self._unused}",
        ]

    @property
    def before(self) -> list[str]:
        """The commands of a module's job before its mapping."""
        return [self.read_cells, f"read_rtlil {_MODULE}", *self.passes]

    @property
    def recipes(self) -> list[str]:
        """The commands that map logic to the library, of which the driver chooses."""
        return [self._map_by(f"recipe{number}") for number in range(len(_RECIPES))]

    @property
    def fast_recipe(self) -> str:
        """The command for speed alone."""
        return self._map_by("fast")

    @property
    def files(self) -> dict[str, str]:
        """The texts that the commands name."""
        return {
            _ROWS.name: _ROWS.read_text(encoding="ascii"),
            "constraint": f"set_driving_cell {self.cells.buffer}\nset_load {_LOAD_FF}\n",
            **{f"recipe{number}.abc": f"{recipe}\n" for number, recipe in enumerate(_RECIPES)},
            "fast.abc": f"{_FAST_RECIPE}\n",
        }

    @functools.cached_property
    def key(self) -> bytes:
        """A name for all that decides how a module is mapped."""
        limits = [self.short_ps, self.longest_ps, self.area_of_ps]
        rules = json.dumps([self.before, self.recipes, self.files, limits, _AFTER])
        commands = rules.replace(self._liberty, "liberty").encode()
        tools = [self.cells.path.read_bytes(), _DRIVER.read_bytes(), installed_versions(["pyosys"])]
        return content_key([commands, *tools]).encode()

    def _map_by(self, script: str) -> str:
        limits = f"-constr constraint -D {self.short_ps} {self._unused}"
        return f"abc -liberty {self._liberty} {limits} -script {script}.abc"

    @property
    def _liberty(self) -> str:
        return str(self.cells.path.resolve())

    @property
    def _unused(self) -> str:
        return " ".join(f"-dont_use {name}" for name in self.cells.unused)


def mapping_rules(cells: StandardCells) -> MappingRules:
    """The rules for a library, whose limits are in its own FO4. Raises BadInput where OpenSTA is missing."""
    fo4_ps = 1000 * measure_fo4(cells)
    return MappingRules(cells=cells, short_ps=round(_SHORT_FO4 * fo4_ps), longest_ps=round(_LONGEST_FO4 * fo4_ps))


def design_key(texts: Mapping[str, str], *, top: str, rules: MappingRules) -> str:
    """The name of what map_design writes: its sources, and all that is done with them."""
    return content_key([json.dumps([texts, _elaboration(texts, top), _finish(top)]).encode(), rules.key])


def map_design(folder: Path, texts: Mapping[str, str], *, top: str, rules: MappingRules) -> None:
    """Write `netlist.v`, `netlist.json` and `delays.json`, the longest path of each module in ps, into a folder.

    `texts` are SystemVerilog by file name. BadInput where yosys refuses them.
    """
    design = _elaborate(folder, texts, top, rules)
    mapped = _map_modules(design, rules)
    delays = {name: gates.delay_ps for name, gates in mapped.items()}
    boxes = [module.text for module in design.values() if module.is_black_box]
    rtlil = "".join([*boxes, *(gates.rtlil for gates in mapped.values())])
    write_texts(folder, {"mapped.il": rtlil, "delays.json": json.dumps(delays)})
    _run_yosys(folder, {"before": [], "after": _finish(top)})


def map_modules(texts: Mapping[str, str], *, top: str, rules: MappingRules) -> dict[str, MappedModule]:
    """The modules of a design as gates, by name, without those that stand for macros.

    `texts` are SystemVerilog by file name. BadInput where yosys refuses them.
    """
    with TemporaryDirectory() as place:
        return _map_modules(_elaborate(Path(place), texts, top, rules), rules)


def _map_modules(design: Mapping[str, RtlilModule], rules: MappingRules) -> dict[str, MappedModule]:
    own = [module for module in design.values() if not module.is_black_box]
    with ThreadPoolExecutor(processors()) as pool:
        mapped = list(pool.map(lambda module: _map_module(module, design, rules), own))
    return {module.name: gates for module, gates in zip(own, mapped, strict=True)}


def _elaborate(folder: Path, texts: Mapping[str, str], top: str, rules: MappingRules) -> dict[str, RtlilModule]:
    write_texts(folder, texts)
    _run_yosys(folder, {"before": [rules.read_cells, *_elaboration(texts, top)], "after": []})
    return split_modules((folder / "elaborated.il").read_text(encoding="utf-8"))


def _elaboration(texts: Mapping[str, str], top: str) -> list[str]:
    read = f"read_verilog -sv {' '.join(in_order(texts))}"
    return [read, f"hierarchy -check -top {top}", "write_rtlil elaborated.il"]


def _map_module(module: RtlilModule, design: Mapping[str, RtlilModule], rules: MappingRules) -> MappedModule:
    """The gates of a module, from the cache where it was mapped before."""
    text = stand_alone(module, design)
    key = content_key([text.encode(), rules.key])
    with working_on(_CACHE, key):
        kept = read_entry(_CACHE, key)
        if kept is None:
            mapped = _map_alone(module.name, text, rules)
            keep_bytes(_CACHE, key, json.dumps([mapped.rtlil, mapped.delay_ps]).encode())
            return mapped
    rtlil, delay_ps = json.loads(kept)
    return MappedModule(rtlil=rtlil, delay_ps=delay_ps)


def _map_alone(name: str, text: str, rules: MappingRules) -> MappedModule:
    choice: dict[str, Any] = {
        "module": name,
        "recipes": rules.recipes,
        "fast_recipe": rules.fast_recipe,
        "short_ps": rules.short_ps,
        "longest_ps": rules.longest_ps,
        "area_of_ps": rules.area_of_ps,
    }
    job: dict[str, Any] = {
        "before": rules.before,
        "choice": choice,
        "after": _AFTER,
    }
    with TemporaryDirectory() as place:
        folder = Path(place)
        write_texts(folder, {**rules.files, _MODULE: text})
        _run_yosys(folder, job)
        mapped = split_modules((folder / "mapped.il").read_text(encoding="utf-8"))[name]
        return MappedModule(rtlil=mapped.text, delay_ps=float((folder / "delay_ps").read_text(encoding="ascii")))


def _finish(top: str) -> list[str]:
    return [
        "read_rtlil mapped.il",
        f"hierarchy -top {top}",
        "opt_clean -purge",
        "setundef -zero",
        "splitnets",
        "opt_clean -purge",
        "write_verilog -noattr -noexpr -nohex -nodec netlist.v",
        "write_json netlist.json",
    ]


def _gating(gate: ClockGateCell | None) -> list[str]:
    if gate is None:
        return []
    pins = f"-pos {gate.name} {gate.enable}:{gate.clock}:{gate.gated}"
    test = f" -tie_lo {gate.test}" if gate.test else ""
    return [f"clockgate {pins}{test} -min_net_size {_FEWEST_GATED}"]


def _run_yosys(folder: Path, job: Mapping[str, Any]) -> None:
    write_texts(folder, {"job.json": json.dumps(job)})
    command = [sys.executable, str(_DRIVER), "job.json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BadInput(f"yosys refuses the RTL: {(done.stdout + done.stderr).strip()[-2000:]}")
