"""What runs and compare show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from chipsmith.console.presentation import Presentation, new_table, print_tables

if TYPE_CHECKING:
    from rich.table import Table

    from chipsmith.flow.run_list import RunList, RunRow
    from chipsmith.reports.comparison.result import RunComparison

_WIDE = 110
"""Letters of a line from which the recipe, the seed, the parameters and the whole interval are shown too."""


def present_runs(result: RunList) -> Presentation:
    """A row for each finished run, then a line for each of the rest."""
    return Presentation(to_json=result.to_json, print_text=partial(_print_runs, result))


def _print_runs(result: RunList) -> None:
    from chipsmith.flow.run_list import count_kinds

    finished = [row for row in result if row.finished]
    if finished:
        print_tables(_run_table(finished, str(result.root)))
    for row in result:
        if not row.finished:
            print(f"{row.folder}: {row.kind}, {_when(row.when)}; {row.note}")
    print(f"{', '.join(count_kinds(result)) or 'no runs'} in {result.root}, sorted by {result.order}")


def _run_table(rows: Sequence[RunRow], root: str) -> Table:
    from rich.console import Console

    wide = Console().width >= _WIDE
    exact = all(row.bit_exact is not False for row in rows)
    left_out = () if wide else (*_ONLY_WIDE, *(("bits",) if exact else ()))
    columns = {name: show for name, show in _COLUMNS.items() if name not in left_out}
    if not wide:
        columns["metric"] = _narrow_metric
    table = new_table(f"runs in {root}", *columns)
    table.collapse_padding = True
    for column in table.columns[1:]:
        column.no_wrap = True
        if column.header in _NUMBERS:
            column.justify = "right"
    for row in rows:
        _add_row(table, *(show(row) for show in columns.values()))
    bits = "every chip gave its reference's bits" if exact else "bits: whether a chip gave all of its reference's"
    table.caption = f"cycles simulated; µJ and mm² estimated; {bits}"
    return table


def _add_row(table: Table, *cells: str) -> None:
    """A row of plain text: a list of a recipe, such as [theo], is no markup."""
    from rich.text import Text

    table.add_row(*map(Text, cells))


def _when(when: datetime) -> str:
    today = datetime.now(when.tzinfo).date()
    return f"{when:%H:%M}" if when.date() == today else f"{when:%d %b}" if when.year == today.year else f"{when:%Y-%m}"


def _metric(row: RunRow) -> str:
    from chipsmith.reports.headline import metric_text

    if row.metric is None or row.value is None or row.low is None or row.high is None:
        return "-"
    value, low, high = (metric_text(row.metric, figure) for figure in (row.value, row.low, row.high))
    return f"{row.metric} {value} ({low.removesuffix(' %')} to {high.removesuffix(' %')})"


def _narrow_metric(row: RunRow) -> str:
    """The metric with half its interval, in few letters: 'acc 97.9±0.9 %'."""
    if row.metric is None or row.value is None or row.low is None or row.high is None:
        return "-"
    half = (row.high - row.low) / 2
    if row.metric == "accuracy":
        return f"acc {100 * row.value:.1f}±{100 * half:.1f}%"
    return f"{row.metric} {row.value:.3g}±{half:.1g}"


def _number(value: float | None) -> str:
    from chipsmith.reports.headline import significant

    return "-" if value is None else significant(value)


def _bits(row: RunRow) -> str:
    return "-" if row.bit_exact is None else "yes" if row.bit_exact else "NO"


_COLUMNS: dict[str, Callable[[RunRow], str]] = {
    "run": lambda row: row.folder,
    "when": lambda row: _when(row.when),
    "recipe": lambda row: row.recipe or "-",
    "seed": lambda row: "-" if row.seed is None else str(row.seed),
    "chip": lambda row: row.chip or row.note,
    "metric": _metric,
    "params": lambda row: "-" if row.parameters is None else f"{row.parameters:,}",
    "cycles": lambda row: "-" if row.latency_cycles is None else f"{row.latency_cycles:,}",
    "µs": lambda row: _number(row.latency_us),
    "µJ": lambda row: _number(row.energy_uj),
    "mm²": lambda row: _number(row.area_mm2),
    "bits": _bits,
}
_ONLY_WIDE = ("recipe", "seed", "params")
_NUMBERS = ("seed", "params", "cycles", "µs", "µJ", "mm²")


# --- compare ----------------------------------------------------------------------------------------------------------

_SIDE_BY_SIDE = 4
"""Runs in a table of 80 columns, the baseline among them; of more there are several tables."""
_FINDINGS = "findings"
"""What was found in the data is told below the tables."""
_LONGEST = 40
"""Letters of a value; the page has it whole."""
_LAYERS_SHOWN = 12
"""Layers on a terminal, those with the most cycles; the page has all."""


def present_comparison(result: RunComparison) -> Presentation:
    """Sentences, then metrics and figures, layers, and what differs."""
    return Presentation(to_json=result.to_json, print_text=partial(_print_comparison, result))


def _print_comparison(result: RunComparison) -> None:
    from chipsmith.reports.comparison.words import comparison_sentences, reasons

    others = list(range(1, len(result.runs)))
    for start in range(0, len(others), _SIDE_BY_SIDE - 1):
        chosen = [0, *others[start : start + _SIDE_BY_SIDE - 1]]
        print_tables(_comparison_table(result, chosen))
        if result.layers:
            print_tables(_layer_table(result, chosen))
        if result.differences:
            print_tables(_field_table(result, chosen))
    if result.same:
        print(f"the same in all: {', '.join(result.same)}")
    for metric in result.metrics[:1]:
        for line in reasons(metric, result.names):
            print(f"{metric.name}, {line}")
    for line in (*result.remarks, *comparison_sentences(result)):
        print(line)


def _comparison_table(result: RunComparison, chosen: Sequence[int]) -> Table:
    from chipsmith.reports.comparison.words import difference_text, figure_text, ratio_text
    from chipsmith.reports.headline import metric_text

    table = _narrow_table(f"beside {result.names[0]}, the baseline", "", *(result.names[index] for index in chosen))
    for metric in result.metrics:
        cells = []
        for index in chosen:
            value = metric.values[index]
            text = "-" if value is None else metric_text(metric.name, value.value)
            if index:
                difference = metric.differences[index - 1]
                text += (
                    f"\n{difference_text(metric.name, difference).replace(' (', chr(10) + '(')}\n{difference.verdict}"
                )
            cells.append(text)
        _add_row(table, metric.name, *cells)
    for figure in result.figures:
        unit = "" if figure.unit == "1" or figure.label.endswith(figure.unit) else f", {figure.unit}"
        values = [figure_text(figure, index) for index in chosen]
        ratios = ["" if index == 0 else f" {ratio_text(figure, index)}" for index in chosen]
        _add_row(table, f"{figure.label}{unit}", *(a + b for a, b in zip(values, ratios, strict=True)))
    table.caption = "xN: over the baseline; latency and bytes simulated; energy, power, area and cost estimated"
    return table


def _layer_table(result: RunComparison, chosen: Sequence[int]) -> Table:
    heaviest = sorted(result.layers, key=lambda layer: -max(0 if row is None else row.cycles for row in layer.figures))
    shown = [layer for layer in result.layers if layer in heaviest[:_LAYERS_SHOWN]]
    from chipsmith.reports.fitted_names import FittedName

    table = _narrow_table("cycles and µJ of layers", "layer", *(result.names[index] for index in chosen))
    for layer in shown:
        cells = []
        for index in chosen:
            figures = layer.figures[index]
            cells.append("-" if figures is None else f"{figures.cycles:,}  {figures.energy_pj / 1e6:.3g}")
        table.add_row(FittedName(layer.name), *cells)
    if len(shown) < len(result.layers):
        table.caption = f"{len(shown)} of {len(result.layers)} layers; --html shows all"
    return table


def _field_table(result: RunComparison, chosen: Sequence[int]) -> Table:
    table = _narrow_table("what differs", "", *(result.names[index] for index in chosen))
    table.columns[0].no_wrap = True
    for column in table.columns[1:]:
        column.justify = "left"
    for row in result.differences:
        if row.field != _FINDINGS:
            _add_row(table, f"{row.group}: {row.field}", *(_cut(row.values[index] or "-") for index in chosen))
    return table


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _narrow_table(title: str, *columns: str) -> Table:
    table = new_table(title, *columns)
    table.collapse_padding = True
    for column in table.columns[1:]:
        column.justify = "right"
    return table
