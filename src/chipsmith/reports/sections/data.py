"""The data as they were looked at before the training: counts, findings, ranges."""

from __future__ import annotations

from chipsmith.data_report import ColumnRange, DataFinding, DataReport, Severity
from chipsmith.profile.profile import Evidence
from chipsmith.reports.markup import Cell, badge, details, escape, how, mark_code, number, paragraph, table
from chipsmith.reports.record import LearnedRecord
from chipsmith.reports.sections.section import Drawing, PageSection

_EXAMPLES = 3
"""Examples of a finding that are shown; result.json names more."""


def _draw(record: LearnedRecord) -> Drawing | None:
    report = record.data
    if report is None:
        return None
    html = (
        f"<p>{badge(Evidence.MEASURED.value)}{escape(f'{report.source}; {report.obtained}.')}</p>"
        + paragraph(_summary(report))
        + _findings(report)
        + _parts(report)
        + _values(report)
        + mark_code(
            how(
                "Two examples are the same where the network gets the same input. `chipsmith check-data` looks again, "
                "and names more of them."
            )
        )
    )
    return Drawing(html=html)


def _summary(report: DataReport) -> str:
    if not report.findings:
        return "Nothing to say against these data."
    counts = {severity: len(report.of(severity)) for severity in Severity}
    return (
        ", ".join(f"{count} {severity.value}{'s' * (count > 1)}" for severity, count in counts.items() if count) + "."
    )


def _findings(report: DataReport) -> str:
    if not report.findings:
        return ""
    rows = [(finding.severity.value, finding.message, _examples(finding)) for finding in report.findings]
    heads = ("weight", "what was seen", "such as")
    return table(heads, rows, optional=("such as",), label="Findings about the data", narrow="stack")


def _examples(finding: DataFinding) -> str:
    more = "; ..." if len(finding.examples) > _EXAMPLES else ""
    return "; ".join(finding.examples[:_EXAMPLES]) + more


def _parts(report: DataReport) -> str:
    lines: list[tuple[str, list[int]]] = [
        ("all", [part.examples for part in report.parts]),
        ("repeat others of the part", [part.repeated for part in report.parts]),
        ("inputs that an earlier part has", [part.seen_before for part in report.parts]),
        *((name, [part.by_class[index] for part in report.parts]) for index, name in enumerate(report.class_names)),
    ]
    rows: list[list[str | Cell]] = [
        [name, *(number(count, f"{count:,}") for count in counts)] for name, counts in lines
    ]
    return table(("examples", *(part.name for part in report.parts)), rows, label="Examples by part and class")


def _values(report: DataReport) -> str:
    ranges = table(
        ("values", "lowest", "mean", "highest", "distinct"),
        [_range(row) for row in report.ranges],
        optional=("distinct",),
        label="Ranges of the values",
    )
    traits = table(
        ("files", "what they are"),
        [(trait.name, trait.text) for trait in report.traits],
        label="What the files say of themselves",
    )
    shown = ranges * bool(report.ranges) + traits * bool(report.traits)
    return details("Ranges of the values, and what the files say of themselves", shown) if shown else ""


def _range(row: ColumnRange) -> list[str | Cell]:
    figures = (number(value, f"{value:.6g}") for value in (row.lowest, row.mean, row.highest))
    distinct = "" if row.distinct is None else number(row.distinct, f"{row.distinct:,}")
    return [row.name, *figures, distinct]


SECTION = PageSection(name="data", title="Data", link="data", draw=_draw)
