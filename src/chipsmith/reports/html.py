"""report.html: one page that holds everything it shows and opens without a network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from string import Template

from chipsmith.files import write_whole
from chipsmith.reports.charts import Chart, charts
from chipsmith.reports.markup import escape
from chipsmith.reports.record import RunRecord
from chipsmith.reports.sections import sections


def render_page(record: RunRecord) -> str:
    """The page of a run as HTML."""
    return fill_page(f"{record.network} on {record.chip.name}", body=sections(record), drawn=charts(record))


def fill_page(title: str, *, body: str, drawn: Mapping[str, Chart]) -> str:
    """A page with this body, and the charts drawn in their places in it.

    Its policy forbids the browser to fetch anything; plotly.js is in it once.
    """
    from plotly.offline import get_plotlyjs

    return Template(_part("page.html")).substitute(
        title=escape(title),
        style=_part("page.css"),
        body=body,
        charts=_inert(json.dumps(drawn, separators=(",", ":"))),
        plotly=get_plotlyjs(),
        script=_part("page.js"),
    )


def write_page(record: RunRecord, path: Path) -> None:
    """Write report.html, whole or not at all."""
    write_whole(path, render_page(record).encode())


def _part(name: str) -> str:
    return (resources.files("chipsmith.reports") / "page" / name).read_text(encoding="utf-8")


def _inert(data: str) -> str:
    """JSON that ends no script element, whatever names it holds."""
    return data.replace("<", "\\u003c")
