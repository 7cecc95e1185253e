"""What a network may cost and lose: one row an objective, from which bounds, options, sentences and tables come.

To add one: write its row and name it in COST_OBJECTIVES.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chipsmith.errors import BadInput

if TYPE_CHECKING:
    from chipsmith.profile.cost import ChipCost


@dataclass(frozen=True, kw_only=True)
class Objective(ABC):
    """A figure of which less is better, and how its upper bound is written.

    `name` has the unit in it, as `latency_us`. `label` and `unit` stand at the head of a page's column and beside an
    axis; `words` follow a value in a sentence and head a terminal's column, so that no two objectives share them.
    `default` is the bound where none is given; `help` says what the bound is of.
    """

    name: str
    label: str
    unit: str
    words: str
    help: str
    decimals: int
    default: float | None = None

    @property
    def bound_name(self) -> str:
        """The bound's name in Python and JSON, as `max_latency_us`."""
        return f"max_{self.name}"

    @property
    def option(self) -> str:
        """The bound's name on the command line, as `--max-latency-us`."""
        return f"--{self.bound_name.replace('_', '-')}"

    def format(self, value: float) -> str:
        """The value as tables have it, without its unit."""
        return f"{value:.{self.decimals}f}"

    def check(self, bound: float) -> None:
        """Raises BadInput for a bound that can bound nothing."""
        if not self._can_bound(bound):
            raise BadInput(f"{self.option} is {bound}; it must be a number above 0")

    @abstractmethod
    def excess(self, value: float, bound: float) -> float:
        """The share by which `value` is above `bound`; 0 or less where it is within."""

    def _can_bound(self, bound: float) -> bool:
        return 0 < bound < math.inf


@dataclass(frozen=True, kw_only=True)
class CostObjective(Objective):
    """An objective that the cost of a network on its chip tells, before any training: `read` takes it from there."""

    read: Callable[[ChipCost], float]

    def excess(self, value: float, bound: float) -> float:
        """See Objective.excess."""
        return value / bound - 1


@dataclass(frozen=True, kw_only=True)
class LossObjective(Objective):
    """Points lost against the network before: known of a trained network alone; none at all may be asked for."""

    def excess(self, value: float, bound: float) -> float:
        """See Objective.excess; of one point at least, for a bound may be 0."""
        return (value - bound) / max(1.0, bound)

    def _can_bound(self, bound: float) -> bool:
        return 0 <= bound < math.inf


LATENCY = CostObjective(
    name="latency_us",
    label="latency",
    unit="µs",
    words="µs",
    help="Microseconds that a cold inference may take.",
    decimals=1,
    read=lambda cost: cost.latency_us,
)
ENERGY = CostObjective(
    name="energy_uj",
    label="energy",
    unit="µJ",
    words="µJ",
    help="Microjoules that a cold inference may take.",
    decimals=2,
    read=lambda cost: cost.energy_uj,
)
ACCURACY_DROP = LossObjective(
    name="accuracy_drop",
    label="points lost",
    unit="points",
    words="points lost",
    help="Points that may be lost against the float network.",
    decimals=2,
    default=1.0,
)

COST_OBJECTIVES: tuple[CostObjective, ...] = (LATENCY, ENERGY)
"""What is known of a network before it is trained; the first is aimed at where none of them is bounded."""
OBJECTIVES: tuple[Objective, ...] = (*COST_OBJECTIVES, ACCURACY_DROP)
"""All that can be bounded, in the order of options, sentences and tables."""
