"""report.html: one page that holds everything it shows and opens without a network."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from string import Template

from chipsmith.files import write_whole
from chipsmith.reports.charts import Chart
from chipsmith.reports.markup import escape, section
from chipsmith.reports.record import RecordT, RunRecord
from chipsmith.reports.sections import SECTIONS
from chipsmith.reports.sections.section import Drawing, PageSection
from chipsmith.reports.verdict import draw_header, draw_verdict


def render_page(record: RunRecord) -> str:
    """The page of a run as HTML."""
    body = draw_body(record)
    return fill_page(f"{record.network} on {record.chip.name}", body=body.html, charts=body.charts)


def draw_body(record: RunRecord) -> Drawing:
    """The body of a run's page: the verdict, then the sections that the record holds something for."""
    sections, links = draw_sections(record, SECTIONS)
    html = f"<main>{draw_header(record, links)}{draw_verdict(record)}{sections.html}</main>"
    return Drawing(html=html, charts=sections.charts)


def draw_sections(record: RecordT, sections: Sequence[PageSection[RecordT]]) -> tuple[Drawing, dict[str, str]]:
    """The sections that the record holds something for as one drawing, and the links to them by their names."""
    drawn = [(part, drawing) for part in sections if (drawing := part.draw(record)) is not None]
    html = "".join(section(part.name, part.title, drawing.html) for part, drawing in drawn)
    charts = {name: chart for _, drawing in drawn for name, chart in drawing.charts.items()}
    return Drawing(html=html, charts=charts), {part.name: part.link for part, _ in drawn if part.link}


def fill_page(
    title: str, *, body: str, charts: Mapping[str, Chart], language: str = "en", style: str = "", script: str = ""
) -> str:
    """A page with this body, in the language of that code; its script draws the charts in their places.

    `style` and `script` are added to those of every page. Its policy forbids the browser to fetch anything; plotly.js
    is in it once.
    """
    from plotly.offline import get_plotlyjs

    return Template(_part("page.html")).substitute(
        language=escape(language),
        title=escape(title),
        style=_part("page.css") + _part("graph.css") + style,
        body=body,
        charts=_inert(json.dumps(charts, separators=(",", ":"))),
        plotly=get_plotlyjs(),
        script=_part("page.js") + script,
    )


def write_page(record: RunRecord, path: Path) -> None:
    """Write report.html, whole or not at all."""
    write_whole(path, render_page(record).encode())


def _part(name: str) -> str:
    return (resources.files("chipsmith.reports") / "page" / name).read_text(encoding="utf-8")


def _inert(data: str) -> str:
    """JSON that ends no script element, whatever names it holds."""
    return data.replace("<", "\\u003c")
