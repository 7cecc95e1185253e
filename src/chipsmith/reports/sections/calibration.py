"""How far the confidence of a classifier is from its accuracy."""

from __future__ import annotations

from collections.abc import Sequence

from chipsmith.reports.charts import BLUE, GREEN, GREY, ORANGE, Chart, chart
from chipsmith.reports.headline import percent
from chipsmith.reports.markup import how, number, paragraph, plot, table
from chipsmith.reports.record import CalibrationRecord, LearnedRecord
from chipsmith.reports.sections.section import Drawing, PageSection


def _draw(record: LearnedRecord) -> Drawing | None:
    if not record.calibration:
        return None
    errors = ", ".join(f"{row.target} {percent(row.error, 1)}" for row in record.calibration)
    html = (
        paragraph(f"Expected calibration error: {errors}.")
        + how(
            "Confidence is the largest probability that softmax makes of the outputs. A point is a bin of answers: "
            "where it lies below the dotted line the network is surer than it is right. The error is the mean distance "
            "from that line over all answers."
        )
        + plot("reliability", "Accuracy over confidence")
        + _bin_table(record.calibration[-1], record.ANSWERS)
    )
    return Drawing(html=html, charts={"reliability": _reliability(record.calibration)})


def _bin_table(calibration: CalibrationRecord, answers: str) -> str:
    rows = [
        (
            number(bar.low, f"{100 * bar.low:.0f} to {100 * bar.high:.0f} %"),
            number(bar.count, f"{bar.count:,}"),
            number(bar.confidence, percent(bar.confidence, 1)),
            number(bar.accuracy, percent(bar.accuracy, 1)),
        )
        for bar in calibration.bins
    ]
    return table(("confidence", "answers", "mean confidence", "accuracy"), rows, label=f"Reliability of {answers}")


def _reliability(calibration: Sequence[CalibrationRecord]) -> Chart:
    ideal = {
        "type": "scatter",
        "mode": "lines",
        "name": "as sure as right",
        "x": [0, 100],
        "y": [0, 100],
        "line": {"color": GREY, "dash": "dot", "width": 2},
        "hoverinfo": "skip",
    }
    lines = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": row.target,
            "x": [100 * bar.confidence for bar in row.bins],
            "y": [100 * bar.accuracy for bar in row.bins],
            "line": {"color": colour, "width": 2},
            "hovertext": [f"{bar.count:,} answers" for bar in row.bins],
        }
        for row, colour in zip(calibration, (BLUE, GREEN, ORANGE), strict=False)
    ]
    return chart([ideal, *lines], height=340, x_title="confidence in %", y_title="accuracy in %")


SECTION = PageSection(name="calibration", title="Calibration", draw=_draw)
