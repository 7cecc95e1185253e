"""What the search of networks and chips costs and finds, held to bars.

    python benchmarks/search.py oracle [--data FOLDER] [--chips N] [--seed S] [--json]   processor time of a score, for
                                                      the networks of MLPerf Tiny on N random legal chips each (500)
    python benchmarks/search.py regret [--work FOLDER] [--workers N] [--json]            how far samplers end from the
                                                      best chip of a space that is scored in full, once, in minutes
    python benchmarks/search.py kills [--work FOLDER] [--workers N] [--json]             a search is killed 30 times
    python benchmarks/search.py joint [--work FOLDER] [--task NAME ...] [--json]         network and chip together,
                                                      against each alone: 3 tasks, 5 seeds; trains 3 supernets first
    python benchmarks/search.py supernet --recipe NAME [--count N] [--work FOLDER] [--json]    whether accuracies that
                                                      are read from a supernet rank its networks as full trainings do
    python benchmarks/search.py gates --liberty SLOW.lib --typical TYPICAL.lib --sram FOLDER [--count N] [--json]
                                                      N designs (12) of a front mapped to cells, and run there; goes on
                                                      where it was; with --known alone the figures of before
    python benchmarks/search.py verified FOLDER... --liberty FILE --sram FOLDER [--json]  the verify.sh of designs that
                                                      searches handed over (--export); --derived: as it ran last

The data folder holds `mlperf_tiny/*.tflite`; default $CHIPSMITH_DATA, or ../shared/data beside the repository.
A command puts its figures into docs/search.json, each under a key of its own, and prints them; with --json as one
JSON object. A bar that is missed is marked, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bars import Bar, report_bars
from search_parts import gates, joint, kills, oracle, regret, supernet, verified
from search_parts.results import RESULTS, read_figure, read_figures, write_figures
from silicon_parts.gates import Libraries

from chipsmith.console.presentation import new_table, print_tables

MOST_CPU_S = 0.03
LEAST_PAIRS = 2000
KILLED_STUDY = Path(__file__).with_name("search_parts") / "killed.yaml"
BARS = (
    Bar(
        key="cpu_s_per_pair",
        asks=f"a score of {LEAST_PAIRS:,} pairs: {MOST_CPU_S} CPU-s in the mean",
        text=lambda figure: f"{figure['mean']:.4f} of {figure['pairs']:,}",
        met=lambda figure: figure["mean"] <= MOST_CPU_S and figure["pairs"] >= LEAST_PAIRS,
    ),
    Bar(
        key="regret",
        asks=f"energy x delay after {regret.TRIALS} trials: median regret {regret.MOST_REGRET:.0%} at most, where that "
        f"of random search is {regret.LEAST_RANDOM:.0%} or more",
        text=lambda figure: ", ".join(f"{name} {share:.2%}" for name, share in figure["median_regret"].items()),
        met=lambda figure: figure["valid"] and figure["met"],
    ),
    Bar(
        key="kills",
        asks="a search killed at 30 moments ends as one that was not",
        text=lambda figure: f"{figure['kills']} kills, {figure['missing']} pairs lost, {figure['more']} more",
        met=lambda figure: figure["met"],
    ),
    Bar(
        key="verified",
        asks=f"winners of {verified.LEAST_STUDIES} studies by verify.sh: 0 bits, 0 cycles, area 10 %, energy 15 %",
        text=lambda rows: ", ".join(
            f"{row['study']} {row['mismatching_bits']} bits, {row['cycle_difference']} cycles, area "
            f"{row['area_error'] or 0:+.1%}, energy {row['energy_error'] or 0:+.1%}"
            for row in rows
        ),
        met=lambda rows: len(rows) >= verified.LEAST_STUDIES and all(row["met"] for row in rows),
    ),
    Bar(
        key="joint",
        asks=f"network and chip searched together on {len(supernet.SPACES)} tasks, stated either way: "
        f"{joint.MOST_CPU_HOURS} CPU-hours at most",
        text=lambda figure: f"{sum(task['cpu_hours'] for task in figure):.2f} CPU-hours of {len(figure)} tasks",
        met=lambda figure: (
            len(figure) == len(supernet.SPACES) and sum(task["cpu_hours"] for task in figure) <= joint.MOST_CPU_HOURS
        ),
    ),
    Bar(
        key="gates",
        asks=f"{gates.LEAST_DESIGNS} designs of a front at the gates, {gates.LEAST_SPAN:g} times apart in area and in "
        f"energy: Spearman of the estimate {gates.LEAST_RHO} at least, alike to the bit and the cycle",
        text=lambda figure: ", ".join(
            f"{name} {figure[name]['spearman']['rho']:.3f} over {figure[name]['span']:.1f} times"
            for name in gates.FIGURES
        ),
        met=gates.meets_bar,
    ),
)


def measure_oracle(given: argparse.Namespace) -> dict[str, Any]:
    """The figures of the oracle."""
    return oracle.measure(data=given.data, chips=given.chips, seed=given.seed)


def measure_regret(given: argparse.Namespace) -> dict[str, Any]:
    """The regrets, and the two medians under the names that others read."""
    figures = regret.measure_regret(given.work / "regret", workers=given.workers).to_json()
    medians = figures["median_regret"]
    return {"regret": figures, "regret_median": medians["tpe"], "random_regret_median": medians["random"]}


def measure_kills(given: argparse.Namespace) -> dict[str, Any]:
    """What became of a search that was killed."""
    return {"kills": kills.measure_kills(KILLED_STUDY, given.work / "kills", workers=given.workers).to_json()}


def measure_joint(given: argparse.Namespace) -> dict[str, Any]:
    """The hypervolumes of the tasks that are asked for, beside those that are known of others."""
    known = read_figures(given.results).get("joint", [])
    measured = joint.measure_joint(given.work, tasks=given.task or tuple(supernet.SPACES))
    by_task = {row["task"]: row for row in [*known, *measured]}
    return {"joint": [by_task[task] for task in supernet.SPACES if task in by_task]}


def show_joint(figures: Mapping[str, Any]) -> None:
    """Print a row a task."""
    table = new_table(
        f"hypervolume in cubic decades after {joint.TRIALS} trials, mean of {len(joint.SEEDS)} seeds",
        "task", "joint", "best alone", "which", "difference", "at equal CPU time", "CPU-hours", "supernet",
    )  # fmt: skip
    for row in figures["joint"]:
        differences = (
            f"{each['difference']:+.4f} ({each['interval'][0]:+.4f} to {each['interval'][1]:+.4f})"
            for each in (row, row["at_equal_cpu"])
        )
        volumes = (f"{row[name]:.4f}" for name in ("hypervolume_joint", "hypervolume_best_single"))
        hours = (f"{row[name]:.2f}" for name in ("cpu_hours", "supernet_cpu_hours"))
        table.add_row(row["task"], *volumes, row["best_single"], *differences, *hours)
    print_tables(table)


def measure_supernet(given: argparse.Namespace) -> dict[str, Any]:
    """The figures of a recipe's supernet, beside those of other recipes."""
    figures = supernet.measure_supernet(
        given.recipe,
        given.work / "supernet" / given.recipe,
        count=given.count,
        on_work=lambda line: print(line, file=sys.stderr, flush=True),
    )
    return {"supernet": {**read_figures(given.results).get("supernet", {}), given.recipe: figures}}


def measure_gates(given: argparse.Namespace) -> dict[str, Any]:
    """The designs of a front at the gates: measured, or with --known those of the results, scored again."""
    if given.known:
        figures = read_figure(given.results, "gates")
        return {"gates": {**figures, **gates.score_designs(figures["cases"])}}
    libraries = Libraries(cells=given.liberty, memories=given.sram)
    folder = given.work / "gates"
    figures = gates.measure_gates(folder, libraries, given.typical, count=given.count, workers=given.workers)
    return {"gates": figures}


def measure_verified(given: argparse.Namespace) -> dict[str, Any]:
    """What became of each design's claims, beside the designs that are known."""
    measured = {}
    for folder in given.folders:
        study = json.loads((folder / "design.json").read_bytes())["study"]
        if given.derived:
            measured[study] = verified.sum_up(verified.compare(folder))
        else:
            measured[study] = verified.verify_design(folder, liberty=given.liberty, sram=given.sram)
    known = {row["study"]: row for row in read_figures(given.results).get("verified", [])}
    rows = {**known, **{study: {"study": study, **row} for study, row in measured.items()}}
    return {"verified": list(rows.values())}


def show_figures(figures: Mapping[str, Any]) -> None:
    """Print figures as they are."""
    print(json.dumps(figures, indent=1))


def show_oracle(figures: Mapping[str, Any]) -> None:
    """Print a row a network."""
    table = new_table(
        "processor time of a score, in CPU-seconds", "network", "mean", "median", "95 %", "pairs", "share that fits"
    )
    for row in figures["cpu_s_per_pair"]["networks"]:
        seconds = (f"{row[name]:.4f}" for name in ("mean", "median", "p95"))
        table.add_row(row["network"], *seconds, str(row["pairs"]), f"{row['fit']:.1%}")
    print_tables(table)


def show_gates(figures: Mapping[str, Any]) -> None:
    """Print a row a design, the estimate over the gates, and the correlations."""
    measured = figures["gates"]
    table = new_table(
        "designs at the gates",
        "design",
        "width",
        "MACs",
        "mm2",
        "estimate",
        "logic",
        "uJ",
        "estimate",
        "cycles",
        "bits",
    )
    for row in measured["cases"]:
        area, logic, energy = (row[name]["estimate"] / row[name]["gates"] - 1 for name in gates.FIGURES)
        table.add_row(
            *(row["name"], str(row["width"]), str(row["macs"])),
            *(f"{row['area']['gates']:.3f}", f"{area:+.1%}", f"{logic:+.1%}"),
            *(f"{row['energy']['gates']:.2f}", f"{energy:+.1%}"),
            *(f"{row['gate_cycles']:,}", str(row["mismatching_bits"])),
        )
    scores = new_table("estimate to gates", "figure", "span", "Spearman", "95 %", "mean error", "worst error")
    own = measured["energy_of_one_network"]
    apart = {f"energy, width {own['width']}": own} if own else {}
    for name, score in {**{figure: measured[figure] for figure in gates.FIGURES}, **apart}.items():
        rho = score["spearman"]
        interval = f"{rho['low']:.3f} to {rho['high']:.3f}"
        errors = (f"{score['mean_error']:.1%}", f"{score['worst_error']:.1%}")
        scores.add_row(name, f"{score['span']:.2f}", f"{rho['rho']:.3f}", interval, *errors)
    print_tables(table, scores)


COMMANDS: Mapping[str, tuple[Callable[[argparse.Namespace], dict[str, Any]], Callable[[Mapping[str, Any]], None]]] = {
    "oracle": (measure_oracle, show_oracle),
    "regret": (measure_regret, show_figures),
    "kills": (measure_kills, show_figures),
    "joint": (measure_joint, show_joint),
    "verified": (measure_verified, show_figures),
    "supernet": (measure_supernet, show_figures),
    "gates": (measure_gates, show_gates),
}
"""By name of the command: what measures its figures, and what prints them."""


def parse(words: list[str] | None = None) -> argparse.Namespace:
    """The command line. Exits with a message where it is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("oracle")
    command.add_argument("--chips", type=int, default=500, help="how many are drawn for each network")
    command.add_argument("--seed", type=int, default=oracle.SEED)
    default = Path(os.environ.get("CHIPSMITH_DATA", Path(__file__).parents[2] / "shared" / "data"))
    command.add_argument("--data", type=Path, default=default)
    gate = commands.add_parser("gates")
    gate.add_argument("--liberty", type=Path, help="the standard cells in the slow corner, which chips are mapped to")
    gate.add_argument("--typical", type=Path, help="the same cells in the typical corner, which prices their energy")
    gate.add_argument("--sram", type=Path, help="folder of liberty files of macros")
    gate.add_argument("--count", type=int, default=gates.LEAST_DESIGNS, help="how many designs are taken")
    gate.add_argument("--known", action="store_true", help="the designs of the results file, of which nothing is run")
    for name in ("regret", "kills", "joint"):
        commands.add_parser(name)
    for name in ("regret", "kills", "joint", "gates"):
        command = commands.choices[name]
        command.add_argument("--work", type=Path, default=Path("runs/benchmark-search"), help="goes on where it was")
        if name == "joint":
            command.add_argument("--task", action="append", choices=tuple(supernet.SPACES), help="default all")
        else:
            command.add_argument("--workers", type=int, default=2)
    command = commands.add_parser("supernet")
    command.add_argument("--recipe", choices=list(supernet.SPACES), required=True)
    command.add_argument("--count", type=int, default=12, help="networks that are trained in full")
    command.add_argument("--work", type=Path, default=Path("runs/benchmark-search"), help="goes on where it was")
    command = commands.add_parser("verified")
    command.add_argument("folders", type=Path, nargs="+", help="what `chipsmith search --export` wrote")
    command.add_argument("--liberty", type=Path, help="the standard cells in the typical corner")
    command.add_argument("--sram", type=Path, help="folder of liberty files of macros")
    command.add_argument("--derived", action="store_true", help="nothing is run: what verify.sh left in verify/")
    for command in commands.choices.values():
        command.add_argument("--json", action="store_true")
        command.add_argument("--results", type=Path, default=RESULTS)
    given = parser.parse_args(words)
    if given.command == "oracle" and not (given.data / "mlperf_tiny").is_dir():
        parser.error(f"{given.data} holds no folder mlperf_tiny; name another with --data")
    if given.command == "gates" and not given.known and None in (given.liberty, given.typical, given.sram):
        parser.error("gates needs --liberty, --typical and --sram; --known shows the figures of before without them")
    if given.command == "verified" and not given.derived and None in (given.liberty, given.sram):
        parser.error("verified needs --liberty and --sram; --derived reads what verify.sh left before")
    return given


def main() -> int:
    """Measure, write, print; 1 where a bar is missed."""
    given = parse()
    measure, show = COMMANDS[given.command]
    figures = measure(given)
    write_figures(given.results, figures)
    if given.json:
        print(json.dumps(figures, indent=1))
    else:
        show(figures)
    return report_bars(BARS, figures)


if __name__ == "__main__":
    sys.exit(main())
