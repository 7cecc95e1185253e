"""The generations side by side, and the bars that they are held to.

    python benchmarks/generations.py [PART...] [--json]

PART is a file of `generation_parts` (published, cpu, c, quantum); default all. Each measures on this computer or reads
what was measured before, and says which. A bar that is missed is marked, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import generation_parts

from chipsmith.console.presentation import new_table, print_tables

FEWEST_SYSTEMS, NETWORKS = 60, 5
CPU_SHARE, CPU_MARGIN_US = 1.05, 20.0
C_TIMES, ARENA_TIMES = 3.0, 1.1
BELOW_RBF, BELOW_NETWORK, QUANTUM_CPU_S = 0.03, 0.05, 600.0
Figures = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Bar:
    """What a figure is held to: the figure as text, and whether it is met; `key` is that of the figures."""

    key: str
    asks: str
    text: Callable[[Any], str]
    met: Callable[[Any], bool]


def near_direct(row: Mapping[str, Any]) -> bool:
    """Whether the target takes at most 5 % or 20 us longer than the engine called directly."""
    return row["target_us"] <= max(CPU_SHARE * row["direct_us"], row["direct_us"] + CPU_MARGIN_US)


def worst_ratio(rows: list[Mapping[str, Any]]) -> str:
    worst = max(rows, key=lambda row: row["target_us"] / row["direct_us"])
    return f"at worst {worst['target_us']:.1f} for {worst['direct_us']:.1f} us ({worst['network']}, {worst['runtime']})"


def ratio_text(rows: list[Mapping[str, Any]]) -> str:
    return "; ".join(
        f"{row['network']}: {row['against_onnxruntime']:.2f} times onnxruntime, "
        f"{row['against_litert_builtin']:.2f} times LiteRT built-in"
        for row in rows
    )


def points(share: float) -> str:
    return f"{100 * share:.1f} points"


BARS = (
    Bar(
        key="published_systems",
        asks=f"published systems, at least {FEWEST_SYSTEMS}",
        text=str,
        met=lambda count: count >= FEWEST_SYSTEMS,
    ),
    Bar(key="networks", asks=f"networks, {NETWORKS}", text=", ".join, met=lambda names: len(names) >= NETWORKS),
    Bar(
        key="untraced_cells",
        asks="published cells without source, none",
        text=lambda cells: str(len(cells)),
        met=lambda cells: not cells,
    ),
    Bar(
        key="cpu_ratio",
        asks="target cpu within 5 % or 20 us of the engine",
        text=worst_ratio,
        met=lambda rows: all(map(near_direct, rows)),
    ),
    Bar(
        key="c_exact",
        asks="C exact to the bit everywhere",
        text=lambda rows: f"{sum(row['exact'] for row in rows)} of {len(rows)}",
        met=lambda rows: all(row["exact"] for row in rows),
    ),
    Bar(
        key="c_ratio",
        asks=f"C at most {C_TIMES} times onnxruntime's int8, and faster than LiteRT's built-in kernels",
        text=ratio_text,
        met=lambda rows: all(
            row["against_onnxruntime"] <= C_TIMES and row["against_litert_builtin"] < 1 for row in rows
        ),
    ),
    Bar(
        key="c_arena",
        asks=f"arena of C at most {ARENA_TIMES} times the bytes that live",
        text=lambda rows: f"at worst {max(row['ratio'] for row in rows):.3f}",
        met=lambda rows: all(row["ratio"] <= ARENA_TIMES for row in rows),
    ),
    Bar(
        key="quantum_kernel_below_rbf",
        asks=f"quantum kernel at most {100 * BELOW_RBF:g} points below RBF on ten digits",
        text=points,
        met=lambda share: share <= BELOW_RBF,
    ),
    Bar(
        key="quantum_classifier_below_network",
        asks=f"quantum classifier at most {100 * BELOW_NETWORK:g} points below the network of 32",
        text=points,
        met=lambda share: share <= BELOW_NETWORK,
    ),
    Bar(
        key="quantum_cpu_s",
        asks=f"exact training and evaluation of circuits, each at most {QUANTUM_CPU_S:g} CPU-s",
        text=lambda seconds: f"{seconds:.0f} CPU-s",
        met=lambda seconds: seconds <= QUANTUM_CPU_S,
    ),
)


def part_names() -> list[str]:
    return [module.name for module in pkgutil.iter_modules(generation_parts.__path__)]


def measure(names: list[str]) -> dict[str, Any]:
    """The figures of these parts by name."""
    figures: dict[str, Any] = {}
    for name in names:
        print(f"part {name}", file=sys.stderr)
        figures |= importlib.import_module(f"generation_parts.{name}").measure()
    return figures


def check(figures: Figures) -> list[tuple[Bar, bool]]:
    """The bars whose figures are there, and whether each is met."""
    return [(bar, bar.met(figures[bar.key])) for bar in BARS if bar.key in figures]


def show(figures: Figures, checked: list[tuple[Bar, bool]]) -> None:
    table = new_table("bars of the generations", "bar", "figure", "met")
    for bar, met in checked:
        table.add_row(bar.asks, bar.text(figures[bar.key]), "yes" if met else "NO")
    print_tables(table)
    for key, figure in figures.items():
        if isinstance(figure, list) and figure and isinstance(figure[0], dict):
            print_tables(_table_of(key, figure))


def _table_of(title: str, rows: list[dict[str, Any]]) -> Any:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    table = new_table(title, *columns)
    for row in rows:
        table.add_row(*(_cell(row.get(name)) for name in columns))
    return table


def _cell(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else "" if value is None else str(value)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    unknown = set(options.parts) - set(part_names())
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(part_names())}")
    figures = measure(options.parts or part_names())
    checked = check(figures)
    if options.json:
        bars = [{"bar": bar.asks, "key": bar.key, "met": met} for bar, met in checked]
        print(json.dumps({**figures, "bars": bars}, indent=2))
    else:
        show(figures, checked)
    return 0 if all(met for _, met in checked) else 1


if __name__ == "__main__":
    sys.exit(main())
