"""The sections of the page that judge the network: confusion, calibration, folds, what it made."""

from __future__ import annotations

from chipsmith.reports.headline import metric_text, percent
from chipsmith.reports.markup import escape, how, number, paragraph, plot, section, table
from chipsmith.reports.record import CHIP, CalibrationRecord, Confusion, RunRecord


def judgement(record: RunRecord) -> tuple[str, ...]:
    """The sections that the record holds something for, in order; the others are empty."""
    return (_confusion(record.confusion), _calibration(record), _folds(record), _pictures(record), _texts(record))


def _confusion(one: Confusion | None) -> str:
    if one is None:
        return ""
    rows = [
        (
            name,
            number(sum(counts), f"{sum(counts):,}"),
            number(counts[at] / max(1, sum(counts)), percent(counts[at] / max(1, sum(counts)), 1)),
            _worst(one, at),
        )
        for at, (name, counts) in enumerate(zip(one.class_names, one.counts, strict=True))
    ]
    return section(
        "confusion",
        "What is confused",
        how("A row is a true class, a column the chip's answer; the diagonal is right."),
        plot("confusion", "Confusion matrix"),
        table(("class", "examples", "right", "mostly taken for"), rows, label="Accuracy by class"),
    )


def _worst(one: Confusion, at: int) -> str:
    wrong = [
        (count, name) for to, (count, name) in enumerate(zip(one.counts[at], one.class_names, strict=True)) if to != at
    ]
    count, name = max(wrong, default=(0, ""))
    return f"{name} ({count})" if count else ""


def _calibration(record: RunRecord) -> str:
    if not record.calibration:
        return ""
    errors = ", ".join(f"{one.target} {percent(one.error, 1)}" for one in record.calibration)
    return section(
        "calibration",
        "Calibration",
        paragraph(f"Expected calibration error: {errors}."),
        how(
            "Confidence is the largest probability that softmax makes of the outputs. A point is a bin of answers: "
            "where it lies below the dotted line the network is surer than it is right. The error is the mean distance "
            "from that line over all answers."
        ),
        plot("reliability", "Accuracy over confidence"),
        *(_reliability(one) for one in record.calibration if one.target == CHIP),
    )


def _reliability(one: CalibrationRecord) -> str:
    rows = [
        (
            number(bar.low, f"{100 * bar.low:.0f} to {100 * bar.high:.0f} %"),
            number(bar.count, f"{bar.count:,}"),
            number(bar.confidence, percent(bar.confidence, 1)),
            number(bar.accuracy, percent(bar.accuracy, 1)),
        )
        for bar in one.bins
    ]
    return table(("confidence", "answers", "mean confidence", "accuracy"), rows, label="Reliability of the chip")


def _folds(record: RunRecord) -> str:
    one = record.folds
    if one is None:
        return ""
    rows = [(f"fold {at}", number(value, metric_text(one.name, value))) for at, value in enumerate(one.values, start=1)]
    mean, deviation = metric_text(one.name, one.mean), metric_text(one.name, one.deviation)
    return section(
        "folds",
        "Cross-validation",
        paragraph(f"{one.name} over {len(one.values)} folds: {mean}, standard deviation {deviation}."),
        how("Each fold is kept out once; a fresh network is trained on the rest and judged on it, in float."),
        table(("kept out", one.name), rows, label="Folds"),
    )


def _pictures(record: RunRecord) -> str:
    if not record.pictures:
        return ""
    parts = [
        f"<h3>{escape(one.title)}</h3>{how(one.caption)}"
        f'<img class="made" alt="{escape(one.title)}" src="data:image/png;base64,{escape(one.png)}">'
        for one in record.pictures
    ]
    return section("pictures", "What the chip made", *parts)


def _texts(record: RunRecord) -> str:
    if not record.texts:
        return ""
    parts = [
        f'{how(one.obtained)}<pre class="wrap"><b>{escape(one.prompt)}</b>{escape(one.written)}</pre>'
        for one in record.texts
    ]
    return section("texts", "What the chip wrote", *parts)
