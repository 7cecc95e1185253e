"""The RTL beside the simulators on everything: networks, random programs, random chips, official cases of TOSA.

    python benchmarks/rtl_matrix.py [--only WORD ...] [--results FILE] [--data FOLDER] [--processes N] [--json]

Each cell is a network, 50 random programs, a random chip of 40 programs, or the official cases of an operator, cold
and warm (official cases: cold): every output bit, and the start and end of every instruction. A cell that is done is
kept in the results (default docs/rtl_matrix.json) under a key of the RTL, the bench, the simulators and its programs,
and is not run again while the key holds: a run that was stopped goes on where it was. `--only` takes the cells whose
name holds one of the words, such as `official` or `edge-256`. FOLDER holds `mlperf_tiny/*.tflite`; default
$CHIPSMITH_DATA, or ../shared/data beside the repository. Ends with 1 where anything differs.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import chipsmith
from chipsmith.chip import Chip, load_chip
from chipsmith.console.presentation import new_table, print_tables
from chipsmith.files import write_whole
from chipsmith.hardware.build import build_machine
from chipsmith.hardware.simulate import Machine, RtlRun, external_memory, write_inputs
from chipsmith.hardware.sources import BENCH, machine_sources
from chipsmith.program.file import serialize_program
from chipsmith.program.port_values import draw_inputs
from chipsmith.program.program import Program
from chipsmith.sim.cycle import simulate
from chipsmith.sim.functional import execute, execute_warm
from chipsmith.tosa.operators import OPERATORS
from chipsmith.witness.conformance.run import CaseResult, run_official_cases
from chipsmith.witness.cosimulate import CosimInference, compare, compare_run

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests" / folder) for folder in ("sim", "hardware", "goldens")]

CHIPS = ("nano-64", "edge-256")
PROGRAMS, BLOCK = 500, 50
RANDOM_CHIPS, PROGRAMS_A_CHIP = 10, 40
INSTRUCTIONS = 30
FIRST_SEED = 1000
OFFICIAL_CHIP, OFFICIAL_SAMPLE = "edge-256", 2
GUESSED_S = {"network": 40.0, "programs": 60.0, "chip": 110.0, "official": 25.0}
"""CPU seconds of a cell, until cells of its kind have run; official cases with a share of their generation."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What is compared at once: its kind, the chip, and a network, the first seed, or an operator."""

    kind: str
    chip: str
    subject: str

    @property
    def name(self) -> str:
        """Such as `network nano-64 gru`."""
        return f"{self.kind} {self.chip} {self.subject}"


@dataclass(frozen=True, kw_only=True)
class CellResult:
    """What a cell came to, each number a sum over its `inferences`; `cycles` are of the last cold and warm ones.

    Of official cases `cases_failing` counts those that fail, by bits or cycles.
    """

    name: str
    key: str
    inferences: int
    mismatching_bits: int
    instructions: int
    instructions_differing: int
    cases_failing: int
    cycles: tuple[int, ...]
    difference: str
    cpu_s: float


# --- the cells ------------------------------------------------------------------------------------------------------


def all_cells(data: Path) -> Iterator[Cell]:
    """Every cell, those of a chip together; networks of MLPerf Tiny where their folder is."""
    for chip in CHIPS:
        yield from (Cell(kind="network", chip=chip, subject=name) for name in network_files(data))
        firsts = range(FIRST_SEED, FIRST_SEED + PROGRAMS, BLOCK)
        yield from (Cell(kind="programs", chip=chip, subject=str(first)) for first in firsts)
    yield from (Cell(kind="chip", chip=f"random-{seed}", subject=str(seed)) for seed in range(RANDOM_CHIPS))
    yield from (Cell(kind="official", chip=OFFICIAL_CHIP, subject=name.lower()) for name in OPERATORS)


def network_files(data: Path) -> dict[str, Path]:
    """The networks of the repository, and those of MLPerf Tiny where their folder is there."""
    from record import networks

    return networks(data)


def programs_of(cell: Cell, data: Path) -> Iterator[tuple[Program, int]]:
    """The programs of a cell, each with the seed of its inputs; none for official cases."""
    from random_chips import random_chip
    from random_programs import random_program

    if cell.kind == "network":
        yield chipsmith.compile(str(network_files(data)[cell.subject]), chip=cell.chip).program, 0
    elif cell.kind == "programs":
        first = int(cell.subject)
        yield from ((random_program(load_chip(cell.chip), s, INSTRUCTIONS), s) for s in range(first, first + BLOCK))
    elif cell.kind == "chip":
        chip = random_chip(int(cell.subject))
        yield from ((random_program(chip, seed, INSTRUCTIONS), seed) for seed in range(PROGRAMS_A_CHIP))


# --- running a cell ---------------------------------------------------------------------------------------------------


def run_cell(cell: Cell, data: Path, known: str) -> CellResult | None:
    """Compare a cell; None where its key is the `known` one, under which a result is there."""
    begin = time.process_time()
    programs = list(programs_of(cell, data))
    key = cell_key(cell, [program for program, _ in programs])
    if key == known:
        return None
    if cell.kind == "official":
        return _run_official(cell, key)
    if cell.kind == "network":
        pair = compare(programs[0][0], draw_inputs(programs[0][0], seed=0))
        compared = [pair.cold, pair.warm]
    else:
        compared = [inference for program, seed in programs for inference in compare_program(program, seed)]
    return CellResult(
        name=cell.name,
        key=key,
        inferences=len(compared),
        mismatching_bits=sum(inference.mismatching_bits for inference in compared),
        instructions=2 * sum(len(program.instructions) for program, _ in programs),
        instructions_differing=sum(inference.instructions_differing for inference in compared),
        cases_failing=0,
        cycles=tuple(inference.cycles_rtl for inference in compared[-2:]),
        difference=next((inference.difference for inference in compared if inference.difference), ""),
        cpu_s=round(time.process_time() - begin, 1),
    )


def compare_program(program: Program, seed: int) -> tuple[CosimInference, CosimInference]:
    """A cold inference, and a warm one of the same inputs on what it left, beside the simulators."""
    inputs = draw_inputs(program, seed=seed)
    memory = external_memory(program, inputs)
    with Machine(program.chip, build_machine(program.chip)) as machine:
        cold = machine.infer(program, memory)
        write_inputs(memory, program, inputs)
        warm = machine.infer(program, memory, warm=True)
    _check_contract(cold, warm)
    return (
        compare_run(program, execute(program, inputs), cold, simulate(program)),
        compare_run(program, execute_warm(program, inputs, before=inputs), warm, simulate(program, warm=True)),
    )


def _check_contract(*runs: RtlRun) -> None:
    """The memory of the bench keeps its contract, and nothing lies outside of it: else the comparison means nothing."""
    for run in runs:
        if run.late or run.stalls or run.out_of_range:
            raise RuntimeError(f"{run.late} late answers, {run.stalls} stalls, {run.out_of_range} words out of range")


def _run_official(cell: Cell, key: str) -> CellResult:
    """In RTL a case fails by a bit or by a cycle; its reason says which."""
    begin = os.times()
    chip = load_chip(cell.chip)
    result = run_official_cases("rtl", operators=[cell.subject], sample=OFFICIAL_SAMPLE, chip=chip)
    end = os.times()
    told = [f"{outcome.case}: {outcome.result.value}: {outcome.reason}" for outcome in result.not_passed]
    return CellResult(
        name=cell.name,
        key=key,
        inferences=result.total[CaseResult.PASSED] + result.total[CaseResult.FAILED],
        mismatching_bits=0,
        instructions=0,
        instructions_differing=0,
        cases_failing=len(told),
        cycles=(),
        difference="; ".join(told),
        cpu_s=round(sum(end[:4]) - sum(begin[:4]), 1),
    )


# --- keys -----------------------------------------------------------------------------------------------------------


def cell_key(cell: Cell, programs: Sequence[Program]) -> str:
    """A name for all that a cell's result depends on."""
    chip = programs[0].chip if programs else load_chip(cell.chip)
    parts = [_rtl_digest(chip), source_digest("sim", "program", "numerics.py"), cell.name]
    if cell.kind == "official":
        parts += [source_digest("compiler", "mapping", "tosa", "targets", "witness"), version("tosa-tools")]
        parts.append(str(OFFICIAL_SAMPLE))
    return _digest([*map(str.encode, parts), *map(serialize_program, programs)])


def _rtl_digest(chip: Chip) -> str:
    return _digest([*(text.encode() for text in machine_sources(chip).values()), BENCH.read_bytes()])


@cache
def source_digest(*names: str) -> str:
    """A name for the contents of these packages and files of Chipsmith."""
    folder = Path(chipsmith.__file__).parent
    paths = [path for name in names for path in ([folder / name] if "." in name else (folder / name).rglob("*.py"))]
    return _digest(path.read_bytes() for path in sorted(paths))


def _digest(parts: Iterable[bytes]) -> str:
    whole = sha256()
    for part in parts:
        whole.update(sha256(part).digest())
    return whole.hexdigest()[:16]


# --- the matrix -----------------------------------------------------------------------------------------------------


def run_matrix(cells: Sequence[Cell], *, data: Path, results: Path, processes: int) -> dict[str, Any]:
    """Run what the results do not hold yet; they are written whole after each cell. Returns all of them by name."""
    kept = read_results(results)
    pool_cells = [cell for cell in cells if cell.kind != "official"]
    progress = _Progress(cells)
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        futures = {pool.submit(run_cell, cell, data, _key(kept, cell)): cell for cell in pool_cells}
        for future in as_completed(futures):
            _keep(kept, futures[future], future.result(), results, progress)
    # The official cases have processes of their own.
    for cell in cells:
        if cell.kind == "official":
            _keep(kept, cell, run_cell(cell, data, _key(kept, cell)), results, progress)
    return kept


def _key(kept: Mapping[str, Any], cell: Cell) -> str:
    return str(kept.get(cell.name, {}).get("key", ""))


def _keep(kept: dict[str, Any], cell: Cell, result: CellResult | None, results: Path, progress: _Progress) -> None:
    if result is not None:
        kept[cell.name] = asdict(result)
        text = json.dumps({"cells": [kept[name] for name in sorted(kept)]}, indent=1)
        write_whole(results, (text + "\n").encode())
    progress.tell(cell, result)


def read_results(results: Path) -> dict[str, Any]:
    """The cells of a file of results by name; none where there is no such file."""
    cells = json.loads(results.read_text())["cells"] if results.is_file() else []
    return {cell["name"]: cell for cell in cells}


class _Progress:
    """Tells each cell that is done, and the CPU time that the others may take."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        self._left = list(cells)
        self._taken: dict[str, list[float]] = {}

    def tell(self, cell: Cell, result: CellResult | None) -> None:
        """Print a line about a cell that is done; `result` None: it was done before."""
        self._left.remove(cell)
        if result is not None:
            self._taken.setdefault(cell.kind, []).append(result.cpu_s)
        said = "kept" if result is None else f"{result.cpu_s:.0f} s; {result.difference or 'none differs'}"
        print(f"{cell.name}: {said}; {len(self._left)} left, {self._left_s() / 60:.0f} CPU min", file=sys.stderr)

    def _left_s(self) -> float:
        return sum(self._expected_s(cell.kind) for cell in self._left)

    def _expected_s(self, kind: str) -> float:
        taken = self._taken.get(kind, [])
        return sum(taken) / len(taken) if taken else GUESSED_S[kind]


# --- what is shown --------------------------------------------------------------------------------------------------


def summary(cells: Sequence[Cell], kept: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row for each kind and chip: cells, inferences, bits and instructions that differ."""
    groups: dict[tuple[str, str], list[Any]] = {}
    for cell in cells:
        chip = "random chips" if cell.kind == "chip" else cell.chip
        groups.setdefault((cell.kind, chip), []).append(kept[cell.name])
    return [{"kind": kind, "chip": chip, **_sums(rows)} for (kind, chip), rows in groups.items()]


def _sums(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    counted = ("inferences", "mismatching_bits", "instructions", "instructions_differing", "cases_failing", "cpu_s")
    sums = {name: round(sum(row[name] for row in rows)) for name in counted}
    return {
        "cells": len(rows),
        **sums,
        "difference": next((row["difference"] for row in rows if row["difference"]), ""),
    }


def print_summary(rows: Sequence[Mapping[str, Any]]) -> None:
    """The rows as a table, and the first difference of each that has some."""
    names = (
        "kind",
        "chip",
        "cells",
        "inferences",
        "mismatching_bits",
        "instructions_differing",
        "cases_failing",
        "cpu_s",
    )
    table = new_table("the RTL beside the simulators", *(name.replace("_", " ") for name in names))
    for row in rows:
        table.add_row(*(f"{row[name]:,}" if isinstance(row[name], int) else row[name] for name in names))
    print_tables(table)
    for row in rows:
        if row["difference"]:
            print(f"{row['kind']} {row['chip']}: {row['difference']}")


def main() -> None:
    """Run the cells that are asked for, and show all of them."""
    default = Path(os.environ.get("CHIPSMITH_DATA", ROOT.parent / "shared" / "data"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", default=[], metavar="WORD", help="only cells whose name holds a word")
    parser.add_argument("--results", type=Path, default=ROOT / "docs" / "rtl_matrix.json", metavar="FILE")
    parser.add_argument("--data", type=Path, default=default, metavar="FOLDER")
    parser.add_argument("--processes", type=int, default=2, metavar="N")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    cells = [cell for cell in all_cells(given.data) if not given.only or any(w in cell.name for w in given.only)]
    kept = run_matrix(cells, data=given.data, results=given.results, processes=given.processes)
    rows = summary(cells, kept)
    if given.json:
        print(json.dumps({"rtl_matrix": rows}))
    else:
        print_summary(rows)
    sys.exit(any(row["difference"] for row in rows))


if __name__ == "__main__":
    main()
