"""What generations shows: a table for each network, in groups, and what was left out."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from chipsmith.console.presentation import Presentation, new_table, print_tables

if TYPE_CHECKING:
    from rich.table import Table

    from chipsmith.flow.generations import GenerationsResult
    from chipsmith.systems.row import SystemRow
    from chipsmith.systems.texts import PageTexts

_SHOWN = 3
"""Systems of a generation in a network's table, of each way to obtain figures: the fastest; the page has all rows."""


def present_generations(result: GenerationsResult) -> Presentation:
    """The fastest rows of each generation by network, then where the page is and what is not on it."""
    return Presentation(to_json=result.to_json, print_text=partial(_print, result))


def _print(result: GenerationsResult) -> None:
    from chipsmith.systems.texts import texts_in

    comparison, texts = result.comparison, texts_in(result.language)
    for network in comparison.networks:
        rows = [row for row in comparison.rows if row.network == network and not row.is_judged]
        if rows:
            print_tables(_table(network, rows, texts))
    if comparison.judged:
        print_tables(_judged_table(comparison.judged, texts))
    print(f"page: {result.page}")
    if result.record is not None:
        print(f"record: {result.record}")
    _print_left_out(result, texts)


def _table(network: str, rows: Iterable[SystemRow], texts: PageTexts) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    columns = texts.columns
    table = Table(title=texts.name_network(network), box=SIMPLE_HEAD, title_justify="left", pad_edge=False)
    table.add_column(columns.system, overflow="fold", ratio=1)
    for title in (columns.latency, columns.energy):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column(columns.how, no_wrap=True)
    for title, lines in _groups(list(rows), texts):
        table.add_row(Text(title, style="bold"))
        for line in lines:
            table.add_row(*(Text(cell) for cell in line))
        table.add_section()
    return table


def _judged_table(rows: Iterable[SystemRow], texts: PageTexts) -> Table:
    """What is compared by its answers alone: quantum circuits, and the machines beside them."""
    from chipsmith.reports.generations.figures import accuracy_text

    columns = texts.columns
    table = new_table(texts.headings.quantum, columns.network, columns.system, columns.accuracy, columns.how)
    for row in rows:
        table.add_row(texts.name_task(row), texts.name_model(row), accuracy_text(row), texts.evidence[row.how])
    return table


def _groups(rows: list[SystemRow], texts: PageTexts) -> Iterable[tuple[str, list[tuple[str, ...]]]]:
    from chipsmith.systems.row import Generation

    for generation in Generation:
        ordered = sorted((row for row in rows if row.generation is generation), key=_order)
        own = _first_of_each(ordered)
        if own:
            shown = _pick(own)
            left = len(own) - len(shown)
            title = texts.generations[generation] + (f" ({len(shown)} / {len(own)})" if left else "")
            yield title, [_line(row, texts) for row in shown]


def _pick(rows: list[SystemRow]) -> list[SystemRow]:
    """The first few rows of each evidence, in their order."""
    return [row for index, row in enumerate(rows) if sum(other.how is row.how for other in rows[:index]) < _SHOWN]


def _first_of_each(rows: Iterable[SystemRow]) -> list[SystemRow]:
    """Of each system the row that comes first."""
    first: dict[str, SystemRow] = {}
    for row in rows:
        first.setdefault(row.full_name, row)
    return list(first.values())


def _order(row: SystemRow) -> tuple[bool, float]:
    return row.latency_us is None, row.latency_us or 0.0


def _line(row: SystemRow, texts: PageTexts) -> tuple[str, ...]:
    from chipsmith.reports.headline import significant

    energy = "" if row.energy_uj is None else significant(row.energy_uj)
    label = texts.evidence[row.how]
    if row.energy_uj is not None and row.energy_evidence is not row.how:
        label = f"{label}, {texts.evidence[row.energy_evidence]}"
    edition = f" ({row.edition})" if row.edition else ""
    return (f"  {texts.name_system(row)}{edition}", _time(row), energy, label)


def _time(row: SystemRow) -> str:
    """The latency; what has none shows its instructions, with their unit."""
    from chipsmith.reports.headline import significant

    if row.latency_us is not None:
        return significant(row.latency_us)
    return "" if row.instructions is None else f"{row.instructions:,} instr."


def _print_left_out(result: GenerationsResult, texts: PageTexts) -> None:
    comparison = result.comparison
    count = sum(comparison.other_tasks.values())
    if count:
        print(texts.notes.other_tasks.format(count=count))
    if comparison.left_out:
        print(f"{texts.notes.left_out}:")
    for reason, names in comparison.reasons.items():
        print(f"  {'; '.join(names)}: {reason}")
