"""The error that int8 brings to each layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chipsmith.program.layer_names import shorten_layer
from chipsmith.reports.author_names import CHART_LETTERS, abridge, label_row, shorten
from chipsmith.reports.charts import BLUE, Chart, bar_axis, bar_height, chart, distinct
from chipsmith.reports.markup import Cell, details, escape, how, number, paragraph, plot, table
from chipsmith.reports.record import RunRecord
from chipsmith.reports.sections.section import Drawing, PageSection
from chipsmith.witness.diff.sqnr import QuantisationError


def _draw(record: RunRecord) -> Drawing | None:
    layers = record.quantisation
    if not layers:
        return None
    kernels = _kernels_of_layers(record)
    without = ", ".join(shorten_layer(layer.layer) for layer in layers if layer.sqnr_db is None)
    drawn = [layer for layer in layers if layer.sqnr_db is not None]
    html = (
        how(
            f"{layers[0].obtained}. Ratio of signal to error power in decibels: 20 dB is an error of a "
            "tenth of the signal, 40 dB of a hundredth. A short bar is a layer that int8 hurts."
        )
        + (plot("quantisation", "Signal to quantisation noise of each layer") if drawn else "")
        + details("Table", _table(layers, kernels))
        + (paragraph(f"Without a bar, for no error or no signal: {without}.") if without else "")
    )
    return Drawing(html=html, charts={"quantisation": _bars(drawn, kernels)} if drawn else {})


def _kernels_of_layers(record: RunRecord) -> dict[str, str]:
    """The labels of the kernels that each layer is in, by its full name."""
    labels: dict[str, list[str]] = {}
    for row in record.inference.kernels:
        for source in row.sources:
            labels.setdefault(source, []).append(label_row(row))
    return {source: abridge(kernels) for source, kernels in labels.items()}


def _table(layers: Sequence[QuantisationError], kernels: Mapping[str, str]) -> str:
    rows = [
        (
            Cell(text=shorten_layer(layer.layer), title=layer.layer),
            kernels.get(layer.layer, ""),
            "no ratio" if layer.sqnr_db is None else number(layer.sqnr_db, f"{layer.sqnr_db:.1f}"),
        )
        for layer in layers
    ]
    return table(("layer", "kernel", "dB"), rows, optional=("kernel",), label="Quantisation error by layer")


def _bars(layers: Sequence[QuantisationError], kernels: Mapping[str, str]) -> Chart:
    labels = distinct([shorten(shorten_layer(layer.layer), CHART_LETTERS) for layer in layers])
    bars = {
        "type": "bar",
        "orientation": "h",
        "y": labels,
        "x": [layer.sqnr_db for layer in layers],
        "marker": {"color": BLUE},
        "hovertext": [
            "<br>".join(
                filter(None, (f"<b>{escape(shorten_layer(layer.layer))}</b>", _where(layer, kernels), layer.obtained))
            )
            for layer in layers
        ],
        "hoverinfo": "text",
    }
    return chart(
        [bars],
        height=bar_height(len(layers)),
        x_title="signal to quantisation noise in dB",
        y_title="",
        y_axis=bar_axis(labels),
    )


def _where(layer: QuantisationError, kernels: Mapping[str, str]) -> str:
    """The ratio, and the kernel that computes the layer where it is known."""
    kernel = kernels.get(layer.layer, "")
    return f"{layer.sqnr_db:.1f} dB{f', in {escape(kernel)}' if kernel else ''}"


SECTION = PageSection(name="quantisation", title="Quantisation error, layer by layer", draw=_draw)
