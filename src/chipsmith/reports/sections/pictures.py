"""Pictures that the chip computed."""

from __future__ import annotations

from chipsmith.reports.markup import escape, how
from chipsmith.reports.record import RunRecord
from chipsmith.reports.sections.section import Drawing, PageSection


def _draw(record: RunRecord) -> Drawing | None:
    if not record.pictures:
        return None
    parts = [
        f"<h3>{escape(picture.title)}</h3>{how(picture.caption)}"
        f'<img class="made" alt="{escape(picture.title)}" src="data:image/png;base64,{escape(picture.png)}">'
        for picture in record.pictures
    ]
    return Drawing(html="".join(parts))


SECTION = PageSection(name="pictures", title="What the chip made", link="pictures", draw=_draw)
