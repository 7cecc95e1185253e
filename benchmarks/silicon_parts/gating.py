"""What clock gates save: a network on the gates of a catalogue chip, mapped with the library's clock gates and without.

Without them each register keeps its value by a multiplexer, and every clock runs in each cycle.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from chipsmith.compiler.compile import compile_graph
from chipsmith.hardware.gates.flow import MappedNetlist, map_to_gates
from chipsmith.program.port_values import draw_inputs
from chipsmith.witness.power import PowerResult, PowerSettings, measure_inference, price_machine
from silicon_parts.energy import NODE_NM
from silicon_parts.energy_cases import EnergyCase
from silicon_parts.gates import Libraries

_CELL = re.compile(r"^  cell \((\w+)\) \{\n(?:(?!  \}).*\n)*  \}\n", re.MULTILINE)


def measure_gating(case: EnergyCase, libraries: Libraries, typical: Path) -> dict[str, Any]:
    """Picojoules by block of an inference with clock gates and without, and what the two mappings consist of."""
    with TemporaryDirectory() as place:
        ungated = Path(place) / libraries.cells.name
        ungated.write_text(remove_clock_gates(libraries.cells.read_text(encoding="utf-8")), encoding="utf-8")
        columns = {
            "with": _measure(case, libraries.cells, libraries.memories, typical),
            "without": _measure(case, ungated, libraries.memories, typical),
        }
    saved = 1 - columns["with"]["total_pj"] / columns["without"]["total_pj"]
    return {"chip": case.chip.name, "network": case.network, "saved": round(saved, 4), **columns}


def remove_clock_gates(liberty: str) -> str:
    """The text of a library without its clock gates."""
    return _CELL.sub(lambda cell: "" if "clock_gating_integrated_cell" in cell[0] else cell[0], liberty)


def _measure(case: EnergyCase, liberty: Path, memories: Path, typical: Path) -> dict[str, Any]:
    program = compile_graph(case.graph(), case.chip)
    netlist, settings = map_to_gates(case.chip, liberty), PowerSettings()
    machine = price_machine(case.chip, liberty=typical, sram=memories, netlist=netlist.json_path, settings=settings)
    result = measure_inference(machine, program, draw_inputs(program, seed=0), node_nm=NODE_NM, settings=settings)
    if result.difference:
        raise RuntimeError(f"{case.network} on {case.chip.name}: {result.difference}")
    return {**_counts(netlist), **_energies(result)}


def _counts(netlist: MappedNetlist) -> Mapping[str, Any]:
    return {
        "cells": netlist.cells,
        "registers": netlist.registers,
        "clock_gates": netlist.clock_gates,
        "logic_um2": round(netlist.area_um2, 1),
    }


def _energies(result: PowerResult) -> Mapping[str, Any]:
    return {
        "total_pj": round(result.total_pj, 1),
        "clock_share": round(result.clock_pj / result.total_pj, 4),
        "blocks_pj": {block.value: round(energy.total_pj, 1) for block, energy in result.blocks.items()},
    }
