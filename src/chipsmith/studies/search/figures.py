"""What is known of a pair of networks and a chip: the figures that a study names in objectives and constraints."""

from __future__ import annotations

import enum
import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chipsmith.errors import BadInput
from chipsmith.shown import Shown
from chipsmith.studies.oracle import PairScore
from chipsmith.suggest import nearest_at_end


class PairFigure(enum.StrEnum):
    """A figure of a pair; its unit is in its name. Of several networks, those of an inference are weighted sums."""

    ENERGY_J = "energy_j"
    LATENCY_S = "latency_s"
    ENERGY_DELAY_JS = "energy_delay_js"
    CYCLES = "cycles"
    AREA_MM2 = "area_mm2"
    COST_USD = "cost_usd"
    MAX_CLOCK_MHZ = "max_clock_mhz"
    ACCURACY = "accuracy"
    """Of the int8 networks on their validation parts: the mean by weight; of networks that recipes train alone."""


Figures = Mapping[PairFigure, float]

LEAST_NUMBER, GREATEST_NUMBER = 1e-60, 1e60
"""Bounds of a study's numbers: quotients of such a number and a figure are ordinary floating-point numbers."""

_DROP = "accuracy_drop"


def sum_figures(scores: Sequence[PairScore], weights: Sequence[float], *, accuracy: float | None = None) -> Figures:
    """The figures of networks on one chip: energy, latency and cycles are sums by weight, the rest is the chip's.

    The energy-delay product is that of the sums. `accuracy` is that of the networks; None where it is not known.
    """
    chip = scores[0]
    energy, latency, cycles = (
        sum(weight * getattr(score, name) for weight, score in zip(weights, scores, strict=True))
        for name in ("energy_j", "latency_s", "cycles")
    )
    return {
        PairFigure.ENERGY_J: energy,
        PairFigure.LATENCY_S: latency,
        PairFigure.ENERGY_DELAY_JS: energy * latency,
        PairFigure.CYCLES: cycles,
        PairFigure.AREA_MM2: chip.area_mm2,
        PairFigure.COST_USD: chip.cost_usd,
        PairFigure.MAX_CLOCK_MHZ: chip.max_clock_mhz,
        **({} if accuracy is None else {PairFigure.ACCURACY: accuracy}),
    }


def parse_figure(name: str, *, key: str) -> PairFigure:
    """The figure of this name; raises BadInput, which names the key of the study, where there is none."""
    try:
        return PairFigure(name)
    except ValueError:
        pass
    if name == _DROP:
        raise BadInput(f"{key}: a study has no {name}; bound the accuracy itself, as accuracy >= 0.97")
    raise BadInput(f"{key}: there is no figure '{name}'; there are {', '.join(PairFigure)}{_near(name)}")


def _near(name: str) -> str:
    return nearest_at_end(name, PairFigure)


class BudgetSide(enum.StrEnum):
    """On which side of its bound a figure has to be."""

    AT_MOST = "<="
    AT_LEAST = ">="


_CONSTRAINT = re.compile(r"\s*(\w+)\s*(<=|>=)\s*(\S+)\s*")


@dataclass(frozen=True, kw_only=True)
class Constraint(Shown):
    """A budget: a figure that has to be at most, or at least, so much."""

    figure: PairFigure
    side: BudgetSide
    bound: float

    def __str__(self) -> str:
        return f"{self.figure} {self.side} {self.bound:g}"

    def excess(self, figures: Figures) -> float:
        """The share of the bound by which the figure is on the wrong side; 0 or less where the budget is kept.

        Of an accuracy it is the share of the errors that the bound allows: 0.96 is by a third too little for 0.97.
        """
        difference = figures[self.figure] - self.bound
        whole = 1 - self.bound if self.figure is PairFigure.ACCURACY else self.bound
        return (difference if self.side is BudgetSide.AT_MOST else -difference) / whole


def parse_constraint(text: str) -> Constraint:
    """A constraint as "area_mm2 <= 0.3"; raises BadInput for another form, an unknown figure or a bound below 0."""
    key = f"constraints: '{text}'"
    match = _CONSTRAINT.fullmatch(text)
    if match is None:
        raise BadInput(f"{key} is no budget; write FIGURE <= NUMBER or FIGURE >= NUMBER, as area_mm2 <= 0.3")
    figure = parse_figure(match[1], key=key)
    try:
        bound = float(match[3])
    except ValueError:
        raise BadInput(f"{key}: '{match[3]}' is no number; write a bound such as 0.3 or 1e-6") from None
    if not LEAST_NUMBER <= bound <= GREATEST_NUMBER:
        raise BadInput(f"{key}: a bound is a number above 0, from {LEAST_NUMBER:g} to {GREATEST_NUMBER:g}")
    side = BudgetSide(match[2])
    if figure is PairFigure.ACCURACY and (side is BudgetSide.AT_MOST or bound >= 1):
        raise BadInput(f"{key}: an accuracy is at least a share below 1; write accuracy >= 0.97")
    return Constraint(figure=figure, side=side, bound=bound)


def check_consistent(constraints: Sequence[Constraint]) -> None:
    """Raises BadInput where two constraints leave nothing between them, or bound a figure on the same side."""
    for constraint, other in itertools.combinations(constraints, 2):
        if (constraint.figure, constraint.side) == (other.figure, other.side):
            raise BadInput(f"constraints: '{constraint}' and '{other}' bound the same side of a figure: keep one")
    lows = [each for each in constraints if each.side is BudgetSide.AT_LEAST]
    highs = [each for each in constraints if each.side is BudgetSide.AT_MOST]
    for low in lows:
        for high in highs:
            if low.figure is high.figure and low.bound > high.bound:
                raise BadInput(f"constraints: '{low}' and '{high}' exclude each other: remove or change one")
