"""What is estimated of silicon, held to the gates: area of logic by block, of memories, and the clock.

    python benchmarks/silicon.py fit --liberty SLOW.lib --sram FOLDER [--chips N]  draws N chips (16), maps and times
                                                                          them, fits the tables of areas and of paths
    python benchmarks/silicon.py area --liberty SLOW.lib --sram FOLDER --seed S [--chips N]  draws N others (12), scores
    python benchmarks/silicon.py sram --sram FOLDER                      fits the model of memories, and scores it
    python benchmarks/silicon.py energy --liberty SLOW.lib --typical TYPICAL.lib --sram FOLDER --seed S  runs inferences
                         on the gates of the small chips of the fit, fits the table to them, scores others of seed S
    python benchmarks/silicon.py gating --liberty SLOW.lib --typical TYPICAL.lib --sram FOLDER   what clock gates save
    python benchmarks/silicon.py timing CHIP... --liberty SLOW.lib --sram FOLDER   the clock of catalogue chips

With --json a command prints what it puts into docs/silicon.json. A chip is mapped once: its row stands in that file
under a name of its RTL, the library and the flow, so that a command which was stopped goes on where it was, and stale
rows are dropped. All areas come first, then the paths; --areas leaves those out. --known uses the chips with a row
and maps none. The seed of `area` and `energy` is chosen after the fit, and is not FIT_SEED. A bar that is missed is
marked, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bars import Bar, report_bars
from silicon_parts.area import score_area
from silicon_parts.chips import draw_chips
from silicon_parts.energy import fit_table, gate_energies, score_energies
from silicon_parts.energy_cases import fit_cases, gating_case, scored_cases
from silicon_parts.fit import write_table
from silicon_parts.gates import Libraries, gate_rows, known_rows
from silicon_parts.gating import measure_gating
from silicon_parts.paths import score_paths, write_paths
from silicon_parts.results import RESULTS, read_results, write_section
from silicon_parts.sram import read_foundry, score_memories, write_memory_tables
from silicon_parts.timing import time_catalogue_chip

from chipsmith.chip import Chip
from chipsmith.console.presentation import new_table, print_tables

FIT_SEED = 1
FIT_CHIPS = 16
SCORED_CHIPS = 12
MOST_MEAN_ERROR = 0.10
MOST_WORST_ERROR = 0.25
MOST_OPTIMISTIC = 0.10
LEAST_LARGE_CHIPS = 3
LEAST_CHIPS = 12
MOST_ENERGY_ERROR = 0.15
MOST_BLOCK_ERROR = 0.30
LEAST_CASES = 12
MOST_FO4 = 40
MOST_MAC_UM2 = 20_000
BARS = (
    Bar(
        key="area",
        asks=f"logic of {LEAST_CHIPS} chips, {LEAST_LARGE_CHIPS} of them large: {MOST_MEAN_ERROR:.0%} in the mean, "
        f"{MOST_WORST_ERROR:.0%} at worst",
        text=lambda area: f"{area['mean_error']:.1%}, {area['worst_error']:.1%} of {area['chips']}",
        met=lambda area: (
            area["mean_error"] <= MOST_MEAN_ERROR
            and area["worst_error"] <= MOST_WORST_ERROR
            and area["chips"] >= LEAST_CHIPS
            and area["large_chips"] >= LEAST_LARGE_CHIPS
        ),
    ),
    Bar(
        key="energy",
        asks=f"inferences of {LEAST_CASES} pairs of chip and network: {MOST_ENERGY_ERROR:.0%} in the mean, "
        f"{MOST_WORST_ERROR:.0%} at worst, large blocks {MOST_BLOCK_ERROR:.0%} at worst",
        text=lambda energy: (
            f"{energy['mean_error']:.1%}, {energy['worst_error']:.1%}, blocks "
            f"{energy['worst_block_error']:.1%}, of {energy['cases']}"
        ),
        met=lambda energy: (
            energy["mean_error"] <= MOST_ENERGY_ERROR
            and energy["worst_error"] <= MOST_WORST_ERROR
            and energy["worst_block_error"] <= MOST_BLOCK_ERROR
            and energy["cases"] >= LEAST_CASES
        ),
    ),
    Bar(
        key="area",
        asks=f"longest paths of these chips: none over {MOST_OPTIMISTIC:.0%} optimistic",
        text=lambda area: (
            f"{area['paths']['most_optimistic']:+.1%} to {area['paths']['most_pessimistic']:+.1%}"
            if "paths" in area
            else "not timed yet"
        ),
        met=lambda area: "paths" in area and area["paths"]["most_optimistic"] >= -MOST_OPTIMISTIC,
    ),
    Bar(
        key="timing",
        asks=f"longest path at most {MOST_FO4} FO4",
        text=lambda chips: ", ".join(f"{name} {chip['fo4']:.1f}" for name, chip in chips.items()),
        met=lambda chips: all(chip["fo4"] <= MOST_FO4 for chip in chips.values()),
    ),
    Bar(
        key="timing",
        asks=f"logic of edge-256 at most {MOST_MAC_UM2:,} um2 a MAC",
        text=lambda chips: f"{chips['edge-256']['mac_um2']:,.0f}" if "edge-256" in chips else "not mapped yet",
        met=lambda chips: "edge-256" in chips and chips["edge-256"]["mac_um2"] <= MOST_MAC_UM2,
    ),
)


def fit(given: argparse.Namespace) -> dict[str, Any]:
    """Fit the table to chips that are drawn by FIT_SEED; how it meets those, which says nothing of others."""
    chips, rows = _mapped(given, draw_chips(FIT_SEED, given.chips or FIT_CHIPS))
    write_table(chips, rows)
    if not given.areas:
        write_paths(chips, rows)
    return _score(given, chips, rows)


def area(given: argparse.Namespace) -> dict[str, Any]:
    """Score the table on chips that are drawn by another seed."""
    chips, rows = _mapped(given, draw_chips(given.seed, given.chips or SCORED_CHIPS))
    return {"seed": given.seed, **_score(given, chips, rows)}


def _score(given: argparse.Namespace, chips: list[Chip], rows: list[dict[str, Any]]) -> dict[str, Any]:
    return score_area(chips, rows) | ({} if given.areas else {"paths": score_paths(chips, rows)})


def memories(given: argparse.Namespace) -> dict[str, Any]:
    """Fit the model of memories to the foundry's macros, and score it on each by a fit without that one."""
    macros = read_foundry(given.sram)
    write_memory_tables(macros)
    return score_memories(macros)


def energy(given: argparse.Namespace) -> dict[str, Any]:
    """Fit the table of energies to the inferences of the fit, and score it on the others."""
    libraries = Libraries(cells=given.liberty, memories=given.sram)
    fitted, scored = (
        gate_energies(cases, libraries, given.typical, given.results, known=given.known)
        for cases in (fit_cases(draw_chips(FIT_SEED, FIT_CHIPS)), scored_cases(draw_chips(given.seed, SCORED_CHIPS)))
    )
    if not fitted or not scored:
        sys.exit("no inference of the fit, or none of the score, was run yet; run without --known")
    fit_table(fitted)
    return {"seed": given.seed, "fit": score_energies(fitted), **score_energies(scored)}


def gating(given: argparse.Namespace) -> dict[str, Any]:
    """What the clock gates of a chip save in an inference."""
    return measure_gating(gating_case(), Libraries(cells=given.liberty, memories=given.sram), given.typical)


def timing(given: argparse.Namespace) -> dict[str, Any]:
    """Time chips of the catalogue, beside those that were timed before."""
    before = read_results(given.results).get("timing", {})
    return {**before, **{name: time_catalogue_chip(name, given.liberty, given.sram) for name in given.catalogue}}


def _mapped(given: argparse.Namespace, chips: list[Chip]) -> tuple[list[Chip], list[dict[str, Any]]]:
    """The chips that have a row, and the rows: all of them, or with --known those that had before."""
    libraries = Libraries(cells=given.liberty, memories=given.sram)
    if given.known:
        rows = known_rows(chips, libraries, given.results, with_paths=not given.areas)
    else:
        rows = gate_rows(chips, libraries, given.results, with_paths=not given.areas)
    names = {row["chip"] for row in rows}
    if not rows:
        sys.exit("no chip of this seed was mapped yet; run without --known")
    return [chip for chip in chips if chip.name in names], rows


COMMANDS: Mapping[str, tuple[str, Callable[[argparse.Namespace], dict[str, Any]]]] = {
    "fit": ("fit", fit),
    "area": ("area", area),
    "sram": ("sram", memories),
    "energy": ("energy", energy),
    "gating": ("gating", gating),
    "timing": ("timing", timing),
}
"""By name of the command: the section of its results, and what measures it."""


def parse(words: list[str] | None = None) -> argparse.Namespace:
    """The command line. Exits with a message where it is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in COMMANDS:
        command = commands.add_parser(name)
        command.add_argument("--json", action="store_true")
        command.add_argument("--results", type=Path, default=RESULTS)
        if name != "sram":
            command.add_argument("--liberty", type=Path, required=True)
        command.add_argument("--sram", type=Path, required=True, help="folder of liberty files of macros")
        if name in ("energy", "gating"):
            command.add_argument("--typical", type=Path, required=True, help="the same cells in the typical corner")
        if name in ("fit", "area"):
            command.add_argument("--chips", type=int, help="how many are drawn")
            command.add_argument("--areas", action="store_true", help="leave the paths out, and their table as it is")
        if name in ("fit", "area", "energy"):
            command.add_argument("--known", action="store_true", help="only those that were run before")
        if name in ("area", "energy"):
            command.add_argument("--seed", type=int, required=True)
        if name == "timing":
            command.add_argument("catalogue", nargs="+", metavar="CHIP")
    given = parser.parse_args(words)
    if given.command in ("area", "energy") and given.seed == FIT_SEED:
        parser.error(f"seed {FIT_SEED} draws the chips of the fit; choose another")
    return given


def show(title: str, figures: Mapping[str, Any]) -> None:
    """Print figures, and each list or group of rows among them as a table."""
    for name, value in figures.items():
        if not isinstance(value, list | dict):
            print(f"{title} {name}: {value}")
    for name, value in {title: figures, **figures}.items():
        rows = value if isinstance(value, list) else _named_rows(value)
        if rows:
            _show_rows(name, rows)


def _named_rows(value: Any) -> list[dict[str, Any]]:
    """The rows of a group of them by name, with the names; none where they have not all the same columns."""
    if not isinstance(value, dict):
        return []
    rows = [{"": name, **row} for name, row in value.items() if isinstance(row, dict) and not _has_groups(row)]
    return rows if len({tuple(row) for row in rows}) == 1 else []


def _has_groups(row: Mapping[str, Any]) -> bool:
    return all(isinstance(value, dict) for value in row.values())


def _show_rows(title: str, rows: list[dict[str, Any]]) -> None:
    """Print rows, and what is a mapping in each of them as a table with the rows as columns."""
    groups = [name for name, value in rows[0].items() if isinstance(value, dict)]
    columns = [name for name in rows[0] if name not in groups]
    table = new_table(title, *columns)
    for row in rows:
        table.add_row(*(_cell(row[name]) for name in columns))
    print_tables(table)
    for group in groups:
        keys = dict.fromkeys(key for row in rows for key in row[group])
        heads = [" ".join(_cell(row[name]) for name in columns if isinstance(row[name], str)) for row in rows]
        cells = [
            {"": key, **{head: row[group].get(key, "") for head, row in zip(heads, rows, strict=True)}} for key in keys
        ]
        _show_rows(group, cells)


def _cell(value: Any) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def main() -> int:
    """Measure, write, print; 1 where a bar is missed."""
    given = parse()
    section, measure = COMMANDS[given.command]
    figures = measure(given)
    write_section(given.results, section, figures)
    if given.json:
        print(json.dumps(figures, indent=1))
    else:
        show(section, figures)
    return report_bars(BARS, {section: figures})


if __name__ == "__main__":
    sys.exit(main())
