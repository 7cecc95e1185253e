"""The metric of networks that were trained on other parts of the data."""

from __future__ import annotations

from chipsmith.reports.headline import metric_text
from chipsmith.reports.markup import how, number, paragraph, table
from chipsmith.reports.record import LearnedRecord
from chipsmith.reports.sections.section import Drawing, PageSection


def _draw(record: LearnedRecord) -> Drawing | None:
    folds = record.folds
    if folds is None:
        return None
    rows = [
        (f"fold {count}", number(value, metric_text(folds.name, value)))
        for count, value in enumerate(folds.values, start=1)
    ]
    mean, deviation = metric_text(folds.name, folds.mean), metric_text(folds.name, folds.deviation)
    html = (
        paragraph(f"{folds.name} over {len(folds.values)} folds: {mean}, standard deviation {deviation}.")
        + how("Each fold is kept out once; a fresh network is trained on the rest and judged on it, in float.")
        + table(("kept out", folds.name), rows, label="Folds")
    )
    return Drawing(html=html)


SECTION = PageSection(name="folds", title="Cross-validation", draw=_draw)
