"""Kernels under the roof of the array and of the external memory."""

from __future__ import annotations

from collections.abc import Sequence

from chipsmith.costs import Roofline
from chipsmith.profile.kernels import REST
from chipsmith.profile.profile import KernelRow, Profile
from chipsmith.reports.charts import BLUE, GREY, LOGARITHMIC, Chart, Trace, chart
from chipsmith.reports.headline import significant
from chipsmith.reports.layers import hover_operators, short_name
from chipsmith.reports.markup import how, plot
from chipsmith.reports.record import RunRecord
from chipsmith.reports.sections.section import Drawing, PageSection


def roofline_points(profile: Profile) -> list[KernelRow]:
    """The kernels that multiply and whose work moves external bytes: those that have a place in the roofline."""
    return [row for row in profile.kernels if row.macs and row.external_bytes and row.busy_cycles]


def _draw(record: RunRecord) -> Drawing | None:
    profile = record.inference
    points, roof = roofline_points(profile), profile.roof
    left = sum(row.name != REST for row in profile.kernels) - len(points)
    if not points:
        return None
    html = how(
        f"A point is a kernel: how many multiply-accumulates it does a cycle against how many it does for a byte "
        f"that is loaded or stored for it. Under the flat roof the array ({roof.peak_macs_per_cycle} a cycle) is "
        f"the bound, under the slope the external memory ({roof.external_bytes_per_cycle} bytes a cycle each way). "
        "Loads run ahead of their kernel, so a point may stand above the slope. "
        f"{left} kernels without multiplications or external bytes are not shown."
    ) + plot("roofline", "MACs a cycle over MACs an external byte")
    return Drawing(html=html, charts={"roofline": _chart(points, roof)})


def _chart(points: Sequence[KernelRow], roof: Roofline) -> Chart:
    intensities = [row.macs / row.external_bytes for row in points]
    kernels = {
        "type": "scatter",
        "mode": "markers",
        "name": "kernels",
        "x": intensities,
        "y": [row.macs / row.busy_cycles for row in points],
        "marker": {"color": BLUE, "size": 10, "opacity": 0.85},
        "hovertext": [_hover(row) for row in points],
        "hoverinfo": "text",
    }
    return chart(
        [_roof(intensities, roof), kernels],
        height=380,
        x_title="MACs an external byte",
        y_title="MACs a cycle",
        x_axis=LOGARITHMIC,
        y_axis=LOGARITHMIC,
    )


def _roof(intensities: Sequence[float], roof: Roofline) -> Trace:
    ridge = roof.ridge_macs_per_byte
    low, high = min(*intensities, ridge) / 2, max(*intensities, ridge) * 2
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "roof",
        "x": [low, ridge, high],
        "y": [low * roof.external_bytes_per_cycle, roof.peak_macs_per_cycle, roof.peak_macs_per_cycle],
        "line": {"color": GREY, "width": 2},
        "hoverinfo": "skip",
    }


def _hover(row: KernelRow) -> str:
    return (
        f"<b>{short_name(row)}</b><br>{significant(row.macs / row.busy_cycles)} MACs a cycle<br>"
        f"{significant(row.macs / row.external_bytes)} MACs an external byte<br>{hover_operators(row)}"
    )


SECTION = PageSection(name="roofline", title="Roofline", draw=_draw)
