"""Charts of single results that no page has: a network over chips, where its time goes, its error by layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from chipsmith.profile.profile import Totals
from chipsmith.profile.time_breakdown import TimeShare
from chipsmith.reports.charts import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    Chart,
    Trace,
    bar_axis,
    bar_height,
    chart,
    distinct,
)
from chipsmith.reports.markup import escape
from chipsmith.witness.diff.compare import Diff

_HEIGHT = 320


def draw_chips(chips: Mapping[str, Totals]) -> Chart:
    """A network over chips: latency, energy, area and price, a panel each, a bar a chip."""
    panels = {
        "µs (simulated)": (BLUE, [totals.latency.cold_us for totals in chips.values()]),
        "µJ (estimated)": (ORANGE, [totals.energy_uj for totals in chips.values()]),
        "mm² (estimated)": (GREEN, [totals.area.total for totals in chips.values()]),
        "USD (estimated)": (PURPLE, [totals.cost.chip_usd.value for totals in chips.values()]),
    }
    names = [escape(name) for name in distinct(list(chips))]
    layout = {"grid": {"rows": 1, "columns": len(panels), "pattern": "independent"}, "showlegend": False}
    traces: list[Trace] = []
    titles: list[dict[str, object]] = []
    for number, (title, (colour, values)) in enumerate(panels.items(), start=1):
        end = "" if number == 1 else str(number)
        traces.append(
            {
                "type": "bar",
                "name": title,
                "x": names,
                "y": values,
                "xaxis": f"x{end}",
                "yaxis": f"y{end}",
                "marker": {"color": colour},
            }
        )
        layout[f"yaxis{end}"] = {"rangemode": "tozero"}
        layout[f"xaxis{end}"] = {"type": "category"}
        titles.append(_title(title, end))
    drawn = chart(traces, height=_HEIGHT, x_title="", y_title="")
    return {**drawn, "layout": {**drawn["layout"], **layout, "annotations": titles}}


def _title(text: str, end: str) -> dict[str, object]:
    """A title above the panel whose axes have this end of their names: beside its axis there is no room for it."""
    place = {"xref": f"x{end} domain", "yref": f"y{end} domain", "x": 0, "y": 1.12}
    return {"text": text, "showarrow": False, "xanchor": "left", **place}


def draw_time_shares(shares: Iterable[TimeShare]) -> Chart:
    """Where the cycles of a cold inference go, by kind of kernel: computing, loading, other waits."""
    rows = tuple(shares)
    names = [escape(row.kind) for row in rows]
    parts = {
        "computes": (BLUE, [row.computing_cycles for row in rows]),
        "loading": (ORANGE, [row.external_cycles for row in rows]),
        "other": (GREY, [row.other_cycles for row in rows]),
    }
    bars: list[Trace] = [
        {"type": "bar", "orientation": "h", "name": name, "y": names, "x": cycles, "marker": {"color": colour}}
        for name, (colour, cycles) in parts.items()
    ]
    return chart(
        bars,
        height=bar_height(len(rows)),
        x_title="cycles (simulated)",
        y_title="",
        y_axis=bar_axis(names),
        layout={"barmode": "stack"},
    )


def draw_layer_errors(diff: Diff) -> Chart:
    """The signal to noise of each layer in int8 against the author's network; an exact one has no bar."""
    names = [escape(name) for name in distinct([layer.name for layer in diff.layers])]
    bars: list[Trace] = [
        {
            "type": "bar",
            "orientation": "h",
            "name": "int8 against float",
            "y": names,
            "x": [layer.int8.snr_db for layer in diff.layers],
            "text": [escape(layer.operator) for layer in diff.layers],
            "marker": {"color": BLUE},
        }
    ]
    return chart(
        bars,
        height=bar_height(len(names)),
        x_title="signal to noise in dB (measured)",
        y_title="",
        y_axis=bar_axis(names),
        layout={"showlegend": False},
    )
