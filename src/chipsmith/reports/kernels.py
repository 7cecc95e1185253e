"""A single kernel on chips and on this computer: its figures in words, and its page with the roofs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from chipsmith.files import write_whole
from chipsmith.profile.profile import Evidence
from chipsmith.reports.charts import BLUE, GREEN, ORANGE, PURPLE, Chart, Trace, chart, coordinates, log_axis
from chipsmith.reports.headline import percent, significant
from chipsmith.reports.html import fill_page
from chipsmith.reports.kernel_speeds import draw_speeds
from chipsmith.reports.markup import Cell, escape, how, paragraph, plot, section, table

if TYPE_CHECKING:
    from chipsmith.profile.roofline import RoofPlace
    from chipsmith.studies.kernel_results import KernelOnChip, KernelResult
    from chipsmith.systems.comparison import MachineRoof

_COLOURS = (BLUE, ORANGE, GREEN, PURPLE)
_LEAST_SHARE = 0.01
"""Components with less of the energy on every chip are not shown."""


@dataclass(frozen=True, kw_only=True)
class KernelFigure:
    """A figure of a kernel: what it is, its value on each chip in words, and how it was obtained."""

    label: str
    texts: tuple[str, ...]
    how: str


def list_figures(rows: Sequence[KernelOnChip]) -> tuple[KernelFigure, ...]:
    """The figures of a kernel on chips, in order."""
    return (*_time(rows), *_bits(rows), *_roof(rows), *_energy(rows))


def _time(rows: Sequence[KernelOnChip]) -> Iterator[KernelFigure]:
    yield _figure("cycles, cold / warm", rows, lambda row: f"{row.cold.cycles:,} / {row.warm.cycles:,}")
    yield _figure("µs, cold / warm", rows, lambda row: f"{significant(row.cold_us)} / {significant(row.warm_us)}")
    yield _figure("limited by, cold", rows, lambda row: _limit(row.cold))
    yield _figure("limited by, warm", rows, lambda row: _limit(row.warm))


def _bits(rows: Sequence[KernelOnChip]) -> Iterator[KernelFigure]:
    for index, bits in enumerate(rows[0].bits):
        yield _figure(f"differ from {bits.reference}", rows, partial(_count_mismatches, index))


def _roof(rows: Sequence[KernelOnChip]) -> Iterator[KernelFigure]:
    yield _figure("MACs", rows, lambda row: f"{row.cold.macs:,}")
    yield _figure(
        "array used, cold / warm",
        rows,
        lambda row: f"{percent(row.cold.utilisation, 1)} / {percent(row.warm.utilisation, 1)}",
    )
    yield _figure("bytes read / written", rows, lambda row: f"{row.cold.read_bytes:,} / {row.cold.written_bytes:,}")
    yield _figure("MACs a byte / ridge", rows, lambda row: f"{_rate(row.cold, row.cold.macs_per_byte)} / {_ridge(row)}")
    yield _figure("MACs a cycle, roof", rows, lambda row: _rate(row.cold, row.cold.attainable_macs_per_cycle))
    yield _figure("MACs a cycle, cold", rows, lambda row: _rate(row.cold, row.cold.achieved_macs_per_cycle))
    yield _figure("cycles, least by roof", rows, lambda row: f"{row.cold.least_cycles:,}")
    yield _figure("cold, of the roof", rows, lambda row: percent(row.cold.share_of_roof, 0))


def _energy(rows: Sequence[KernelOnChip]) -> Iterator[KernelFigure]:
    def show(label: str, read: Callable[[KernelOnChip], float]) -> KernelFigure:
        return _figure(label, rows, lambda row: f"{significant(read(row) / 1e6)} µJ", Evidence.ESTIMATED)

    yield show(f"energy, cold ({rows[0].inference.energy.status})", lambda row: row.inference.energy.total)
    for name in rows[0].inference.energy.by_component():
        if any(row.energy_share(name) >= _LEAST_SHARE for row in rows):
            yield show(f"  of which {name}", partial(_read_energy, name))


def _figure(
    label: str,
    rows: Sequence[KernelOnChip],
    read: Callable[[KernelOnChip], str],
    how: Evidence = Evidence.SIMULATED,
) -> KernelFigure:
    return KernelFigure(label=label, texts=tuple(map(read, rows)), how=how.value)


def _count_mismatches(index: int, row: KernelOnChip) -> str:
    return f"{row.bits[index].mismatches:,} of {row.bits[index].compared:,}"


def _read_energy(component: str, row: KernelOnChip) -> float:
    return row.energy_pj(component)


def _limit(place: RoofPlace) -> str:
    return f"{place.limit}, {percent(place.busy_share, 0)}"


def _rate(place: RoofPlace, rate: float) -> str:
    return significant(rate) if place.macs else "-"


def _ridge(row: KernelOnChip) -> str:
    return significant(row.cold.roof.ridge_macs_per_byte)


def list_timings(result: KernelResult) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Heads, and a row of texts for each way that this computer ran the kernel, fast ones first."""
    heads = ("run by", "threads", "p50 µs", "p99 µs", *(f"x {row.chip.name}" for row in result.chips))
    ordered = sorted(result.timings, key=lambda timing: timing.latency.p50_us)
    return heads, [
        (
            timing.label,
            str(timing.options.threads or 1),
            significant(timing.latency.p50_us),
            significant(timing.latency.p99_us),
            *(significant(result.ratio(timing, row)) for row in result.chips),
        )
        for timing in ordered
    ]


# --- the page ---------------------------------------------------------------------------------------------------------


def draw_kernel_charts(result: KernelResult) -> dict[str, Chart]:
    """The kernel under the roofs of its chips; nothing of a kernel that multiplies nothing."""
    return {"roofline": _draw_roofs(result)} if result.chips[0].cold.macs else {}


def write_kernel_page(result: KernelResult, path: Path, *, roofs: Sequence[MachineRoof] = ()) -> None:
    """Write the page, whole or not at all; `roofs` are those of this computer, where they were measured."""
    write_whole(path, render_kernel(result, roofs=roofs).encode())


def render_kernel(result: KernelResult, *, roofs: Sequence[MachineRoof] = ()) -> str:
    """The page as HTML."""
    parts = (_header(result), _chips(result), _roofline(result), _computer(result), _speeds(result, roofs))
    charts = draw_kernel_charts(result)
    if charts and roofs:
        charts["speeds"] = draw_speeds(result, roofs, _COLOURS)
    return fill_page(f"{result.kernel.kind.name} on chips", body=f"<main>{''.join(parts)}</main>", charts=charts)


def _header(result: KernelResult) -> str:
    return f"<header><h1>{escape(result.kernel.kind.name)}</h1>{paragraph(result.title, kind='subtitle')}</header>"


def _chips(result: KernelResult) -> str:
    from chipsmith.witness.check.text import describe_check

    rows: list[tuple[str | Cell, ...]] = [
        (figure.label, *figure.texts, Cell(text="", badge=figure.how)) for figure in list_figures(result.chips)
    ]
    heads = ("figure", *(row.chip.name for row in result.chips), "how")
    check = "" if result.check is None else paragraph(f"{describe_check(result.check)}.")
    return section("chips", "On chips", table(heads, rows, label="figures of the kernel on each chip"), check)


def _roofline(result: KernelResult) -> str:
    if not result.chips[0].cold.macs:
        return section(
            "roofline",
            "Roofline",
            paragraph("The kernel has no multiply-accumulates: it has no place under this roof."),
        )
    text = (
        "Lines are the roofs of the chips: flat where the array is the bound, a slope where the external memory is. A "
        "full point is a cold inference, a hollow one a warm inference, whose resident weights are on the chip and "
        "cost no bytes. Bytes are those of the busier of the two channels, read and written. Cycles are simulated."
    )
    return section("roofline", "Roofline", how(text), plot("roofline", "MACs a cycle over MACs an external byte"))


def _computer(result: KernelResult) -> str:
    if result.processor is None:
        return ""
    heads, rows = list_timings(result)
    left = "".join(paragraph(f"Not timed: {row.name}: {row.reason}") for row in result.left_out)
    text = (
        f"Measured on {result.processor}: wall time of single warm inferences, the host's own quantising included "
        "where a target quantises. The last columns: how many warm inferences the chip, simulated, does in the median."
    )
    timed = table(heads, rows, label="times on this computer") if rows else ""
    return section("computer", "On this computer", how(text), timed, left)


def _speeds(result: KernelResult, roofs: Sequence[MachineRoof]) -> str:
    """The chips and this computer under their roofs together; nothing where either has no place."""
    if not roofs or not result.chips[0].cold.macs:
        return ""
    text = (
        "Roofs and points in operations a second, a multiply-accumulate being two: chips simulated at their clock, "
        f"this computer measured ({roofs[0].obtained}), as busy as it was just then. Its points are medians, over the "
        "bytes of inputs, weights and outputs, each once: a kernel that fits into a processor's caches may stand above "
        "the slope of its memory."
    )
    return section("speeds", "Beside this computer", how(text), plot("speeds", "operations a second over a byte"))


def _draw_roofs(result: KernelResult) -> Chart:
    places = [place for row in result.chips for place in (row.cold, row.warm)]
    ridges = [place.roof.ridge_macs_per_byte for place in places]
    intensities = [place.macs_per_byte for place in places]
    low, high = min(*intensities, *ridges) / 2, max(*intensities, *ridges) * 2
    traces = [trace for index, row in enumerate(result.chips) for trace in _draw_chip(row, index, low, high)]
    return chart(
        traces,
        height=420,
        x_title="MACs an external byte",
        y_title="MACs a cycle",
        x_axis=log_axis(coordinates(traces, "x")),
        y_axis=log_axis(coordinates(traces, "y")),
    )


def _draw_chip(row: KernelOnChip, index: int, low: float, high: float) -> Sequence[Trace]:
    colour, roof = _COLOURS[index % len(_COLOURS)], row.cold.roof
    corners = [low, roof.ridge_macs_per_byte, high]
    line = {
        "type": "scatter",
        "mode": "lines",
        "name": f"roof of {row.chip.name}",
        "x": corners,
        "y": [roof.attainable_macs_per_cycle(corner) for corner in corners],
        "line": {"color": colour, "width": 2},
        "hoverinfo": "skip",
    }
    return [line, *(_draw_point(row, place, name, colour) for name, place in (("cold", row.cold), ("warm", row.warm)))]


def _draw_point(row: KernelOnChip, place: RoofPlace, name: str, colour: str) -> Trace:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": f"{row.chip.name}, {name}",
        "x": [place.macs_per_byte],
        "y": [place.achieved_macs_per_cycle],
        "marker": {"color": colour, "size": 12, "symbol": "circle" if name == "cold" else "circle-open"},
        "hovertext": [
            f"<b>{escape(row.chip.name)}, {name}</b><br>{significant(place.achieved_macs_per_cycle)} MACs a cycle of "
            f"{significant(place.attainable_macs_per_cycle)}<br>{significant(place.macs_per_byte)} MACs a byte"
        ],
        "hoverinfo": "text",
    }
