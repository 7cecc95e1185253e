"""Where each operator runs, and why."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from chipsmith.reports.author_names import AUTHOR_COLUMN, label_row, source_cell
from chipsmith.reports.markup import how, paragraph, table
from chipsmith.reports.record import RunRecord
from chipsmith.reports.sections.section import Drawing, PageSection


def _draw(record: RunRecord) -> Drawing:
    operators = record.inference.operators
    labels = {row.name: label_row(row) for row in record.inference.kernels}
    rows = [
        (
            operator.name,
            source_cell([operator.source]),
            operator.kind,
            operator.placed,
            operator.reason,
            labels.get(operator.kernel, operator.kernel),
        )
        for operator in operators
    ]
    counts = Counter(operator.placed for operator in operators)
    where = ", ".join(f"{count} {name}" for name, count in counts.most_common())
    html = (
        paragraph(f"{len(operators)} operators: {where}; {len(record.host_steps)} steps on the host.")
        + how(
            "Tensor and vector are engines of the chip. A view costs nothing: it is another way to read bytes that are "
            "there. What the host does stands outside of the chip's latency; its time is under “this run”."
        )
        + table(
            ("operator", AUTHOR_COLUMN, "kind", "placed", "reason", "kernel"),
            (*_host_rows(record, "before"), *rows, *_host_rows(record, "after")),
            optional=(AUTHOR_COLUMN,),
            label="Placement",
            narrow="stack",
        )
    )
    return Drawing(html=html)


def _host_rows(record: RunRecord, when: Literal["before", "after"]) -> list[tuple[str, ...]]:
    return [(step.name, "", "", "host", step.reason, "") for step in record.host_steps if step.when == when]


SECTION = PageSection(name="placement", title="Placement", link="placement", draw=_draw)
