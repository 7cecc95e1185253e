"""What the charts of the pages share: plotly's data and layout as plain values, without the look.

The page's script adds the look.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, floor, log10
from typing import Any, Literal

Chart = dict[str, Any]
Trace = dict[str, Any]
Settings = Mapping[str, Any]

BLUE, ORANGE, GREEN, PURPLE, PINK, GOLD, GREY = (
    "#2f7ed8",
    "#d2691e",
    "#17936a",
    "#8f63d6",
    "#d0508c",
    "#a8800c",
    "#858b94",
)
"""Each has a contrast of at least 3 to the page's light and dark background."""

ENGINE_COLOURS = {"tensor": BLUE, "vector": ORANGE, "load": GREEN, "store": PURPLE, "": GREY}
"""By the name of the engine; empty for what is no engine's."""

LOGARITHMIC: Settings = {"type": "log", "dtick": 1, "minor": {"ticks": "outside", "dtick": "D1"}}
"""An axis with a tick for each power of ten, and small ones between."""
_NOTHING: Settings = {}


def chart(
    traces: Sequence[Trace],
    *,
    height: int,
    x_title: str,
    y_title: str,
    x_axis: Settings = _NOTHING,
    y_axis: Settings = _NOTHING,
    layout: Settings = _NOTHING,
) -> Chart:
    """A chart of traces, `height` pixels high; further settings of its axes and of its layout as plotly names them."""
    return {
        "data": list(traces),
        "layout": {
            "height": height,
            "xaxis": {"title": {"text": x_title}, **x_axis},
            "yaxis": {"title": {"text": y_title}, **y_axis},
            **layout,
        },
    }


def error_bars(
    values: Sequence[float], low: Sequence[float], high: Sequence[float], *, colour: str = "--muted", width: float = 1.5
) -> Trace:
    """The lines from `low` to `high` through the points of a trace, as its `error_x` or `error_y`.

    The colour is given, by default the page's own, which changes with its scheme: plotly's would be black where the
    points have several.
    """
    return {
        "type": "data",
        "symmetric": False,
        "array": [end - value for value, end in zip(values, high, strict=True)],
        "arrayminus": [value - end for value, end in zip(values, low, strict=True)],
        "color": colour,
        "thickness": width,
    }


def coordinates(traces: Sequence[Trace], axis: Literal["x", "y"]) -> list[float]:
    """The positive numbers that traces have along an axis."""
    return [value for trace in traces for value in trace[axis] if value is not None and value > 0]


def log_axis(values: Sequence[float]) -> Settings:
    """A logarithmic axis around these positive values, with five ticks or so at round numbers.

    Where the values span less than a decade, at multiples of 1, 2 or 5 of a power of ten; else at 1, 2 and 5 of each
    power; where they span more than three decades, at the powers alone.
    """
    if not values:
        return {"type": "log"}
    margin = max(0.03, 0.08 * log10(max(values) / min(values)))
    low, high = min(values) / 10**margin, max(values) * 10**margin
    ticks = [tick for tick in _round_ticks(low, high) if low <= tick <= high]
    return {
        "type": "log",
        "range": [log10(low), log10(high)],
        "tickvals": ticks,
        "ticktext": [f"{tick:,.12g}" for tick in ticks],
    }


def _round_ticks(low: float, high: float) -> list[float]:
    """Round numbers from `low` to `high`, and some beyond."""
    if high / low < 10:
        least = (high - low) / 6
        power = 10.0 ** floor(log10(least))
        step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least)
        return [number * step for number in range(floor(low / step), ceil(high / step) + 1)]
    powers = range(floor(log10(low)), ceil(log10(high)) + 1)
    return [factor * 10.0**power for power in powers for factor in ((1,) if high / low > 1e3 else (1, 2, 5))]


def bar_height(bars: int) -> int:
    """Pixels that horizontal bars, one below the other, need with their axis."""
    return 110 + 22 * bars


def bar_axis(labels: Sequence[str]) -> Settings:
    """The upright axis of horizontal bars, the first label at the top."""
    return {"type": "category", "categoryarray": list(reversed(labels)), "automargin": True, "ticksuffix": " "}


def distinct(names: Sequence[str]) -> list[str]:
    """The names, the second and later uses of each numbered: a category of a chart has one bar."""
    return [
        name if name not in names[:index] else f"{name} ({names[: index + 1].count(name)})"
        for index, name in enumerate(names)
    ]
