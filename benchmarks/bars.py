"""Benchmarks of several parts: each part is a module with `measure()`, its figures are held to bars and printed."""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from chipsmith.console.presentation import new_table, print_tables

Figures = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Bar:
    """What a figure is held to: the figure as text, and whether it is met; `key` is that of the figures."""

    key: str
    asks: str
    text: Callable[[Any], str]
    met: Callable[[Any], bool]


def report_bars(bars: Sequence[Bar], figures: Figures) -> int:
    """Print the bars whose figures are there, those that are missed marked; the exit code, 1 where one is."""
    checked = [(bar, bar.met(figures[bar.key])) for bar in bars if bar.key in figures]
    for bar, met in checked:
        print(f"{bar.asks}: {bar.text(figures[bar.key])}{'' if met else '  MISSED'}", file=sys.stderr)
    return 0 if all(met for _, met in checked) else 1


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """A package of parts and the bars that their figures are held to."""

    title: str
    parts: ModuleType
    bars: Sequence[Bar]

    @property
    def part_names(self) -> list[str]:
        """The names of the parts."""
        return [module.name for module in pkgutil.iter_modules(self.parts.__path__)]

    def measure(self, names: Sequence[str]) -> dict[str, Any]:
        """The figures of these parts by name."""
        figures: dict[str, Any] = {}
        for name in names:
            print(f"part {name}", file=sys.stderr)
            figures |= importlib.import_module(f"{self.parts.__name__}.{name}").measure()
        return figures

    def check(self, figures: Figures) -> list[tuple[Bar, bool]]:
        """The bars whose figures are there, and whether each is met."""
        return [(bar, bar.met(figures[bar.key])) for bar in self.bars if bar.key in figures]

    def show(self, figures: Figures, checked: Sequence[tuple[Bar, bool]]) -> None:
        """Print the bars, then each list of rows as a table."""
        table = new_table(f"bars of {self.title}", "bar", "figure", "met")
        for bar, met in checked:
            table.add_row(bar.asks, bar.text(figures[bar.key]), "yes" if met else "NO")
        print_tables(table)
        for key, figure in figures.items():
            if isinstance(figure, list) and figure and isinstance(figure[0], dict):
                print_tables(_table_of(key, figure))


def parser_of(benchmark: Benchmark, description: str | None) -> argparse.ArgumentParser:
    """The options that every benchmark of parts has: which parts, and `--json`."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(benchmark.part_names))
    parser.add_argument("--json", action="store_true")
    return parser


def run(benchmark: Benchmark, parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    """Measure the parts that are asked for, print figures and bars; the exit code, 1 where a bar is missed."""
    unknown = set(options.parts) - set(benchmark.part_names)
    if unknown:
        names = ", ".join(benchmark.part_names)
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are {names}")
    figures = benchmark.measure(options.parts or benchmark.part_names)
    checked = benchmark.check(figures)
    if options.json:
        bars = [{"bar": bar.asks, "key": bar.key, "met": met} for bar, met in checked]
        print(json.dumps({**figures, "bars": bars}, indent=2))
    else:
        benchmark.show(figures, checked)
    return 0 if all(met for _, met in checked) else 1


def _table_of(title: str, rows: list[dict[str, Any]]) -> Any:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    table = new_table(title, *columns)
    for row in rows:
        table.add_row(*(_cell(row.get(name)) for name in columns))
    return table


def _cell(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else "" if value is None else str(value)
