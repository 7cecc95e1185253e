"""What the circuit's answers are worth: exact, with shots, with a device's noise, and beside classical models."""

from __future__ import annotations

from chipsmith.reports.charts import BLUE, GREY, Chart, Trace, bar_axis, bar_height, chart, error_bars
from chipsmith.reports.headline import percent
from chipsmith.reports.markup import Cell, how, number, plot, table
from chipsmith.reports.quantum.headline import lead_text
from chipsmith.reports.quantum.record import ComparisonRecord, QuantumRunRecord
from chipsmith.reports.record import MetricRecord
from chipsmith.reports.sections.section import Drawing, PageSection

ACCURACY = "accuracy"
_COLUMNS = ("model", "accuracy", "95 % interval", "examples", "trained numbers", "circuit minus it", "how", "from")


def _draw(record: QuantumRunRecord) -> Drawing:
    compared = {row.target: row for row in record.comparisons}
    metrics = [metric for metric in record.metrics if metric.name == ACCURACY]
    html = (
        how(
            "All models saw the same features of the same examples. Exact: without any error, as no device computes. "
            "A difference whose interval holds 0 is no difference that these examples can show."
        )
        + plot(ACCURACY, "Accuracy of each model with its interval")
        + table(
            _COLUMNS,
            [_row(record, metric, compared.get(metric.target)) for metric in metrics],
            label="Accuracy of each model",
            narrow="stack",
        )
    )
    return Drawing(html=html, charts={ACCURACY: _chart(metrics, set(compared))})


def _row(record: QuantumRunRecord, metric: MetricRecord, compared: ComparisonRecord | None) -> list[str | Cell]:
    circuit = record.circuit
    parameters = circuit.parameters + circuit.head_parameters if compared is None else compared.parameters
    return [
        Cell(text=_words(metric) if compared is None else compared.what),
        number(metric.value, percent(metric.value, 1)),
        number(metric.low, f"{100 * metric.low:.1f} to {100 * metric.high:.1f}"),
        number(metric.count, f"{metric.count:,}"),
        Cell(text=f"{parameters:,}" if parameters else "", label="trained numbers"),
        Cell(text="" if compared is None else lead_text(compared), label="circuit minus it"),
        Cell(text="", badge=metric.kind),
        metric.obtained,
    ]


def _words(metric: MetricRecord) -> str:
    return metric.target.replace("_", " ")


def _chart(metrics: list[MetricRecord], compared: set[str]) -> Chart:
    labels = [_words(metric) for metric in metrics]
    return chart(
        [_points(metric, GREY if metric.target in compared else BLUE) for metric in metrics],
        height=bar_height(len(metrics)),
        x_title="accuracy in %, with its 95 % interval",
        y_title="",
        y_axis=bar_axis(labels),
        layout={"showlegend": False},
    )


def _points(metric: MetricRecord, colour: str) -> Trace:
    value, low, high = (100 * share for share in (metric.value, metric.low, metric.high))
    return {
        "type": "scatter",
        "mode": "markers",
        "name": _words(metric),
        "x": [value],
        "y": [_words(metric)],
        "marker": {"size": 10, "color": colour},
        "error_x": error_bars([value], [low], [high], colour=colour),
    }


SECTION = PageSection(name="accuracy", title="Quantum beside classical", link="accuracy", draw=_draw)
