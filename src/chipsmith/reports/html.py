"""report.html: one page that holds everything it shows and opens without a network."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from importlib import resources
from pathlib import Path
from string import Template

from chipsmith.files import write_whole
from chipsmith.reports.charts import Chart
from chipsmith.reports.markup import escape, list_sections, section
from chipsmith.reports.page_words import PageWords, words_in
from chipsmith.reports.plotly_bundle import pack_plotly
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
    sections = draw_sections(record, SECTIONS)
    html = f"<main>{draw_header(record)}{draw_verdict(record)}{sections.html}</main>"
    return Drawing(html=html, charts=sections.charts)


def draw_sections(record: RecordT, sections: Sequence[PageSection[RecordT]]) -> Drawing:
    """The sections that the record holds something for, as one drawing."""
    drawn = [(part, drawing) for part in sections if (drawing := part.draw(record)) is not None]
    html = "".join(section(part.name, part.title, drawing.html, link=part.link) for part, drawing in drawn)
    charts = {name: chart for _, drawing in drawn for name, chart in drawing.charts.items()}
    return Drawing(html=html, charts=charts)


def fill_page(
    title: str, *, body: str, charts: Mapping[str, Chart], language: str = "en", style: str = "", script: str = ""
) -> str:
    """A page with this body, in the language of that code; its script draws the charts in their places.

    The body is a `main` element; its sections get links in the contents, beside it or above it. `style` and `script`
    are added to those of every page. Its policy forbids the browser to fetch anything; plotly.js is in it once, packed,
    in the smallest form that draws these charts.
    """
    words = words_in(language)
    return Template(_part("page.html")).substitute(
        language=escape(language),
        title=escape(title),
        style=_part("page.css") + _part("graph.css") + style,
        skip=escape(words.skip),
        contents=_contents(body, words),
        body=body,
        made_by=escape(words.made_by),
        top=escape(words.top),
        words=escape(json.dumps(asdict(words), ensure_ascii=False)),
        charts=_inert(json.dumps(_rounded(charts), separators=(",", ":"))),
        plotly=pack_plotly(charts),
        script=_part("page.js") + script,
    )


def _contents(body: str, words: PageWords) -> str:
    """Links to the sections of a body; nothing where there are less than two."""
    sections = list_sections(body)
    if len(sections) < 2:
        return ""
    links = "".join(f'<li><a href="#{name}">{text}</a></li>' for name, text in sections.items())
    contents = escape(words.contents)
    return (
        f'<nav class="contents" aria-label="{contents}"><details open><summary>{contents}'
        f"<span data-current></span></summary><ol>{links}</ol></details></nav>"
    )


def write_page(record: RunRecord, path: Path) -> None:
    """Write report.html, whole or not at all."""
    write_whole(path, render_page(record).encode())


@cache
def light_colours() -> Mapping[str, str]:
    """The colours that charts may name, such as "--heat", in the page's light scheme."""
    root = _part("page.css").partition(":root {")[2].partition("}")[0]
    return dict(re.findall(r"(--[\w-]+): (#\w+);", root))


def _part(name: str) -> str:
    return (resources.files("chipsmith.reports") / "page" / name).read_text(encoding="utf-8")


def _rounded(value: object) -> object:
    """The charts with numbers of six digits, finer than any screen: a page holds many."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, Mapping):
        return {name: _rounded(inner) for name, inner in value.items()}
    return [_rounded(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def _inert(data: str) -> str:
    """JSON that ends no script element, whatever names it holds."""
    return data.replace("<", "\\u003c")
