"""Designs of a front held to the gates: area of cells and macros, and the energy of a whole inference.

Each design is mapped to cells in the slow corner and priced in the typical one, as the estimates are fitted. Its
figures at the gates are kept in a file of its own as soon as they are known, under a name of all that they follow from.
"""

from __future__ import annotations

import json
import math
import os
import statistics
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from silicon_parts.energy import NODE_NM
from silicon_parts.gates import Libraries, memory_files, row_key

from chipsmith.cache import content_key
from chipsmith.chip import Chip
from chipsmith.chip.macros import macros
from chipsmith.compiler.compile import compile_graph
from chipsmith.costs import estimate_energy
from chipsmith.costs.area import logic_area_um2
from chipsmith.costs.energy import EXTERNAL_MEMORY
from chipsmith.files import write_whole
from chipsmith.hardware.gates import bench, cells, circuit, elaborate, glitches, inference, pricing, simulator, wires
from chipsmith.hardware.gates import macros as foundry
from chipsmith.hardware.gates.flow import map_to_gates
from chipsmith.program.actions import count_program
from chipsmith.program.file import serialize_program
from chipsmith.program.port_values import draw_inputs
from chipsmith.program.program import Program
from chipsmith.sim.cycle import simulate
from chipsmith.witness import power
from chipsmith.witness.power import PowerResult, PowerSettings, measure_inference, price_machine
from search_parts.gate_designs import MOST_MACS, FrontDesign, choose_evenly, find_designs, read_network
from search_parts.supernet import Correlation, correlate_ranks

Row = dict[str, Any]
LEAST_DESIGNS, LEAST_SPAN, LEAST_RHO = 12, 3.0, 0.95
LEAST_PAIRS = 4
_SAMPLES, _SEED = 200, 0
_MODULES = (bench, cells, circuit, elaborate, foundry, glitches, inference, power, pricing, simulator, wires)
FIGURES = ("area", "logic", "energy")
"""Cells and macros, cells alone (mm2), and the chip's energy of a cold inference (uJ)."""


def measure_gates(folder: Path, libraries: Libraries, typical: Path, *, count: int, workers: int) -> Row:
    """The figures `gates` of `count` designs; designs whose figures stand in `folder` are not mapped again."""
    front = find_designs(folder, workers=workers)
    chosen = choose_evenly(front, count)
    rows = [
        _measure_design(design, f"front-{number}", folder, libraries, typical) for number, design in enumerate(chosen)
    ]
    return {"front": len(front), **score_designs(rows)}


def score_designs(rows: Sequence[Row]) -> Row:
    """Spans, errors and rank correlations of designs, and the designs."""
    return {
        "designs": len(rows),
        "most_macs": max(row["macs"] for row in rows),
        "mismatching_bits": sum(row["mismatching_bits"] for row in rows),
        "cycle_difference": max(abs(row["gate_cycles"] - row["cycles"]) for row in rows),
        "first_differences": [row["difference"] for row in rows if row["difference"]],
        **{figure: _score(figure, rows) for figure in FIGURES},
        "energy_of_one_network": _score_one_network(rows),
        "cpu_s": round(sum(row["cpu_s"] for row in rows)),
        "cases": list(rows),
    }


def meets_bar(figures: Mapping[str, Any]) -> bool:
    """Enough small designs, alike to the bit and the cycle, that span enough and stand in the estimate's order."""
    return (
        figures["designs"] >= LEAST_DESIGNS
        and figures["most_macs"] <= MOST_MACS
        and not figures["mismatching_bits"]
        and not figures["cycle_difference"]
        and not figures["first_differences"]
        and all(figures[name]["span"] > LEAST_SPAN for name in ("area", "energy"))
        and all(figures[name]["spearman"]["rho"] >= LEAST_RHO for name in ("area", "energy"))
    )


def _score(figure: str, rows: Sequence[Row]) -> Row:
    gates, estimates = ([row[figure][side] for row in rows] for side in ("gates", "estimate"))
    errors = [abs(estimate / gate - 1) for gate, estimate in zip(gates, estimates, strict=True)]
    return {
        "span": round(max(gates) / min(gates), 3),
        "spearman": _rounded(correlate_ranks(estimates, gates)),
        "mean_error": round(statistics.fmean(errors), 4),
        "worst_error": round(max(errors), 4),
    }


def _rounded(correlation: Correlation) -> Row:
    return {name: round(value, 4) for name, value in vars(correlation).items()}


def _score_one_network(rows: Sequence[Row]) -> Row | None:
    """The energies of the designs of one network, that of most of them: no small network beside a large one helps.

    None for fewer than LEAST_PAIRS, of which ranks have no interval.
    """
    width, count = Counter(row["width"] for row in rows).most_common(1)[0]
    if count < LEAST_PAIRS:
        return None
    return {"width": width, "designs": count, **_score("energy", [row for row in rows if row["width"] == width])}


def _measure_design(design: FrontDesign, name: str, folder: Path, libraries: Libraries, typical: Path) -> Row:
    chip = design.chip(name)
    program = compile_graph(read_network(design.width, folder), chip)
    key = _key(program, libraries, typical)
    path = folder / "gates" / f"{key}.json"
    if not path.is_file():
        print(f"{name}: {chip.macs} multipliers, network of width {design.width}", file=sys.stderr, flush=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, f"{json.dumps(_run(program, libraries, typical), indent=1)}\n".encode())
    gates = json.loads(path.read_text(encoding="utf-8"))
    return {
        "name": name,
        "chip": chip.sha256,
        "width": design.width,
        "accuracy": design.accuracy,
        "values": design.values,
        "clock_mhz": chip.clock_mhz,
        "macs": chip.macs,
        **_estimates(program, gates),
        **{field: gates[field] for field in ("gate_cycles", "mismatching_bits", "difference", "cpu_s")},
        "searched": {"area_mm2": design.area_mm2, "energy_j": design.energy_j, "latency_s": design.latency_s},
    }


def _key(program: Program, libraries: Libraries, typical: Path) -> str:
    """A name of all that a design's figures follow from: its gates, its Program, how it is run and priced."""
    own = [Path(str(module.__file__)).read_bytes() for module in _MODULES]
    rules = f"{_SAMPLES} samples, seed {_SEED}".encode()
    files = [typical.read_bytes(), *memory_files(libraries)]
    return content_key([row_key(program.chip, libraries).encode(), serialize_program(program), rules, *files, *own])


def _run(program: Program, libraries: Libraries, typical: Path) -> Row:
    """Map the chip, run a cold inference on its gates, and price it: what a file of figures holds."""
    begin = _processor_seconds()
    netlist = map_to_gates(program.chip, libraries.cells)
    settings = PowerSettings(clock_mhz=program.chip.clock_mhz, glitch_samples=_SAMPLES)
    machine = price_machine(
        program.chip, liberty=typical, sram=libraries.memories, netlist=netlist.json_path, settings=settings
    )
    inputs = draw_inputs(program, seed=_SEED)
    result = measure_inference(machine, program, inputs, node_nm=NODE_NM, settings=settings)
    return {
        "logic_um2": round(netlist.area_um2, 1),
        "macros_um2": round(_macros_um2(result), 1),
        "energy_pj": round(result.total_pj, 1),
        "gate_cycles": result.run.latency_cycles,
        "mismatching_bits": result.mismatching_bits,
        "difference": result.difference,
        "cpu_s": round(_processor_seconds() - begin, 1),
    }


def _macros_um2(result: PowerResult) -> float:
    """Area of the foundry's macros that stand for the memories."""
    return math.fsum(choice.count * choice.macro.area_um2 for choice in result.machine.choices if choice is not None)


def _estimates(program: Program, gates: Mapping[str, Any]) -> Row:
    """The estimate beside the gates: mm2 of cells and macros, of cells alone, and uJ without the external memory."""
    chip, cycles = program.chip, simulate(program).latency_cycles
    energy = estimate_energy(chip, count_program(program), cycles=cycles)
    energy_pj = energy.total_pj - energy.by_component().get(EXTERNAL_MEMORY, 0.0)
    logic_mm2, memory_mm2 = logic_area_um2(chip).value / 1e6, _estimated_macros_mm2(chip)
    cells_um2, macros_um2 = gates["logic_um2"], gates["macros_um2"]
    return {
        "cycles": cycles,
        "area": {"estimate": round(logic_mm2 + memory_mm2, 5), "gates": round((cells_um2 + macros_um2) / 1e6, 5)},
        "logic": {"estimate": round(logic_mm2, 5), "gates": round(cells_um2 / 1e6, 5)},
        "energy": {"estimate": round(energy_pj / 1e6, 4), "gates": round(gates["energy_pj"] / 1e6, 4)},
    }


def _estimated_macros_mm2(chip: Chip) -> float:
    return math.fsum(macro.count * macro.sram.area_mm2.value for macro in macros(chip))


def _processor_seconds() -> float:
    """Of this process and of those of its processes that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
