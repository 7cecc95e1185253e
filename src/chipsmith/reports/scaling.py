"""The page of `chipsmith scale`: a curve, a table and a sentence for each thing that grows."""

from __future__ import annotations

from pathlib import Path

from chipsmith.files import write_whole
from chipsmith.profile.profile import Evidence
from chipsmith.reports.charts import BLUE, GREEN, GREY, ORANGE, Chart, Trace, chart, coordinates, log_axis
from chipsmith.reports.headline import significant
from chipsmith.reports.html import fill_page
from chipsmith.reports.markup import Cell, badge, escape, how, number, paragraph, plot, section, table
from chipsmith.studies.scaling.axes import CHIP_RESOURCES, ScalingAxis
from chipsmith.studies.scaling.curve import KNEE_GAIN, Scaling, ScalingCurve, ScalingPoint
from chipsmith.units import percent

_HEIGHT = 340
_NOTHING = Cell(text="")


def render_scaling(result: Scaling) -> str:
    """The page as HTML; it opens without a network."""
    title = f"{result.network} scaled, from {result.chip}"
    body = f"<main><h1>{escape(title)}</h1>{_summary(result)}{''.join(map(_section, result.curves))}</main>"
    return fill_page(title, body=body, charts=draw_scaling_charts(result))


def draw_scaling_charts(result: Scaling) -> dict[str, Chart]:
    """A chart for each thing that grows, by its name."""
    return {curve.axis.value: _chart(curve) for curve in result.curves}


def write_scaling_page(result: Scaling, path: Path) -> None:
    """Write the page, whole or not at all."""
    write_whole(path, render_scaling(result).encode())


def _summary(result: Scaling) -> str:
    rows = [
        (curve.title, "none" if curve.knee is None else curve.points[curve.knee].label, curve.explanation)
        for curve in result.curves
    ]
    text = (
        f"The knee is the last point before a doubling brings a speed-up under {KNEE_GAIN}. What binds there is "
        "simulated: each resource of the chip is doubled in turn. While one thing grows all others stay as they are."
    )
    skipped = (paragraph(f"{axis}: left out: {reason}") for axis, reason in result.skipped.items())
    summary = table(("what grows", "knee", "what it shows"), rows, label="knees", narrow="stack")
    return section("knees", "Where more stops helping", how(text), summary, *skipped)


def _section(curve: ScalingCurve) -> str:
    parts = [
        f"<p>{badge(curve.kind)} {escape(curve.source)}</p>",
        paragraph(curve.explanation),
        *([] if curve.serial_share is None else [_amdahl(curve.serial_share)]),
        plot(curve.axis.value, f"time over {curve.title}"),
        _table(curve),
        *(paragraph(f"{point.label}: {point.reason}") for point in curve.points if point.reason),
        *(_comparison(point) for point in curve.points if point.compared is not None),
    ]
    return section(f"over-{curve.axis}", f"Over the {curve.title}", *parts)


def _amdahl(share: float) -> str:
    return paragraph(f"By Amdahl's law {percent(share, 0)} of the work stays serial however many threads there are.")


def _comparison(point: ScalingPoint) -> str:
    return paragraph(
        f"Batch {point.label} executed on the chip: {point.mismatches} of {point.compared} outputs differ from the "
        "reference of its inferences one by one."
    )


def _table(curve: ScalingCurve) -> str:
    columns = (
        curve.unit,
        "time of an inference, µs",
        "p99, µs",
        "inferences/s",
        "speed-up",
        "efficiency",
        "array used",
        "on-chip peak, KiB",
        "area, mm² (estimated)",
        "binds",
        *(f"{axis} doubled" for axis in CHIP_RESOURCES),
    )
    rows = [_row(point, knee=index == curve.knee) for index, point in enumerate(curve.points)]
    return table(columns, rows, optional=columns[1:], label=f"over {curve.title}")


def _row(point: ScalingPoint, *, knee: bool) -> list[str | Cell]:
    return [
        number(point.amount, f"{point.label}{' (knee)' if knee else ''}"),
        _number(point.latency_us),
        _number(point.p99_us),
        _number(point.inferences_per_second),
        _number(point.speedup),
        _share(point.efficiency),
        _share(point.utilisation),
        _number(None if point.memory_peak_bytes is None else point.memory_peak_bytes / 1024),
        _number(point.area_mm2),
        "" if point.binds is None else CHIP_RESOURCES[point.binds].title,
        *(_number((point.gains or {}).get(axis)) for axis in CHIP_RESOURCES),
    ]


def _number(value: float | None) -> Cell:
    return _NOTHING if value is None else number(value, significant(value))


def _share(value: float | None) -> Cell:
    return _NOTHING if value is None else number(value, f"{100 * value:.0f} %")


def _chart(curve: ScalingCurve) -> Chart:
    timed = curve.timed
    colour = BLUE if curve.kind is Evidence.SIMULATED else GREEN
    amounts = [point.amount for point in timed]
    axis = {"type": "log", "tickvals": amounts, "ticktext": [point.label for point in timed]}
    traces = [*_ideal(timed), _trace(curve, colour), *_knee(curve)]
    return chart(
        traces,
        height=_HEIGHT,
        x_title=_axis_title(curve),
        y_title="time of an inference, µs",
        x_axis=axis,
        y_axis=log_axis(coordinates(traces, "y")),
    )


def _axis_title(curve: ScalingCurve) -> str:
    return curve.title if curve.axis in (ScalingAxis.BATCH, ScalingAxis.THREADS) else f"{curve.title}, all else fixed"


def _trace(curve: ScalingCurve, colour: str) -> Trace:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": curve.kind.value,
        "x": [point.amount for point in curve.timed],
        "y": [point.latency_us for point in curve.timed],
        "text": [_hover(point) for point in curve.timed],
        "line": {"color": colour},
        "marker": {"color": colour, "size": 9},
    }


def _ideal(timed: tuple[ScalingPoint, ...]) -> list[Trace]:
    """Half the time for twice as much, from the first point."""
    if len(timed) < 2 or timed[0].latency_us is None:
        return []
    first = timed[0]
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": "half the time for twice as much",
            "x": [point.amount for point in timed],
            "y": [timed[0].latency_us * first.amount / point.amount for point in timed],
            "line": {"color": GREY, "dash": "dot"},
            "hoverinfo": "skip",
        }
    ]


def _knee(curve: ScalingCurve) -> list[Trace]:
    if curve.knee is None:
        return []
    point = curve.points[curve.knee]
    marker = {"color": ORANGE, "size": 16, "symbol": "circle-open", "line": {"width": 3}}
    trace = {"type": "scatter", "mode": "markers", "name": "knee", "hoverinfo": "skip", "marker": marker}
    return [{**trace, "x": [point.amount], "y": [point.latency_us]}]


def _hover(point: ScalingPoint) -> str:
    busy = ", ".join(f"{engine} {100 * share:.0f} %" for engine, share in (point.busy or {}).items())
    return f"{escape(point.label)}{f': engines busy: {busy}' if busy else ''}"
