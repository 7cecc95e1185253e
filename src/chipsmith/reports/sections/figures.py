"""All figures of a run, and where each comes from."""

from __future__ import annotations

from collections.abc import Iterable

from chipsmith.reports.headline import Headline, headlines
from chipsmith.reports.markup import Cell, how, table
from chipsmith.reports.record import RunRecord
from chipsmith.reports.sections.section import Drawing, PageSection


def _draw(record: RunRecord) -> Drawing:
    text = how(
        "Measured: counted on real data or in a file. Simulated: computed to the cycle or to the bit from the "
        "compiled program. Estimated: counts times constants; the word behind it is the status of its weakest "
        "constant, ASSUMED being a modelling choice that docs/estimates.md states."
    )
    return Drawing(html=text + headline_table(headlines(record)))


def headline_table(rows: Iterable[Headline], *, label: str = "All figures") -> str:
    """Each figure, its value, how it was obtained and from what."""
    cells = [
        (row.label, row.text, Cell(text=row.figure.status, badge=row.figure.kind), row.figure.source) for row in rows
    ]
    return table(("figure", "value", "how", "from"), cells, label=label, narrow="stack")


SECTION = PageSection(name="figures", title="All figures and where they come from", link="all figures", draw=_draw)
