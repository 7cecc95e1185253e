"""The longest paths of a chip's whole netlist: the clock that its logic and memories allow, as a result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from chipsmith.chip.description import Chip
from chipsmith.errors import BadInput
from chipsmith.hardware.gates.flow import TOP, MappedNetlist, map_to_gates
from chipsmith.hardware.gates.library import StandardCells, read_cells
from chipsmith.hardware.gates.memory_timing import THRESHOLDS, MemoryTiming, memories_of, memory_library
from chipsmith.hardware.gates.modules import read_modules
from chipsmith.hardware.gates.netlist import DRIVER, timing_netlist
from chipsmith.hardware.gates.sta import (
    PathPoint,
    RegisterPath,
    find_sta,
    measure_fo4,
    parse_paths,
    paths_script,
    run_sta,
)
from chipsmith.hardware.gates.wires import WireRule
from chipsmith.schema import SCHEMA_VERSION, Json

_PERIOD_FO4 = 40.0
_UNCERTAINTY_FO4 = 1.0
_BORDER_FO4 = 4.0
_END_POINTS = 20_000


@dataclass(frozen=True, kw_only=True)
class Margins:
    """What a path has beside its cells: nanoseconds, and the wire of a net for each pin that it drives."""

    uncertainty_ns: float
    border_ns: float
    wire_um: float
    wire_ff: float

    def describe(self) -> str:
        """The margins in words."""
        return (
            f"clock uncertainty {self.uncertainty_ns:.2f} ns (1 FO4) in each path; ports of the top "
            f"{self.border_ns:.2f} ns (4 FO4) from registers outside; wires before layout: {self.wire_um:.0f} um or "
            f"{self.wire_ff:.1f} fF for each driven pin, Donath's mean length; all registers get the clock at once"
        )


@dataclass(frozen=True, kw_only=True)
class PathStep:
    """A cell on a path: the net that it drives, its kind, and the delay through it and the wire before it."""

    name: str
    cell: str
    delay_ns: float


@dataclass(frozen=True, kw_only=True)
class TimedPath:
    """A path of the worst of a pair of registers: with setup and margins the period that it needs is `path_ns`."""

    start: str
    end: str
    path_ns: float
    setup_ns: float
    steps: tuple[PathStep, ...]


@dataclass(frozen=True, kw_only=True)
class GateTiming:
    """The clock that a mapped netlist allows.

    `paths` are the worst, one of each pair of registers, the worst first. `identity` names the chip in answers.
    """

    identity: Mapping[str, str]
    netlist: MappedNetlist
    cells: StandardCells
    fo4_ns: float
    margins: Margins
    memories: tuple[MemoryTiming, ...]
    paths: tuple[TimedPath, ...]

    @property
    def path_ns(self) -> float:
        """The shortest period of the clock."""
        return self.paths[0].path_ns

    @property
    def fo4(self) -> float:
        """The shortest period in delays of an inverter with four loads, of the same library."""
        return self.path_ns / self.fo4_ns

    @property
    def max_clock_mhz(self) -> float:
        """The fastest clock."""
        return 1000 / self.path_ns

    def to_json(self) -> Json:
        """The object of `chipsmith timing --json`."""
        return {
            "schema_version": SCHEMA_VERSION,
            **self.identity,
            "top": self.netlist.top,
            "liberty": str(self.cells.path),
            "corner": self.cells.corner,
            "path_ns": round(self.path_ns, 3),
            "fo4": round(self.fo4, 2),
            "fo4_ns": round(self.fo4_ns, 4),
            "max_clock_mhz": round(self.max_clock_mhz, 1),
            "evidence": "measured by static timing of the mapped netlist, before layout",
            "margins": {**asdict(self.margins), "words": self.margins.describe()},
            "memories": [asdict(memory) for memory in self.memories],
            "cells": self.netlist.cells,
            "area_um2": round(self.netlist.area_um2, 1),
            "path": [asdict(step) for step in self.paths[0].steps],
            "paths": [asdict(path) for path in self.paths],
        }


@dataclass(frozen=True, kw_only=True)
class ConstrainedNetlist:
    """A netlist as OpenSTA takes it: the script that reads and constrains it, and the files that it names."""

    script: str
    files: Mapping[str, str]
    cells: StandardCells
    fo4_ns: float
    margins: Margins
    memories: tuple[MemoryTiming, ...]

    @property
    def period_ns(self) -> float:
        """The period of the constraints: a path needs this less its slack."""
        return _PERIOD_FO4 * self.fo4_ns

    def run(self, questions: str) -> str:
        """What OpenSTA prints for commands about the netlist."""
        return run_sta(self.script + questions, self.files)


def time_chip(chip: Chip, liberty: Path, *, sram: Path | None = None, top: str = TOP, paths: int = 20) -> GateTiming:
    """Map a chip's machine, or the module `top` of it, and time it at the corner of the liberty file.

    `sram` is a folder of liberty files of memories; without it paths from and to memories are left out. BadInput where
    a tool is missing, a library is missing or damaged, or the RTL cannot be mapped.
    """
    find_sta()
    netlist = map_to_gates(chip, liberty, top=top)
    return time_netlist(netlist, liberty, sram=sram, paths=paths, identity=chip.identity)


def time_netlist(
    netlist: MappedNetlist, liberty: Path, *, sram: Path | None, paths: int, identity: Mapping[str, str]
) -> GateTiming:
    """As time_chip, of a netlist that is mapped to the cells of this liberty file or of another corner of it."""
    design = constrain_netlist(netlist, liberty, sram=sram)
    said = design.run(paths_script(wanted=paths, most=_END_POINTS))
    worst = tuple(_timed(path, design.fo4_ns, design.cells.registers) for path in parse_paths(said))
    if not worst:
        raise BadInput(f"{netlist.top} has no path between registers or ports, so that no clock follows")
    return GateTiming(
        identity=identity,
        netlist=netlist,
        cells=design.cells,
        fo4_ns=design.fo4_ns,
        margins=design.margins,
        memories=design.memories,
        paths=worst,
    )


def constrain_netlist(netlist: MappedNetlist, liberty: Path, *, sram: Path | None) -> ConstrainedNetlist:
    """A netlist with its libraries and constraints; see time_chip for `sram` and for what it raises."""
    cells = read_cells(liberty)
    modules = read_modules(netlist.json_path)
    memories = memories_of(modules, [module.name for module in netlist.modules])
    texts, timings = memory_library(memories, sram, cells)
    fo4_ns = measure_fo4(cells)
    margins = _margins(netlist, fo4_ns)
    libraries = [str(liberty.resolve()), "wires.lib", *texts]
    netlist_text = timing_netlist(modules, netlist.top, cells.outputs)
    return ConstrainedNetlist(
        script=_script(libraries, netlist.top, "clock" in modules[netlist.top]["ports"], fo4_ns, margins),
        files={**texts, "netlist.v": netlist_text, "wires.lib": _wire_library(margins)},
        cells=cells,
        fo4_ns=fo4_ns,
        margins=margins,
        memories=timings,
    )


def _margins(netlist: MappedNetlist, fo4_ns: float) -> Margins:
    rule = WireRule()
    pitch_area = netlist.area_um2 / max(1, netlist.cells)
    length = rule.length_um(np.array([_mean_block(netlist)]), pitch_area)[0]
    return Margins(
        uncertainty_ns=_UNCERTAINTY_FO4 * fo4_ns,
        border_ns=_BORDER_FO4 * fo4_ns,
        wire_um=float(length),
        wire_ff=float(length * rule.pf_per_um * 1000),
    )


def _mean_block(netlist: MappedNetlist) -> float:
    """Cells of the block that a cell stands in, the mean over cells."""
    return sum(m.count * m.cells**2 for m in netlist.modules) / max(1, netlist.cells)


def _wire_library(margins: Margins) -> str:
    """A library of a single wire load: capacitance of a micrometre, and micrometres for each driven pin."""
    per_um = margins.wire_ff / 1000 / margins.wire_um
    length, resistance = margins.wire_um, WireRule().kohm_per_um
    return (
        "library (wires) {\n  delay_model : table_lookup;\n  time_unit : 1ns;\n  voltage_unit : 1V;\n"
        '  current_unit : 1uA;\n  pulling_resistance_unit : "1kohm";\n  capacitive_load_unit (1, pf);\n'
        f"{THRESHOLDS}"
        f'  wire_load ("before_layout") {{ capacitance : {per_um:.6g}; resistance : {resistance:.6g}; area : 0; '
        f"slope : {length:.6g}; fanout_length (1, {length:.6g}); }}\n}}\n"
    )


def _script(libraries: Sequence[str], top: str, clocked: bool, fo4_ns: float, margins: Margins) -> str:
    """Tcl that reads, links and constrains; a design without a clock is timed between its ports."""
    return "\n".join(
        [
            *(f"read_liberty {{{library}}}" for library in libraries),
            "read_verilog netlist.v",
            f"link_design {top}",
            f"create_clock -name clock -period {_PERIOD_FO4 * fo4_ns:.6f}{' [get_ports clock]' if clocked else ''}",
            f"set_clock_uncertainty {margins.uncertainty_ns:.6f} [get_clocks clock]",
            f"set_input_delay {margins.border_ns:.6f} -clock clock [all_inputs]",
            f"set_output_delay {margins.border_ns:.6f} -clock clock [all_outputs]",
            "set_wire_load_mode top",
            "set_wire_load_model -name before_layout\n",
        ]
    )


def _timed(path: RegisterPath, fo4_ns: float, registers: frozenset[str]) -> TimedPath:
    period = _PERIOD_FO4 * fo4_ns
    needed, last = period - path.slack_ns, path.points[-1]
    return TimedPath(
        start=_readable(path.points[0].pin),
        end=_readable(last.pin) if last.cell in registers else _whole(last.pin),
        path_ns=needed,
        setup_ns=needed - last.arrival_ns - _UNCERTAINTY_FO4 * fo4_ns,
        steps=tuple(_steps(path.points)),
    )


def _readable(pin: str) -> str:
    """The name of what a pin belongs to: a register or a net such as tensor.drain.index[3], or a pin of a memory."""
    name, _, _ = pin.rpartition("/")
    return _whole(name) if name.endswith(DRIVER) else _whole(pin)


def _whole(pin: str) -> str:
    """A name with points between instances, as in the RTL."""
    return pin.replace(f"{DRIVER}/", ".").removesuffix(DRIVER).replace("/", ".")


def _steps(points: Sequence[PathPoint]) -> Iterator[PathStep]:
    """The outputs of cells along the path: inputs only add the wire."""
    before = 0.0
    for index, point in enumerate(points):
        if index % 2 == 0 or index == len(points) - 1:
            yield PathStep(name=_readable(point.pin), cell=point.cell, delay_ns=round(point.arrival_ns - before, 4))
            before = point.arrival_ns
