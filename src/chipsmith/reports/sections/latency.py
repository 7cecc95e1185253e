"""The latency layer by layer, all kernels, and what the sequencer waited for."""

from __future__ import annotations

from collections.abc import Sequence

from chipsmith.profile.kernels import REST
from chipsmith.profile.profile import Latency, Profile
from chipsmith.reports.author_names import (
    AUTHOR_COLUMN,
    CHART_LETTERS,
    SHOWN,
    kernel_cell,
    name_operation,
    shorten,
    source_cell,
)
from chipsmith.reports.charts import ENGINE_COLOURS, Chart, bar_axis, bar_height, chart
from chipsmith.reports.layers import LayerRow, hover_operators, profile_layers
from chipsmith.reports.markup import Cell, details, escape, how, number, plot, share_cell, table
from chipsmith.reports.record import RunRecord
from chipsmith.reports.sections.section import Drawing, PageSection

_KERNEL_COLUMNS = (
    "kernel",
    AUTHOR_COLUMN,
    "operation",
    "engine",
    "start",
    "end",
    "engine held",
    "waited",
    "mostly for",
    "MACs",
    "external bytes",
    "energy in nJ",
)


def _draw(record: RunRecord) -> Drawing:
    profile = record.inference
    rows = [row for row in profile_layers(profile) if row.label != REST]
    html = (
        how(
            "A bar is the number of cycles by which a kernel moves the end of all that came before it. Bars sum to the "
            "latency; a kernel that runs beside another one adds little. “features.3 (k4)” is kernel 4 of the program, "
            "whose main operator is the layer features.3; what is fused into it has its names beside it. Small "
            "neighbours share a bar."
        )
        + plot("latency", "Cycles that each kernel adds to the latency")
        + details("Table", _layer_table(rows, profile.latency))
        + details("All kernels", _kernel_table(profile))
        + details("What the sequencer waited for", _stall_table(profile.latency))
    )
    return Drawing(html=html, charts={"latency": _bars(rows, profile.latency)})


def _layer_table(rows: Sequence[LayerRow], latency: Latency) -> str:
    lines = [
        (
            row.label,
            source_cell(row.sources),
            number(row.added_cycles, f"{row.added_cycles:,}"),
            share_cell(row.added_cycles, latency.cold_cycles),
        )
        for row in rows
    ]
    total = ("latency", "", number(latency.cold_cycles, f"{latency.cold_cycles:,}"), number(1, "100.0 %"))
    columns = ("kernel", AUTHOR_COLUMN, "cycles added", "share")
    return table(columns, lines, total=total, optional=(AUTHOR_COLUMN,), label="Latency by kernel")


def _kernel_table(profile: Profile) -> str:
    rows = [
        (
            kernel_cell(row),
            source_cell(row.sources),
            Cell(text=name_operation(row), title=", ".join(row.operators)),
            row.kind,
            number(row.first_start_cycle, f"{row.first_start_cycle:,}"),
            number(row.last_end_cycle, f"{row.last_end_cycle:,}"),
            number(row.busy_cycles, f"{row.busy_cycles:,}"),
            number(row.wait_cycles, f"{row.wait_cycles:,}"),
            row.wait_reason,
            number(row.macs, f"{row.macs:,}"),
            number(row.external_bytes, f"{row.external_bytes:,}"),
            number(row.total_pj / 1e3, f"{row.total_pj / 1e3:,.2f}"),
        )
        for row in profile.kernels
        if row.name != REST
    ]
    return table(_KERNEL_COLUMNS, rows, optional=(AUTHOR_COLUMN,), label="All kernels")


def _stall_table(latency: Latency) -> str:
    rows = [(name, number(cycles, f"{cycles:,}")) for name, cycles in latency.stall_cycles.items()]
    waited = sum(latency.stall_cycles.values())
    text = "Cycles between the earliest start that the issue distance allows and the start, over all instructions."
    total = ("all", number(waited, f"{waited:,}"))
    return how(text) + table(("waited for", "cycles"), rows, total=total, label="Waits")


def _bars(rows: Sequence[LayerRow], latency: Latency) -> Chart:
    bars = [
        {
            "type": "bar",
            "orientation": "h",
            "name": f"{engine} engine" if engine else "loading and storing",
            "y": [shorten(row.label, CHART_LETTERS) for row in rows if row.engine == engine],
            "x": [row.added_cycles for row in rows if row.engine == engine],
            "marker": {"color": ENGINE_COLOURS[engine]},
            "hovertext": [_hover(row, latency) for row in rows if row.engine == engine],
            "hoverinfo": "text",
        }
        for engine in ("tensor", "vector", "")
        if any(row.engine == engine for row in rows)
    ]
    return chart(
        bars,
        height=bar_height(len(rows)),
        x_title="cycles",
        y_title="",
        y_axis=bar_axis([shorten(row.label, CHART_LETTERS) for row in rows]),
        layout={"barmode": "stack"},
    )


def _hover(row: LayerRow, latency: Latency) -> str:
    text = f"<b>{escape(row.label)}</b><br>adds {row.added_cycles:,} of {latency.cold_cycles:,} cycles"
    if not row.kernels:
        return text
    busy = sum(kernel.busy_cycles for kernel in row.kernels)
    operators = "".join(f"<br>{hover_operators(kernel)}" for kernel in row.kernels[:SHOWN])
    return f"{text}<br>engine held {busy:,} cycles{operators}"


SECTION = PageSection(name="latency", title="Latency, layer by layer", link="latency", draw=_draw)
