"""Area and cost of the chip."""

from __future__ import annotations

from chipsmith.profile.profile import CostRecord, Figure
from chipsmith.reports.headline import percent, significant
from chipsmith.reports.markup import details, how, paragraph, table
from chipsmith.reports.price_tables import component_table, line_table
from chipsmith.reports.record import RunRecord
from chipsmith.reports.sections.section import Drawing, PageSection


def _draw(record: RunRecord) -> Drawing:
    area = record.inference.area
    html = (
        how(f"Estimated. {area.caveat[:1].upper()}{area.caveat[1:]}.")
        + "<h3>Area</h3>"
        + component_table(area, scale=1, unit="mm²", digits=4)
        + details("By part, with sources", line_table(area, scale=1, unit="mm²", each="mm² each"))
        + paragraph(f"Left out: {'; '.join(area.excluded)}.", kind="how")
        + "<h3>Cost</h3>"
        + _cost_table(record.inference.cost)
    )
    return Drawing(html=html)


def _cost_table(cost: CostRecord) -> str:
    parts = (
        ("wafer", cost.wafer_price_usd),
        ("dies a wafer", cost.dies_per_wafer),
        ("yield", cost.yield_fraction),
        ("good die = wafer / (dies x yield)", cost.die_usd),
        ("package, on top", cost.package_usd),
        ("assembly, on top", cost.assembly_usd),
        ("masks, once a design", cost.mask_set_usd),
    )
    rows = [(label, _amount(figure), figure.status, figure.source) for label, figure in parts]
    return table(("part", "value", "status", "source"), rows, label="Cost", narrow="stack")


def _amount(figure: Figure) -> str:
    if figure.unit == "1":
        return percent(figure.value)
    return f"{significant(figure.value)} {figure.unit}"


SECTION = PageSection(name="silicon", title="Area and cost", link="area and cost", draw=_draw)
