"""Charts of what a program answered to raw data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from chipsmith.deployment.prediction import Predicted, Prediction
from chipsmith.reports.charts import BLUE, GREY, ORANGE, Chart, Trace, bar_axis, bar_height, chart, distinct
from chipsmith.reports.markup import escape

MOST_EXAMPLES = 40
"""Examples that have bars of their own; the chart of the classes counts all."""


def draw_answers(result: Predicted) -> dict[str, Chart]:
    """The answers by example, and how often each class was answered; none of a language model, whose answer is text."""
    shown = result.predictions[:MOST_EXAMPLES]
    names = [escape(name) for name in distinct([prediction.input for prediction in shown])]
    charts: dict[str, Chart] = {}
    if all("probabilities" in prediction.answer for prediction in shown):
        charts["answers"] = _draw_probabilities(shown, names)
    elif all("values" in prediction.answer for prediction in shown):
        charts["answers"] = _draw_values(shown, names)
    elif all("error" in prediction.answer for prediction in shown):
        charts["answers"] = _draw_errors(shown, names)
    if all("class" in prediction.answer for prediction in result.predictions):
        charts["classes"] = _draw_classes(result)
    return charts


def _draw_probabilities(shown: Sequence[Prediction], names: list[str]) -> Chart:
    """One example: a bar a class. Several: the probability of what was answered to each."""
    if len(shown) == 1:
        best = dict(shown[0].answer["probabilities"])
        classes = [escape(str(name)) for name in best]
        colours = [BLUE, *[GREY] * (len(classes) - 1)]
        return _bars(classes, [100 * share for share in best.values()], "probability, %", colours=colours, texts=[])
    shares = [100 * float(prediction.answer["probability"]) for prediction in shown]
    colours = [ORANGE if prediction.right is False else BLUE for prediction in shown]
    answers = [escape(str(prediction.answer["class"])) for prediction in shown]
    return _bars(names, shares, "probability of the answer, %", colours=colours, texts=answers)


def _draw_values(shown: Sequence[Prediction], names: list[str]) -> Chart:
    outputs = list(dict.fromkeys(name for prediction in shown for name in prediction.answer["values"]))
    bars: list[Trace] = [
        {
            "type": "bar",
            "orientation": "h",
            "name": escape(str(output)),
            "y": names,
            "x": [prediction.answer["values"].get(output) for prediction in shown],
        }
        for output in outputs
    ]
    title = outputs[0] if len(outputs) == 1 else "answer"
    return chart(bars, height=bar_height(len(names)), x_title=escape(str(title)), y_title="", y_axis=bar_axis(names))


def _draw_errors(shown: Sequence[Prediction], names: list[str]) -> Chart:
    """The error of each example; those above the threshold in another colour."""
    errors = [float(prediction.answer["error"]) for prediction in shown]
    colours = [ORANGE if prediction.answer.get("class") == "anomaly" else BLUE for prediction in shown]
    return _bars(names, errors, "mean squared error", colours=colours, texts=[])


def _draw_classes(result: Predicted) -> Chart:
    counts = Counter(escape(str(prediction.answer["class"])) for prediction in result.predictions)
    classes, numbers = [name for name, _ in counts.most_common()], [count for _, count in counts.most_common()]
    return _bars(classes, numbers, "answers", colours=[BLUE] * len(classes), texts=[])


def _bars(names: list[str], values: Sequence[float], title: str, *, colours: list[str], texts: list[str]) -> Chart:
    bars: Trace = {
        "type": "bar",
        "orientation": "h",
        "y": names,
        "x": list(values),
        "marker": {"color": colours},
        "text": texts,
    }
    layout = {"showlegend": False}
    return chart(
        [bars], height=bar_height(len(names)), x_title=title, y_title="", y_axis=bar_axis(names), layout=layout
    )
