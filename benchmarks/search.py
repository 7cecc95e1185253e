"""What the search of networks and chips costs and finds, held to bars.

    python benchmarks/search.py oracle [--data FOLDER] [--chips N] [--seed S] [--json]   processor time of a score, for
                                                      the networks of MLPerf Tiny on N random legal chips each (500)

FOLDER holds `mlperf_tiny/*.tflite`; default $CHIPSMITH_DATA, or ../shared/data beside the repository. A command puts
its figures into docs/search.json, each under a key of its own, and prints them; with --json as one JSON object. A bar
that is missed is marked, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bars import Bar
from search_parts import oracle
from search_parts.results import RESULTS, write_figures

from chipsmith.console.presentation import new_table, print_tables

MOST_CPU_S = 0.03
LEAST_PAIRS = 2000
BARS = (
    Bar(
        key="cpu_s_per_pair",
        asks=f"a score of {LEAST_PAIRS:,} pairs: {MOST_CPU_S} CPU-s in the mean",
        text=lambda figure: f"{figure['mean']:.4f} of {figure['pairs']:,}",
        met=lambda figure: figure["mean"] <= MOST_CPU_S and figure["pairs"] >= LEAST_PAIRS,
    ),
)


def measure_oracle(given: argparse.Namespace) -> dict[str, Any]:
    """The figures of the oracle."""
    return oracle.measure(data=given.data, chips=given.chips, seed=given.seed)


def show_oracle(figures: Mapping[str, Any]) -> None:
    """Print a row a network."""
    table = new_table(
        "processor time of a score, in CPU-seconds", "network", "mean", "median", "95 %", "pairs", "share that fits"
    )
    for row in figures["cpu_s_per_pair"]["networks"]:
        seconds = (f"{row[name]:.4f}" for name in ("mean", "median", "p95"))
        table.add_row(row["network"], *seconds, str(row["pairs"]), f"{row['fit']:.1%}")
    print_tables(table)


COMMANDS: Mapping[str, tuple[Callable[[argparse.Namespace], dict[str, Any]], Callable[[Mapping[str, Any]], None]]] = {
    "oracle": (measure_oracle, show_oracle),
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
    command.add_argument("--json", action="store_true")
    command.add_argument("--results", type=Path, default=RESULTS)
    given = parser.parse_args(words)
    if not (given.data / "mlperf_tiny").is_dir():
        parser.error(f"{given.data} holds no folder mlperf_tiny; name another with --data")
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
    checked = [(bar, bar.met(figures[bar.key])) for bar in BARS if bar.key in figures]
    for bar, met in checked:
        print(f"{bar.asks}: {bar.text(figures[bar.key])}{'' if met else '  MISSED'}", file=sys.stderr)
    return 0 if all(met for _, met in checked) else 1


if __name__ == "__main__":
    sys.exit(main())
