"""The charts of an estimate: chips against one another, their components, their roofs, their layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chipsmith.costs.peak import OPERATIONS_PER_MAC
from chipsmith.profile.profile import CostRecord
from chipsmith.profile.roofline import RoofPlace
from chipsmith.reports.charts import (
    BLUE,
    GOLD,
    GREEN,
    GREY,
    ORANGE,
    PINK,
    PURPLE,
    Chart,
    Trace,
    bar_axis,
    bar_height,
    chart,
    coordinates,
    error_bars,
    log_axis,
)
from chipsmith.reports.estimates.record import ChipEstimate
from chipsmith.reports.estimates.words import AREA, COST, ENERGY, LATENCY, ComparedFigure
from chipsmith.reports.kernel_speeds import SpeedPoint, SpeedRoof, draw_point, draw_roof
from chipsmith.reports.layer_times import LayerTimes
from chipsmith.reports.markup import escape
from chipsmith.units import significant

COLOURS = (BLUE, ORANGE, GREEN, PURPLE, PINK, GOLD, GREY)
_SYMBOLS = ("circle", "diamond", "square", "triangle-up", "star")
_COMPONENTS = 6
_LAYERS = 20
_TRADES = {
    "energy": (ENERGY, "energy, µJ (estimated)"),
    "area": (AREA, "core area, mm² (estimated)"),
    "cost": (COST, "USD a chip (estimated)"),
}


def colour_of(index: int) -> str:
    """The colour of the chip with this number."""
    return COLOURS[index % len(COLOURS)]


def draw_trades(rows: Sequence[ChipEstimate]) -> dict[str, Chart]:
    """Latency against energy, area and cost, by these names."""
    return {f"latency-{name}": _trade(rows, figure, title) for name, (figure, title) in _TRADES.items()}


def _trade(rows: Sequence[ChipEstimate], figure: ComparedFigure, title: str) -> Chart:
    return chart(
        [_chip_point(row, index, figure) for index, row in enumerate(rows)],
        height=320,
        x_title="latency, µs (simulated)",
        y_title=title,
        x_axis=log_axis([LATENCY.read(row) for row in rows]),
        y_axis=log_axis([value for row in rows for value in _reach(row, figure)]),
    )


def _reach(row: ChipEstimate, figure: ComparedFigure) -> tuple[float, ...]:
    """The value of a figure, with the ends of its range where that is drawn."""
    usd = row.inference.cost.chip_usd
    return (usd.value, usd.low, usd.high) if figure is COST else (figure.read(row),)


def _chip_point(row: ChipEstimate, index: int, figure: ComparedFigure) -> Trace:
    latency, value = LATENCY.read(row), figure.read(row)
    return {
        "type": "scatter",
        "mode": "markers",
        "name": row.name,
        "x": [latency],
        "y": [value],
        "marker": {"color": colour_of(index), "size": 12, "symbol": _SYMBOLS[index % len(_SYMBOLS)]},
        "hovertext": [f"<b>{escape(row.name)}</b><br>{LATENCY.show(latency)}<br>{figure.show(value)}"],
        "hoverinfo": "text",
        **(_cost_band(row.inference.cost, colour_of(index)) if figure is COST else {}),
    }


def _cost_band(cost: CostRecord, colour: str) -> Trace:
    usd = cost.chip_usd
    return {"error_y": error_bars([usd.value], [usd.low], [usd.high], colour=colour, width=1)}


def draw_parts(rows: Sequence[ChipEstimate]) -> dict[str, Chart]:
    """Time, energy, area and cost of each chip by what they are made of, by these names."""
    return {
        "time": _stack(rows, [_time_parts(row) for row in rows], "µs", most=3),
        "energy": _stack(rows, [_scaled(row.inference.energy.by_component(), 1e-6) for row in rows], "µJ"),
        "area": _stack(rows, [dict(row.inference.area.by_component()) for row in rows], "mm²"),
        "cost": _stack(rows, [_cost_parts(row) for row in rows], "USD"),
    }


def _time_parts(row: ChipEstimate) -> dict[str, float]:
    clock = row.chip.clock_mhz
    return {
        "an engine computes": row.computing_cycles / clock,
        "all wait for a transfer": row.external_cycles / clock,
        "other waits": row.other_cycles / clock,
    }


def _cost_parts(row: ChipEstimate) -> dict[str, float]:
    return {name: part.value for name, part in row.inference.cost.parts.items()}


def _scaled(parts: Mapping[str, float], scale: float) -> dict[str, float]:
    return {name: value * scale for name, value in parts.items()}


def _stack(
    rows: Sequence[ChipEstimate], parts: Sequence[Mapping[str, float]], unit: str, *, most: int = _COMPONENTS
) -> Chart:
    """A bar a chip, of the parts that are largest in any, the rest as one."""
    names = list(dict.fromkeys(name for own in parts for name in own))
    largest = {name: max(own.get(name, 0.0) for own in parts) for name in names}
    shown = sorted(names, key=lambda name: -largest[name])[:most] if len(names) > most else names
    series = [(name, [name]) for name in shown]
    others = [name for name in names if name not in shown]
    series += [("others", others)] if others else []
    chips = [row.name for row in rows]
    bars = [
        {
            "type": "bar",
            "orientation": "h",
            "name": label,
            "y": chips,
            "x": [sum(own.get(name, 0.0) for name in members) for own in parts],
            "marker": {"color": GREY if label == "others" else COLOURS[index % (len(COLOURS) - 1)]},
            "hovertemplate": f"%{{y}}<br>%{{fullData.name}}: %{{x:.3~g}} {unit}<extra></extra>",
        }
        for index, (label, members) in enumerate(series)
    ]
    return chart(
        bars,
        height=bar_height(len(rows)) + 40,
        x_title=unit,
        y_title="",
        y_axis=bar_axis(chips),
        layout={"barmode": "stack"},
    )


def draw_roofline(rows: Sequence[ChipEstimate]) -> Chart:
    """The roof of each chip, with its cold and its warm inference under it, in operations a second."""
    roofs = [_roof(row, colour_of(index)) for index, row in enumerate(rows)]
    points = [point for index, row in enumerate(rows) for point in _points(row, colour_of(index))]
    edges = [point.operations_per_byte for point in points]
    edges += [roof.operations_per_s / roof.bytes_per_s for roof in roofs]
    low, high = min(edges) / 2, max(edges) * 2
    traces = [*(draw_roof(roof, low, high) for roof in roofs), *map(draw_point, points)]
    return chart(
        traces,
        height=440,
        x_title="operations an external byte",
        y_title="10⁹ operations a second",
        x_axis=log_axis(coordinates(traces, "x")),
        y_axis=log_axis(coordinates(traces, "y")),
    )


def _roof(row: ChipEstimate, colour: str) -> SpeedRoof:
    roof, clock_hz = row.cold.roof, row.chip.clock_mhz * 1e6
    return SpeedRoof(
        name=row.name,
        operations_per_s=OPERATIONS_PER_MAC * roof.peak_macs_per_cycle * clock_hz,
        bytes_per_s=roof.external_bytes_per_cycle * clock_hz,
        colour=colour,
    )


def _points(row: ChipEstimate, colour: str) -> list[SpeedPoint]:
    clock_hz = row.chip.clock_mhz * 1e6
    return [_point(row.name, place, clock_hz, colour, name) for name, place in _places(row)]


def _places(row: ChipEstimate) -> tuple[tuple[str, RoofPlace], ...]:
    return ("cold", row.cold), ("warm", row.warm)


def _point(chip: str, place: RoofPlace, clock_hz: float, colour: str, name: str) -> SpeedPoint:
    return SpeedPoint(
        name=f"{chip}, {name}",
        operations_per_s=OPERATIONS_PER_MAC * place.achieved_macs_per_cycle * clock_hz,
        operations_per_byte=OPERATIONS_PER_MAC * place.macs_per_byte,
        colour=colour,
        hollow=name == "warm",
    )


def draw_layers(rows: Sequence[ChipEstimate], layers: Sequence[LayerTimes]) -> Chart:
    """What the layers with most of the time on any chip add to its latency, a bar a chip; in the network's order."""
    kept = sorted(layers, key=lambda layer: -max(layer.times_us))[:_LAYERS]
    shown = [layer for layer in layers if layer in kept]
    labels = [layer.label for layer in shown]
    bars = [
        {
            "type": "bar",
            "orientation": "h",
            "name": row.name,
            "y": labels,
            "x": [layer.times_us[index] for layer in shown],
            "marker": {"color": colour_of(index)},
            "hovertext": [
                f"<b>{escape(layer.label)}</b><br>{escape(row.name)}: {significant(layer.times_us[index])} µs, "
                f"{significant(layer.energies_uj[index])} µJ"
                for layer in shown
            ],
            "hoverinfo": "text",
        }
        for index, row in reversed(list(enumerate(rows)))
    ]
    return chart(
        bars,
        height=110 + len(shown) * (10 + 14 * len(rows)),
        x_title="µs that the layer adds to the latency",
        y_title="",
        y_axis=bar_axis(labels),
        layout={"barmode": "group", "legend": {"traceorder": "reversed"}},
    )
