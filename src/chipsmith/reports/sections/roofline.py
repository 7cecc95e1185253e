"""Kernels under the roofs of the array, of the vector lanes and of the external memory."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from chipsmith.reports.author_names import kernel_cell, label_row, name_operation
from chipsmith.reports.charts import BLUE, GREY, LOGARITHMIC, ORANGE, Chart, Trace, chart
from chipsmith.reports.fitted_names import shorten_middle
from chipsmith.reports.headline import significant
from chipsmith.reports.layers import hover_operators
from chipsmith.reports.markup import details, escape, how, number, paragraph, plot, table
from chipsmith.reports.record import RunRecord
from chipsmith.reports.roofs import KernelRoof, Roofs, missing_points, read_roofs, roof_points
from chipsmith.reports.sections.section import Drawing, PageSection
from chipsmith.units import percent

LABELLED = 10
"""Points with their names beside them, those that hold their engines longest; hovering names all."""
_CLOSE = (0.3, 0.055)
"""Shares of the chart, to the right and upwards, within which a second name would stand over the first."""
_SAME = 0.012
"""Shares of the chart within which one point covers another."""
_LETTERS = 28
"""Letters of a name beside its point."""
_KINDS = (
    ("array", BLUE, "circle"),
    ("array, depthwise", BLUE, "diamond-open"),
    ("vector lanes", ORANGE, "square"),
)


def _draw(record: RunRecord) -> Drawing | None:
    roofs = read_roofs(record)
    points, missing = roof_points(record.inference.kernels, roofs), missing_points(record.inference.kernels)
    if not points:
        return None
    html = (
        how(
            "A point is a kernel: the work that it does a cycle, over the work that it does for a byte that is loaded "
            "or stored for it. Cycles are those of its engine, or those of the external channel for its bytes where "
            "these are more, for loads run ahead of their kernel. Work is multiply-accumulates on the array, elements "
            f"on the vector lanes. Flat roofs: {roofs.array} multiply-accumulates and {roofs.lanes} elements a cycle; "
            f"slope: {roofs.bytes_per_cycle} external bytes a cycle each way. A kernel without external bytes has no "
            "slope: it stands at the right, behind the dotted line. A depthwise convolution sums over no channels: its "
            "own roof, in the table, is that of the array's rows that can work. The side of the ridge is what work and "
            "bytes allow of a kernel by itself; what the latency waits for is told under “Why”."
        )
        + plot("roofline", "Work a cycle over work an external byte, by kernel")
        + "".join(paragraph(f"Not on the chart: {label_row(row)}, because {reason}.") for row, reason in missing)
        + details("Every kernel against its roof", _table(points))
    )
    return Drawing(html=html, charts={"roofline": _chart(points, roofs)})


def _table(points: Sequence[KernelRoof]) -> str:
    rows = [
        (
            kernel_cell(point.row),
            name_operation(point.row),
            point.side,
            number(point.work, f"{point.work:,} {point.unit}"),
            "none moved" if point.intensity is None else number(point.intensity, significant(point.intensity)),
            number(point.rate, significant(point.rate)),
            number(point.roof, significant(point.roof)),
            number(point.share, f"{100 * point.share:.1f} %"),
        )
        for point in points
    ]
    columns = (
        "kernel",
        "operation",
        "side of the ridge",
        "work",
        "work a byte",
        "work a cycle",
        "the roof allows",
        "reached",
    )
    return table(columns, rows, label="Kernels against their roofs")


def _chart(points: Sequence[KernelRoof], roofs: Roofs) -> Chart:
    beyond = _beyond(points, roofs)
    low = min([_ridge(roofs, "vector"), *(point.intensity for point in points if point.intensity is not None)]) / 2
    named = _pick_labels(points, beyond)
    series = [
        _series(name, colour, symbol, [point for point in points if _kind(point) == name], beyond, named)
        for name, colour, symbol in _KINDS
        if any(_kind(point) == name for point in points)
    ]
    lines = [_roof(roofs, engine, low, beyond) for engine in ("tensor", "vector")]
    return chart(
        [*lines, *series],
        height=440,
        x_title="work an external byte",
        y_title="work a cycle",
        x_axis=LOGARITHMIC,
        y_axis=LOGARITHMIC,
        layout={"shapes": _border(points, beyond)},
    )


def _beyond(points: Sequence[KernelRoof], roofs: Roofs) -> float:
    """Where kernels without external bytes stand: to the right of all others."""
    known = (point.intensity for point in points if point.intensity is not None)
    return 8 * max([*known, _ridge(roofs, "tensor"), _ridge(roofs, "vector")])


def _ridge(roofs: Roofs, engine: str) -> float:
    return roofs.flat(engine) / roofs.bytes_per_cycle


def _border(points: Sequence[KernelRoof], beyond: float) -> list[dict[str, object]]:
    if all(point.intensity is not None for point in points):
        return []
    place = beyond / 2.5
    line = {"color": GREY, "width": 1, "dash": "dot"}
    return [{"type": "line", "x0": place, "x1": place, "y0": 0, "y1": 1, "yref": "paper", "line": line}]


def _kind(point: KernelRoof) -> str:
    if point.row.kind != "tensor":
        return "vector lanes"
    return "array, depthwise" if point.depthwise else "array"


def _pick_labels(points: Sequence[KernelRoof], beyond: float) -> dict[str, str]:
    """The texts beside points, by kernel: the longest kernels, none over another.

    Points that cover one another have one text, which says how many there are.
    """
    places = {
        point.row.name: (math.log10(point.intensity or beyond), math.log10(point.rate))
        for point in sorted(points, key=lambda each: -each.row.busy_cycles)
    }
    spans = [max(axis) - min(axis) or 1 for axis in zip(*places.values(), strict=True)]

    def apart(name: str, other: str) -> tuple[float, ...]:
        pairs = zip(places[name], places[other], spans, strict=True)
        return tuple(abs(a - b) / span for a, b, span in pairs)

    named: dict[str, int] = {}
    for name in places:
        covered = next((other for other in named if max(apart(name, other)) < _SAME), None)
        if covered is not None:
            named[covered] += 1
        elif len(named) < LABELLED and not any(_is_over(apart(name, other)) for other in named):
            named[name] = 0
    labels = {point.row.name: shorten_middle(point.label, _LETTERS) for point in points}
    return {name: f"{labels[name]} and {more} more" if more else labels[name] for name, more in named.items()}


def _is_over(apart: tuple[float, ...]) -> bool:
    return all(distance < limit for distance, limit in zip(apart, _CLOSE, strict=True))


def _series(
    name: str, colour: str, symbol: str, points: Sequence[KernelRoof], beyond: float, named: Mapping[str, str]
) -> Trace:
    return {
        "type": "scatter",
        "mode": "markers+text",
        "name": name,
        "x": [point.intensity or beyond for point in points],
        "y": [point.rate for point in points],
        "text": [named.get(point.row.name, "") for point in points],
        "textposition": [_side(point, beyond) for point in points],
        "textfont": {"size": 11},
        "cliponaxis": False,
        "marker": {"color": colour, "size": 10, "opacity": 0.85, "symbol": symbol},
        "hovertext": [_hover(point) for point in points],
        "hoverinfo": "text",
    }


def _side(point: KernelRoof, beyond: float) -> str:
    """Below the point, off the flat roofs that many stand on; far to the right to the left, where there is room."""
    return "bottom left" if (point.intensity or beyond) > beyond / 16 else "bottom right"


def _roof(roofs: Roofs, engine: str, low: float, beyond: float) -> Trace:
    ridge, flat = _ridge(roofs, engine), roofs.flat(engine)
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "roof of the array" if engine == "tensor" else "roof of the vector lanes",
        "x": [min(low, ridge), ridge, 2 * beyond],
        "y": [min(low, ridge) * roofs.bytes_per_cycle, flat, flat],
        "line": {"color": GREY, "width": 2, "dash": "solid" if engine == "tensor" else "dash"},
        "hoverinfo": "skip",
    }


def _hover(point: KernelRoof) -> str:
    return "<br>".join(_hover_lines(point))


def _hover_lines(point: KernelRoof) -> Iterator[str]:
    yield f"<b>{escape(point.label)}</b>"
    yield f"{significant(point.rate)} {point.unit} a cycle, {percent(point.share, 0)} of its roof: {point.side}"
    if point.intensity is None:
        yield "no external bytes are moved for it"
    else:
        yield f"{significant(point.intensity)} {point.unit} an external byte"
    yield hover_operators(point.row)


SECTION = PageSection(name="roofline", title="Roofline", link="roofline", draw=_draw)
