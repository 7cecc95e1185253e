"""plotly.js for a page: the smallest of its bundles that draws what the page holds."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources

from chipsmith.reports.charts import Chart

VERSION = "4.1.1"
"""The release of plotly.js that both files are of: the npm packages plotly.js-basic-dist-min and
plotly.js-cartesian-dist-min. It is that of plotly 7.1 for Python, whose full bundle draws all other kinds."""


@dataclass(frozen=True, kw_only=True)
class PlotlyBundle:
    """A partial bundle of plotly.js: its file in `reports/page`, the SHA-256 of it, and the traces that it draws."""

    file: str
    sha256: str
    traces: frozenset[str]


_BASIC = frozenset({"scatter", "bar", "pie"})
_CARTESIAN = _BASIC | {"box", "contour", "heatmap", "histogram", "histogram2d", "histogram2dcontour", "image"}

BUNDLES = (
    PlotlyBundle(
        file="plotly-basic.min.js",
        sha256="99784e3abfb07b142a15e521a439e6d9addceadb3f79553fd24c72774f0649ba",
        traces=_BASIC,
    ),
    PlotlyBundle(
        file="plotly-cartesian.min.js",
        sha256="79542150855a52c567260e3137095dbe2b744e6d702a5cabe67da246942fba7a",
        traces=_CARTESIAN | {"scatterternary", "violin"},
    ),
)
"""From small to large."""


def trace_types(charts: Iterable[Chart]) -> frozenset[str]:
    """The kinds of traces in charts; one that names none is a scatter."""
    return frozenset(trace.get("type", "scatter") for chart in charts for trace in chart["data"])


def choose_bundle(types: frozenset[str]) -> PlotlyBundle | None:
    """The smallest partial bundle that draws these kinds of traces; None where only the full one does."""
    return next((bundle for bundle in BUNDLES if types <= bundle.traces), None)


def pack_plotly(charts: Mapping[str, Chart]) -> str:
    """The same script as a page holds it: gzip, in base64; the page's own script unpacks it."""
    return base64.b64encode(gzip.compress(load_plotly(charts).encode(), mtime=0)).decode()


def load_plotly(charts: Mapping[str, Chart]) -> str:
    """The script that draws a page's charts; nothing for a page without any."""
    if not charts:
        return ""
    bundle = choose_bundle(trace_types(charts.values()))
    if bundle is None:
        from plotly.offline import get_plotlyjs

        return str(get_plotlyjs())
    return (resources.files("chipsmith.reports") / "page" / bundle.file).read_text(encoding="utf-8")
