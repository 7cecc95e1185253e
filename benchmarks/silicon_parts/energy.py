"""Energies of inferences at the gates: a row a case, the fit of the table to some of them, and its errors on others."""

from __future__ import annotations

import functools
import itertools
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

import chipsmith.chip.tables
from chipsmith.cache import content_key
from chipsmith.costs import estimate_energy
from chipsmith.costs.energy import EXTERNAL_MEMORY
from chipsmith.costs.energy_terms import CYCLES, EnergyTerm, energy_terms, term_value, terms_by_action
from chipsmith.files import write_whole
from chipsmith.hardware.gates import bench, cells, circuit, elaborate, glitches, inference, macros, pricing, simulator
from chipsmith.hardware.gates import wires as wire_rules
from chipsmith.hardware.gates.flow import map_to_gates
from chipsmith.program.actions import ActionCounts, count_program
from chipsmith.program.port_values import draw_inputs
from chipsmith.program.program import Program
from chipsmith.witness import power
from chipsmith.witness.power import PowerResult, PowerSettings, PricedMachine, measure_inference, price_machine
from silicon_parts.energy_cases import EnergyCase
from silicon_parts.gates import Libraries, memory_files, row_key
from silicon_parts.results import Row, read_rows, replace_row, write_section
from silicon_parts.tables import csv_text, table_path

SECTION = "inferences"
TABLE = table_path("energy_terms")
NODE_NM = 130
HONEST_CHIPS = 4
"""Chips that a fit must have to be more than a guess at how energies grow with a chip."""
LARGE_SHARE = 0.10
"""Blocks of a larger share of an inference's energy have a bar of their own."""
_LEAST_SHARE = 0.05
"""A block's error weighs no more than if it had this share of its inference."""
_SAMPLES = 200
_SEED = 0
_MODULES = (bench, cells, circuit, elaborate, glitches, inference, macros, pricing, simulator, wire_rules, power)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class GateEnergy:
    """A case, its Program, and its row of results."""

    case: EnergyCase
    program: Program
    row: Row

    @property
    def gates_pj(self) -> Mapping[str, float]:
        """Of each block, without leakage."""
        return {name: float(value) for name, value in self.row["blocks_pj"].items()}

    @property
    def total_pj(self) -> float:
        """Of the chip, without leakage."""
        return sum(self.gates_pj.values())

    @functools.cached_property
    def counts(self) -> ActionCounts:
        """How often each action happens."""
        return count_program(self.program)

    def count(self, action: str) -> int:
        """How often an action happens."""
        return int(self.row["cycles"]) if action == CYCLES else int(getattr(self.counts, action))


def gate_energies(
    cases: Iterable[EnergyCase], libraries: Libraries, typical: Path, results: Path, *, known: bool
) -> list[GateEnergy]:
    """The row of each case; cases without a valid row are left out (`known`), or run, chip by chip, and kept at once.

    Chips are mapped to the cells of `libraries`, in the slow corner, and priced by `typical`, of the same cells.
    """
    rows = read_rows(results, SECTION)
    energies = []
    for _, group in itertools.groupby(cases, key=lambda case: case.chip.name):
        machines: list[PricedMachine] = []
        for case in group:
            program = case.compile()
            key = _key(case, program, libraries, typical)
            if key not in rows and not known:
                row = {**_run(case, program, machines, libraries, typical), "key": key}
                rows = replace_row(rows, row, names=["chip", "network"])
                write_section(results, SECTION, list(rows.values()))
            if key in rows:
                energies.append(GateEnergy(case=case, program=program, row=rows[key]))
    return energies


def _run(case: EnergyCase, program: Program, machines: list[PricedMachine], libraries: Libraries, typical: Path) -> Row:
    """Run a case; the machine of its chip is prepared by the first of them."""
    print(f"running {case.network} on {case.chip.name}", file=sys.stderr)
    settings = PowerSettings(glitch_samples=_SAMPLES)
    if not machines:
        netlist = map_to_gates(case.chip, libraries.cells).json_path
        machines.append(
            price_machine(case.chip, liberty=typical, sram=libraries.memories, netlist=netlist, settings=settings)
        )
    inputs = draw_inputs(program, seed=_SEED)
    result = measure_inference(machines[0], program, inputs, node_nm=NODE_NM, settings=settings)
    if result.difference:
        sys.exit(f"{case.network} on {case.chip.name}: {result.difference}")
    return {"chip": case.chip.name, "network": case.network, **_figures(result)}


def _figures(result: PowerResult) -> Row:
    return {
        "cycles": result.run.latency_cycles,
        "total_pj": round(result.total_pj, 1),
        "clock_share": round(result.clock_pj / result.total_pj, 4),
        "leakage_mw": round(float(result.run.leakage_mw.sum()), 6),
        "blocks_pj": {block.value: round(energy.dynamic_pj, 1) for block, energy in result.blocks.items()},
    }


def _key(case: EnergyCase, program: Program, libraries: Libraries, typical: Path) -> str:
    """A name of all that a row follows from: the chip's gates, the Program, and how it is run and priced."""
    own = [Path(str(module.__file__)).read_bytes() for module in _MODULES]
    words = [row_key(case.chip, libraries), case.chip.canonical, f"{_SAMPLES} samples, seed {_SEED}"]
    files = [typical.read_bytes(), *memory_files(libraries), program.constants]
    return content_key([*(word.encode() for word in words), *files, *own])


# --- the fit ----------------------------------------------------------------------------------------------------------


def fit_energy_terms(energies: Sequence[GateEnergy]) -> Iterator[tuple[EnergyTerm, float]]:
    """Every term of the table with its number: non-negative least squares of relative errors, block by block.

    ValueError where a block of the gates has no term, or an action of the table happens in none of the inferences.
    """
    known = {term.component for term in energy_terms()}
    if unknown := {name for energy in energies for name in energy.gates_pj} - known:
        raise ValueError(f"{TABLE.name} has no terms of {sorted(unknown)}")
    actions = dict.fromkeys(term.action for term in energy_terms())
    if idle := [action for action in actions if not any(energy.count(action) for energy in energies)]:
        raise ValueError(f"no inference of the fit has {', '.join(idle)}")
    for component, group in itertools.groupby(energy_terms(), key=lambda term: term.component):
        terms = list(group)
        spent = np.array([energy.gates_pj.get(component, 0.0) for energy in energies])
        weights = 1 / np.maximum(spent, [_LEAST_SHARE * energy.total_pj for energy in energies])
        values = np.array([[_amount(term, energy) for term in terms] for energy in energies])
        numbers, _ = nnls(values * weights[:, None], spent * weights)
        yield from zip(terms, numbers.tolist(), strict=True)


def _amount(term: EnergyTerm, energy: GateEnergy) -> float:
    return energy.count(term.action) * term_value(term, energy.case.chip)


def fit_table(energies: Sequence[GateEnergy]) -> None:
    """Fit, and put the result in the place of the table; ASSUMED where fewer than HONEST_CHIPS stand behind it."""
    chips = {energy.case.chip.name for energy in energies}
    status = "COMPUTED" if len(chips) >= HONEST_CHIPS else "ASSUMED"
    source = (
        f"least squares over {len(energies)} inferences on the gates of {len(chips)} chips, SG13G2, typical "
        "corner, before layout: benchmarks/silicon.py energy"
    )
    rows = (
        {
            "component": term.component,
            "action": term.action,
            "feature": term.feature,
            "each": f"{number:.5g}",
            "status": status,
            "source": source,
        }
        for term, number in fit_energy_terms(energies)
    )
    write_whole(TABLE, csv_text(rows).encode())
    for cached in (energy_terms, terms_by_action, chipsmith.chip.tables.read_table):
        cached.cache_clear()


# --- the score --------------------------------------------------------------------------------------------------------


def score_energies(energies: Sequence[GateEnergy]) -> Row:
    """Errors of the estimate: of the chip, of each large block, by case."""
    cases = [_errors(energy) for energy in energies]
    errors = [abs(case["error"]) for case in cases]
    blocks = [abs(error) for case in cases for error in case["blocks"].values()]
    return {
        "mean_error": round(float(np.mean(errors)), 4),
        "worst_error": max(errors),
        "worst_block_error": max(blocks),
        "cases": len(cases),
        "chips": len({energy.case.chip.name for energy in energies}),
        "networks": len({energy.case.network for energy in energies}),
        "inferences": cases,
    }


def _errors(energy: GateEnergy) -> Row:
    """Of one case: the total, leakage included, and the blocks of a share over LARGE_SHARE."""
    estimated = _estimated_pj(energy)
    gates, total = energy.gates_pj, energy.total_pj
    leakage_pj = energy.row["leakage_mw"] * energy.row["cycles"] / energy.case.chip.clock_hz * 1e9
    return {
        "chip": energy.case.chip.name,
        "network": energy.case.network,
        "gates_nj": round((total + leakage_pj) / 1e3, 1),
        "estimate_nj": round(sum(estimated.values()) / 1e3, 1),
        "error": round(sum(estimated.values()) / (total + leakage_pj) - 1, 4),
        "blocks": {
            name: round(estimated.get(name, 0.0) / spent - 1, 4)
            for name, spent in gates.items()
            if spent > LARGE_SHARE * total
        },
    }


def _estimated_pj(energy: GateEnergy) -> dict[str, float]:
    estimate = estimate_energy(energy.case.chip, energy.counts, cycles=energy.count(CYCLES))
    return {name: value for name, value in estimate.by_component().items() if name != EXTERNAL_MEMORY}
