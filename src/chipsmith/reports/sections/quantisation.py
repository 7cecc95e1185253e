"""The error that int8 brings to each layer."""

from __future__ import annotations

from collections.abc import Sequence

from chipsmith.reports.charts import BLUE, Chart, bar_axis, bar_height, chart, distinct
from chipsmith.reports.markup import escape, how, paragraph, plot
from chipsmith.reports.record import RunRecord
from chipsmith.reports.sections.section import Drawing, PageSection
from chipsmith.witness.diff.sqnr import QuantisationError


def _draw(record: RunRecord) -> Drawing | None:
    layers = record.quantisation
    if not layers:
        return None
    without = ", ".join(layer.layer for layer in layers if layer.sqnr_db is None)
    drawn = [layer for layer in layers if layer.sqnr_db is not None]
    html = (
        how(
            f"{layers[0].obtained}. Ratio of signal to error power in decibels: 20 dB is an error of a "
            "tenth of the signal, 40 dB of a hundredth. A short bar is a layer that int8 hurts."
        )
        + (plot("quantisation", "Signal to quantisation noise of each layer") if drawn else "")
        + (paragraph(f"Without a bar, for no error or no signal: {without}.") if without else "")
    )
    return Drawing(html=html, charts={"quantisation": _bars(drawn)} if drawn else {})


def _bars(layers: Sequence[QuantisationError]) -> Chart:
    labels = distinct([layer.layer for layer in layers])
    bars = {
        "type": "bar",
        "orientation": "h",
        "y": labels,
        "x": [layer.sqnr_db for layer in layers],
        "marker": {"color": BLUE},
        "hovertext": [
            f"<b>{escape(layer.layer)}</b><br>{layer.sqnr_db:.1f} dB<br>{layer.obtained}" for layer in layers
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


SECTION = PageSection(name="quantisation", title="Quantisation error, layer by layer", draw=_draw)
