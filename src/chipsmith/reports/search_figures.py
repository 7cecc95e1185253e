"""The figures of a search as people read them: each in the unit that it has on all other pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chipsmith.studies.search.figures import PairFigure
from chipsmith.units import significant


@dataclass(frozen=True, kw_only=True)
class FigureUnit:
    """What a figure is called, its unit, and how many of these are one of the figure's own."""

    words: str
    unit: str = ""
    scale: float = 1.0

    @property
    def head(self) -> str:
        """The head of a column, and the title of an axis: 'energy, µJ'."""
        return f"{self.words}, {self.unit}" if self.unit else self.words

    def number(self, value: float) -> str:
        """A value in this unit, without it."""
        return f"{value * self.scale:.2f}" if self.unit == "%" else significant(value * self.scale)

    def text(self, value: float) -> str:
        """A value with its name and unit: 'energy 8.43 µJ'."""
        return " ".join(filter(None, (self.words, self.number(value), self.unit)))


UNITS: Mapping[PairFigure, FigureUnit] = {
    PairFigure.ENERGY_J: FigureUnit(words="energy", unit="µJ", scale=1e6),
    PairFigure.LATENCY_S: FigureUnit(words="latency", unit="µs", scale=1e6),
    PairFigure.ENERGY_DELAY_JS: FigureUnit(words="energy x latency", unit="µJ µs", scale=1e12),
    PairFigure.CYCLES: FigureUnit(words="cycles"),
    PairFigure.AREA_MM2: FigureUnit(words="area", unit="mm²"),
    PairFigure.COST_USD: FigureUnit(words="cost", unit="USD"),
    PairFigure.MAX_CLOCK_MHZ: FigureUnit(words="fastest clock", unit="MHz"),
    PairFigure.ACCURACY: FigureUnit(words="accuracy", unit="%", scale=100.0),
}
