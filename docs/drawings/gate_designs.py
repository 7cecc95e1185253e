"""Designs of a front: the estimate over the gates, for area and for energy, both on logarithmic scales."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gate_tables import gate_designs

from drawings.svg import SMALL_SIZE, SOFT_INK, Point, picture, text

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM, GAP = 660, 340, 56, 20, 44, 56, 76
COLOUR, GRID = "#2f6fab", "#e4e7eb"
_ROOM = 1.15
"""The scale goes so far beyond the designs on either side."""
_TICKS = (1, 1.5, 2, 3, 5, 7)


@dataclass(frozen=True, kw_only=True)
class LogPanel:
    """A half of the picture: the same logarithmic scale in both directions."""

    title: str
    left: float
    right: float
    low: float
    high: float

    def x(self, value: float) -> float:
        """Where a value of the gates stands."""
        return self.left + (self.right - self.left) * self._share(value)

    def y(self, value: float) -> float:
        """Where an estimate stands."""
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * self._share(value)

    @property
    def ticks(self) -> list[float]:
        """Round numbers of the scale."""
        decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        return [n for d in decades for n in (tick * 10.0**d for tick in _TICKS) if self.low <= n <= self.high]

    def _share(self, value: float) -> float:
        return math.log(value / self.low) / math.log(self.high / self.low)


def draw_gate_designs() -> str:
    """The two panels; a point on the line is estimated as it is at the gates."""
    cases = gate_designs().get("cases", [])
    half = (WIDTH - LEFT - RIGHT - GAP) / 2
    panels = [
        ("area", "cells and macros, mm2", LEFT, LEFT + half),
        ("energy", "energy of an inference, uJ", WIDTH - RIGHT - half, WIDTH - RIGHT),
    ]
    pieces = [piece for panel in panels if cases for piece in _draw(*panel, cases)]
    return picture(WIDTH, HEIGHT, title="Designs of a front: the estimate over the gates", pieces=pieces)


def _draw(figure: str, title: str, left: float, right: float, cases: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    values = [value for row in cases for value in row[figure].values()]
    panel = LogPanel(title=title, left=left, right=right, low=min(values) / _ROOM, high=max(values) * _ROOM)
    yield from _axes(panel)
    yield _line([(panel.x(value), panel.y(value)) for value in (panel.low, panel.high)], SOFT_INK)
    for row in cases:
        x, y = panel.x(row[figure]["gates"]), panel.y(row[figure]["estimate"])
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{COLOUR}" fill-opacity="0.75"/>'


def _axes(panel: LogPanel) -> Iterator[str]:
    for tick in panel.ticks:
        yield _line([(panel.left, panel.y(tick)), (panel.right, panel.y(tick))], GRID)
        yield _line([(panel.x(tick), TOP), (panel.x(tick), HEIGHT - BOTTOM)], GRID)
        yield text(f"{tick:g}", (panel.left - 8, panel.y(tick) + 5), size=SMALL_SIZE, anchor="end", ink=SOFT_INK)
        yield text(f"{tick:g}", (panel.x(tick), HEIGHT - BOTTOM + 20), size=SMALL_SIZE, ink=SOFT_INK)
    yield text(panel.title, ((panel.left + panel.right) / 2, TOP - 18), size=SMALL_SIZE, bold=True)
    yield text("at the gates", ((panel.left + panel.right) / 2, HEIGHT - 10), size=SMALL_SIZE)
    yield text("estimate", (panel.left + 8, TOP + 16), size=SMALL_SIZE, anchor="start", ink=SOFT_INK)


def _line(points: Sequence[Point], colour: str) -> str:
    corners = " ".join(f"L{x:.1f},{y:.1f}" for x, y in points)
    return f'<path d="M{corners[1:]}" stroke="{colour}" stroke-width="1.5" fill="none"/>'
