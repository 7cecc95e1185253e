"""What check-data shows, and the lines about data of the verbs that train."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from chipsmith.console.presentation import Presentation, new_table, print_sentence, print_tables
from chipsmith.schema import SCHEMA_VERSION, Json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chipsmith.data_report import ColumnRange, DataReport, PartCount

_EXAMPLES = 3
"""Examples of a finding that are printed; --json has more."""
_COLUMNS = 40
"""Ranges that are printed; --json has all."""


def present_data(report: DataReport) -> Presentation:
    """Counts by part and class, ranges, and the findings; an error is a failure."""
    failure = f"{len(report.errors)} of the findings keep a training from beginning" if report.errors else ""
    return Presentation(to_json=partial(_to_json, report), print_text=partial(_print_data, report), failure=failure)


def print_warnings(report: DataReport | None) -> None:
    """A line for each warning of the look before a training."""
    for finding in () if report is None else report.warnings:
        print_sentence(f"data: {finding.message}")


def _to_json(report: DataReport) -> Json:
    return {"schema_version": SCHEMA_VERSION, **report.to_plain(), "obtained": report.obtained}


def _print_data(report: DataReport) -> None:
    print(f"{report.dataset}: {report.source}")
    print(report.obtained)
    if report.parts:
        _print_parts(report.class_names, report.parts)
    if report.ranges:
        _print_ranges(report.ranges)
    for trait in report.traits:
        print(f"{trait.name}: {trait.text}")
    for finding in report.findings:
        print(f"{finding.severity.value}: {finding.message}")
        for example in finding.examples[:_EXAMPLES]:
            print(f"    {example}")
        if len(finding.examples) > _EXAMPLES:
            print("    ... (--json names more)")
    if not report.findings:
        print("nothing to say against these data")


def _print_parts(class_names: Sequence[str], parts: Sequence[PartCount]) -> None:
    table = new_table("examples", "", *(part.name for part in parts))
    for column in table.columns[1:]:
        column.justify = "right"
    table.add_row("all", *(f"{part.examples:,}" for part in parts))
    table.add_row("repeat others of the part", *(f"{part.repeated:,}" for part in parts))
    table.add_row("inputs that an earlier part has", *(f"{part.seen_before:,}" for part in parts))
    for index, name in enumerate(class_names):
        table.add_row(name, *(f"{part.by_class[index]:,}" for part in parts))
    print_tables(table)


def _print_ranges(ranges: Sequence[ColumnRange]) -> None:
    table = new_table("values", "", "lowest", "mean", "highest", "distinct")
    for column in table.columns[1:]:
        column.justify = "right"
    for row in ranges[:_COLUMNS]:
        figures = (f"{value:.6g}" for value in (row.lowest, row.mean, row.highest))
        table.add_row(row.name, *figures, "" if row.distinct is None else f"{row.distinct:,}")
    if len(ranges) > _COLUMNS:
        table.caption = f"and {len(ranges) - _COLUMNS:,} more (--json has all)"
    print_tables(table)
