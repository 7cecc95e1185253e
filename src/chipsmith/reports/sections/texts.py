"""Texts that the chip went on with."""

from __future__ import annotations

from chipsmith.reports.markup import escape, how
from chipsmith.reports.record import RunRecord
from chipsmith.reports.sections.section import Drawing, PageSection


def _draw(record: RunRecord) -> Drawing | None:
    if not record.texts:
        return None
    parts = [
        f'{how(text.obtained)}<pre class="wrap"><b>{escape(text.prompt)}</b>{escape(text.written)}</pre>'
        for text in record.texts
    ]
    return Drawing(html="".join(parts))


SECTION = PageSection(name="texts", title="What the chip wrote", link="texts", draw=_draw)
