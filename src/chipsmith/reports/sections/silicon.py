"""Area of the chip, and what one costs at a volume."""

from __future__ import annotations

from collections.abc import Mapping

from chipsmith.profile.profile import CostRecord, Figure, RangedFigure
from chipsmith.reports.charts import BLUE, GREEN, GREY, ORANGE, PURPLE, Chart, bar_axis, bar_height, chart, error_bars
from chipsmith.reports.headline import cost_text, percent, significant
from chipsmith.reports.markup import Cell, details, escape, how, number, paragraph, plot, share_cell, table
from chipsmith.reports.price_tables import component_table, line_table
from chipsmith.reports.record import RunRecord
from chipsmith.reports.sections.section import Drawing, PageSection

_PARTS = "cost-parts"
_COLOURS = {"die": BLUE, "package and assembly": ORANGE, "test": GREEN, "masks": PURPLE}
_VOLUMES = (10_000, 100_000, 1_000_000, 10_000_000, 100_000_000)
"""Volumes beside the run's own, at which a chip's cost is shown."""


def _draw(record: RunRecord) -> Drawing:
    area = record.inference.area
    html = (
        how(f"Estimated. {area.caveat[:1].upper()}{area.caveat[1:]}.")
        + "<h3>Area</h3>"
        + component_table(area, scale=1, unit="mm²", digits=4)
        + details("By part, with sources", line_table(area, scale=1, unit="mm²", each="mm² each"))
        + paragraph(f"Left out: {'; '.join(area.excluded)}.", kind="how")
        + "<h3>Cost</h3>"
        + _cost(record.inference.cost)
    )
    return Drawing(html=html, charts={_PARTS: _part_chart(record.inference.cost)})


def _cost(cost: CostRecord) -> str:
    return (
        how(
            f"Estimated: a chip costs {cost_text(cost)}, in {cost.package}. The range has all low ends of the parts "
            "together, and all high ends. Dollars of 2020 or nearly; the margin of who sells it is not in them."
        )
        + how("A bar is the estimate of a part, its line reaches from the lowest to the highest that sources say.")
        + plot(_PARTS, "Cost of a chip by part")
        + _part_table(cost)
        + _volume_table(cost)
        + details("By part, with sources", _ranged_table("Cost by part", cost.parts))
        + details("What the parts are computed from", _origins(cost))
        + details("Yield by three models, and the packages that fit", _alternatives(cost))
    )


def _part_chart(cost: CostRecord) -> Chart:
    """Bars of the parts, the die first, each with a line over its range; the axis shows the longest whole."""
    labels = list(cost.parts)
    values = [part.value for part in cost.parts.values()]
    bars = {
        "type": "bar",
        "orientation": "h",
        "y": labels,
        "x": values,
        "marker": {"color": [_COLOURS.get(name, GREY) for name in labels]},
        "error_x": error_bars(
            values,
            [part.low for part in cost.parts.values()],
            [part.high for part in cost.parts.values()],
            colour="--ink",
        ),
        "hovertext": [
            f"{escape(name)}: {part.value:,.2f} USD, from {part.low:,.2f} to {part.high:,.2f}"
            for name, part in cost.parts.items()
        ],
        "hoverinfo": "text",
    }
    title = f"USD a chip of {cost.volume:,}, estimated"
    axis = {"range": [0, 1.05 * max(part.high for part in cost.parts.values())]}
    return chart(
        [bars], height=bar_height(len(labels)), x_title=title, y_title="", x_axis=axis, y_axis=bar_axis(labels)
    )


def _part_table(cost: CostRecord) -> str:
    whole = cost.chip_usd
    rows = [_part_row(name, part, whole) for name, part in cost.parts.items()]
    columns = ("part", "USD", "at least", "at most", "share", "status")
    return table(columns, rows, total=_part_row("a chip", whole, whole), label="Cost of a chip")


def _part_row(name: str, part: RangedFigure, whole: RangedFigure) -> tuple[str | Cell, ...]:
    usd = (number(value, f"{value:,.2f}") for value in (part.value, part.low, part.high))
    return (name, *usd, share_cell(part.value, whole.value), part.figure.status)


def _volume_table(cost: CostRecord) -> str:
    rows = [
        (number(volume, f"{volume:,}"), *(number(usd, f"{usd:,.2f}") for usd in cost.chip_usd_by_volume(volume)))
        for volume in sorted({*_VOLUMES, cost.volume})
    ]
    return table(("chips built", "USD a chip", "at least", "at most"), rows, label="Cost by volume")


def _ranged_table(label: str, rows: Mapping[str, RangedFigure]) -> str:
    cells = [
        (name, _amount(row.figure), _range(row), row.figure.status, "; ".join((row.figure.source, *row.others)))
        for name, row in rows.items()
    ]
    return table(("part", "value", "range", "status", "source"), cells, label=label, narrow="stack")


def _origins(cost: CostRecord) -> str:
    ranged = {
        "wafer": cost.wafer_price_usd,
        "masks, once a design": cost.mask_set_usd,
        "design, once": cost.design_usd,
    }
    plain = (("dies a wafer", cost.dies_per_wafer), ("pins", cost.pins))
    rows = [(label, _amount(figure), figure.status, figure.source) for label, figure in plain]
    columns = ("part", "value", "status", "source")
    return _ranged_table("Paid once, and by wafer", ranged) + table(columns, rows, label="Counts", narrow="stack")


def _alternatives(cost: CostRecord) -> str:
    return _ranged_table("Yield", cost.yields) + _ranged_table("Packages that fit", cost.packages)


def _range(row: RangedFigure) -> str:
    low, high = (_text(end, row.figure.unit) for end in (row.low, row.high))
    return f"{low} to {high}"


def _amount(figure: Figure) -> str:
    return _text(figure.value, figure.unit)


def _text(value: float, unit: str) -> str:
    return percent(value) if unit == "1" else f"{significant(value)} {unit}"


SECTION = PageSection(name="silicon", title="Area and cost", link="area and cost", draw=_draw)
