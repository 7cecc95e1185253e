"""The energy layer by layer and by component."""

from __future__ import annotations

from collections.abc import Sequence

from chipsmith.profile.kernels import REST
from chipsmith.profile.profile import PriceTable
from chipsmith.reports.author_names import CHART_LETTERS, shorten
from chipsmith.reports.charts import BLUE, GREEN, GREY, ORANGE, PINK, PURPLE, Chart, bar_axis, bar_height, chart
from chipsmith.reports.layers import LayerRow, profile_layers
from chipsmith.reports.markup import details, how, number, paragraph, plot, share_cell, table
from chipsmith.reports.price_tables import component_table, line_table
from chipsmith.reports.record import RunRecord
from chipsmith.reports.sections.section import Drawing, PageSection

_COMPONENTS_SHOWN = 5


def _draw(record: RunRecord) -> Drawing:
    energy = record.inference.energy
    rows = [row for row in profile_layers(record.inference) if row.energy_pj]
    html = (
        how(
            "Estimated: every action of every instruction is counted and priced. The bytes that are loaded for a "
            f"kernel are priced with it; “{REST}” holds the fetch of instructions, countdowns and leakage."
        )
        + plot("energy", "Energy of each kernel by component")
        + details("Table", _layer_table(rows, energy))
        + "<h3>By component</h3>"
        + component_table(energy, scale=1e-3, unit="nJ", digits=2)
        + details("By action, with sources", line_table(energy, scale=1e-3, unit="nJ", each="pJ each"))
        + paragraph(f"Left out: {'; '.join(energy.excluded)}.", kind="how")
    )
    return Drawing(html=html, charts={"energy": _bars(rows, energy)})


def _layer_table(rows: Sequence[LayerRow], energy: PriceTable) -> str:
    lines = [
        (row.label, number(row.total_pj, f"{row.total_pj / 1e3:,.2f}"), share_cell(row.total_pj, energy.total))
        for row in rows
    ]
    total = ("energy of an inference", number(energy.total, f"{energy.total / 1e3:,.2f}"), number(1, "100.0 %"))
    return table(("kernel", "nJ", "share"), lines, total=total, label="Energy by kernel")


def _bars(rows: Sequence[LayerRow], energy: PriceTable) -> Chart:
    totals = energy.by_component()
    shown = sorted(totals, key=lambda name: -totals[name])[:_COMPONENTS_SHOWN]
    others = [name for name in totals if name not in shown]
    series = [(name, [name]) for name in shown] + ([("others", others)] if others else [])
    labels = [shorten(row.label, CHART_LETTERS) for row in rows]
    bars = [
        {
            "type": "bar",
            "orientation": "h",
            "name": name,
            "y": labels,
            "x": [sum(row.energy_pj.get(part, 0.0) for part in parts) / 1e3 for row in rows],
            "marker": {"color": colour},
            "hovertemplate": "%{y}<br>%{fullData.name}: %{x:.4~g} nJ<extra></extra>",
        }
        for (name, parts), colour in zip(series, (BLUE, ORANGE, GREEN, PURPLE, PINK, GREY), strict=False)
    ]
    return chart(
        bars,
        height=bar_height(len(rows)) + 20,
        x_title="nJ",
        y_title="",
        y_axis=bar_axis(labels),
        layout={"barmode": "stack"},
    )


SECTION = PageSection(name="energy", title="Energy, layer by layer", link="energy", draw=_draw)
