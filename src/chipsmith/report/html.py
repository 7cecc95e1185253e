"""report.html: one page that holds everything it shows and opens without a network."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from string import Template

from chipsmith.files import write_whole
from chipsmith.report.charts import charts
from chipsmith.report.markup import escape
from chipsmith.report.record import RunRecord
from chipsmith.report.sections import sections


def render_page(record: RunRecord) -> str:
    """The page as HTML. Its policy forbids the browser to fetch anything; plotly.js is in it once."""
    from plotly.offline import get_plotlyjs

    return Template(_part("page.html")).substitute(
        title=escape(f"{record.network} on {record.chip.name}"),
        style=_part("page.css"),
        body=sections(record),
        charts=_inert(json.dumps(charts(record), separators=(",", ":"))),
        plotly=get_plotlyjs(),
        script=_part("page.js"),
    )


def write_page(record: RunRecord, path: Path) -> None:
    """Write report.html, whole or not at all."""
    write_whole(path, render_page(record).encode())


def _part(name: str) -> str:
    return (resources.files("chipsmith.report") / "page" / name).read_text(encoding="utf-8")


def _inert(data: str) -> str:
    """JSON that ends no script element, whatever names it holds."""
    return data.replace("<", "\\u003c")
