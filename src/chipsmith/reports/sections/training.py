"""The curves of a training, and the verdict drawn from them."""

from __future__ import annotations

from chipsmith.reports.charts import BLUE, ORANGE, Chart, chart
from chipsmith.reports.markup import how, paragraph, plot
from chipsmith.reports.record import LearnedRecord, TrainingRecord
from chipsmith.reports.sections.section import Drawing, PageSection

_READING = (
    "Curves that part, training falling and validation rising, mean overfitting; two that stay high together mean "
    "underfitting."
)
_PRIVATE = "Of the training examples nothing is told: the training is private."


def _draw(record: LearnedRecord) -> Drawing | None:
    training = record.training
    if training is None:
        return None
    reading = _READING if training.privacy is None else _PRIVATE
    html = (
        paragraph(f"Verdict: {training.verdict}; {training.reason}.")
        + how(
            f"{len(training.epochs)} epochs on {training.train_examples:,} examples; after each, "
            f"{training.validation_examples:,} others are looked at. {reading}"
        )
        + f'<div class="pair">{plot("loss", "Loss by epoch")}{plot("score", f"{training.score} by epoch")}</div>'
    )
    return Drawing(html=html, charts=draw_curves(training))


def draw_curves(training: TrainingRecord) -> dict[str, Chart]:
    """Loss and score by epoch."""
    return {"loss": _loss_chart(training), "score": _score_chart(training)}


def _loss_chart(training: TrainingRecord) -> Chart:
    return _curves(
        training,
        [epoch.train_loss for epoch in training.epochs if epoch.train_loss is not None],
        [epoch.validation_loss for epoch in training.epochs],
        title="loss",
    )


def _score_chart(training: TrainingRecord) -> Chart:
    return _curves(
        training,
        [100 * epoch.train_score for epoch in training.epochs if epoch.train_score is not None],
        [100 * epoch.validation_score for epoch in training.epochs],
        title=f"{training.score} in %",
    )


def _curves(training: TrainingRecord, train: list[float], validation: list[float], *, title: str) -> Chart:
    lines = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": label,
            "x": [epoch.number for epoch in training.epochs],
            "y": values,
            "line": {"color": colour, "dash": dash, "width": 2},
            "marker": {"size": 5},
        }
        for label, values, colour, dash in (
            ("training", train, BLUE, "solid"),
            ("validation", validation, ORANGE, "dot"),
        )
        if values
    ]
    return chart(lines, height=300, x_title="epoch", y_title=title)


SECTION = PageSection(name="training", title="Training", link="training", draw=_draw)
