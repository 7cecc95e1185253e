"""What a classifier confuses: its answers by true class."""

from __future__ import annotations

from chipsmith.reports.charts import Chart, chart, distinct
from chipsmith.reports.headline import percent
from chipsmith.reports.markup import Cell, how, number, plot, table
from chipsmith.reports.record import Confusion, LearnedRecord
from chipsmith.reports.sections.section import Drawing, PageSection

CLASSES_WRITTEN = 20
"""With more classes the cells of a confusion matrix have no numbers written in them."""


def _draw(record: LearnedRecord) -> Drawing | None:
    confusion = record.confusion
    if confusion is None:
        return None
    rows = [_row(confusion, index) for index in range(len(confusion.class_names))]
    html = (
        how(f"A row is a true class, a column what {record.ANSWERS} answered; the diagonal is right.")
        + plot("confusion", "Confusion matrix")
        + table(("class", "examples", "right", "mostly taken for"), rows, label="Accuracy by class")
    )
    return Drawing(html=html, charts={"confusion": _matrix(confusion, record.ANSWERS)})


def _row(confusion: Confusion, index: int) -> list[str | Cell]:
    counts = confusion.counts[index]
    examples = sum(counts)
    right = counts[index] / max(1, examples)
    return [
        confusion.class_names[index],
        number(examples, f"{examples:,}"),
        number(right, percent(right, 1)),
        _most_taken_for(confusion, index),
    ]


def _most_taken_for(confusion: Confusion, index: int) -> str:
    wrong = [
        (count, name)
        for answer, (count, name) in enumerate(zip(confusion.counts[index], confusion.class_names, strict=True))
        if answer != index
    ]
    count, name = max(wrong, default=(0, ""))
    return f"{name} ({count})" if count else ""


def _matrix(confusion: Confusion, answers: str) -> Chart:
    names = distinct(confusion.class_names)
    shares = [[count / max(1, sum(row)) for count in row] for row in confusion.counts]
    cells = {
        "type": "heatmap",
        "x": names,
        "y": names,
        "z": shares,
        "text": [[str(count) if count else "" for count in row] for row in confusion.counts],
        "texttemplate": "%{text}" if len(names) <= CLASSES_WRITTEN else "",
        "colorscale": [[0, "--surface"], [1, "--heat"]],
        "zmin": 0,
        "zmax": 1,
        "showscale": False,
        "hovertemplate": "%{y} answered as %{x}: %{text}<extra></extra>",
    }
    return chart(
        [cells],
        height=160 + max(160, 28 * len(names)) if len(names) <= CLASSES_WRITTEN else 640,
        x_title=f"what {answers} answered",
        y_title="true class",
        x_axis={"type": "category"},
        y_axis={"type": "category", "autorange": "reversed", "automargin": True},
    )


SECTION = PageSection(name="confusion", title="What is confused", link="confusion", draw=_draw)
