"""The tables of an explanation and of predictions, for who shows tables better than a terminal shows sentences."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from chipsmith.console.presentation import new_table
from chipsmith.units import percent, significant

if TYPE_CHECKING:
    from rich.table import Table

    from chipsmith.deployment.prediction import Prediction
    from chipsmith.studies.advice.record import AdviceRecord, Remedy


def layer_table(advice: AdviceRecord) -> Table:
    """What each layer takes of a cold and a warm inference, and what bounds it."""
    from chipsmith.profile.kernels import REST

    table = new_table(
        f"{advice.network} on {advice.chip}", "layer", "on the path", "of it", "waits for", "warm", "µJ", "warm µJ"
    )
    whole = advice.figures.cold_cycles
    for layer in advice.layers:
        bound = "" if layer.path_bound is None else layer.path_bound.value
        _add_row(
            table,
            REST if layer.name == REST else layer.label,
            f"{layer.cycles:,}",
            percent(layer.cycles / whole, 0),
            bound,
            f"{layer.warm_cycles:,}",
            significant(layer.total_pj / 1e6),
            significant(layer.warm_pj / 1e6),
        )
    table.caption = "cycles of the critical path and what it waits for there, simulated; energy estimated"
    return _aligned(table, texts=("layer", "waits for"))


def remedy_table(advice: AdviceRecord, remedies: Iterable[Remedy]) -> Table:
    """Changes, with all figures after each and the command that repeats it."""
    from chipsmith.reports.advice_text import command, title

    before = advice.figures
    table = new_table("What would help", "change", "µs", "warm µs", "µJ", "mm²", "USD", "repeated by")
    for name, after, repeated in (
        ("as it is", before, ""),
        *((title(each), each.after, command(advice, each)) for each in remedies),
    ):
        figures = (after.cold_us, after.warm_us, after.cold_uj, after.area_mm2, after.chip_usd)
        _add_row(table, name, *map(significant, figures), repeated)
    table.caption = "time simulated; energy, area and price estimated"
    return _aligned(table, texts=("change", "repeated by"))


def prediction_table(predictions: Iterable[Prediction]) -> Table:
    """An answer a row, with the right one and what is to be said of the input, where these are known."""
    rows = list(predictions)
    labelled, warned = any(row.label is not None for row in rows), any(row.warnings for row in rows)
    extra = [*(["is", "right"] if labelled else []), *(["warning"] if warned else [])]
    table = new_table("", "input", "answer", *extra)
    for row in rows:
        right = {True: "yes", False: "no", None: ""}[row.right]
        label = [str(row.label) if row.label is not None else "", right] if labelled else []
        _add_row(table, row.input, row.line, *label, *(["; ".join(row.warnings)] if warned else []))
    table.title = None
    return table


def _add_row(table: Table, *cells: str) -> None:
    from rich.text import Text

    table.add_row(*(Text(cell) for cell in cells))


def _aligned(table: Table, *, texts: tuple[str, ...]) -> Table:
    for column in table.columns:
        column.justify = "left" if column.header in texts else "right"
    return table
