"""What a compressed network may take and may lose, and how much one has lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chipsmith.errors import BadInput
from chipsmith.shown import Shown
from chipsmith.studies.objectives import ACCURACY_DROP, COST_OBJECTIVES, OBJECTIVES, CostObjective, Objective

if TYPE_CHECKING:
    from chipsmith.learn.validation.evaluate import Metric
    from chipsmith.profile.cost import ChipCost


@dataclass(frozen=True, init=False)
class Budget(Shown):
    """Upper bounds of objectives (`chipsmith.studies.objectives`): `Budget(max_latency_us=100, max_accuracy_drop=0.5)`.

    `bounds` has all of them by `Objective.bound_name`, in the registry's order: None bounds nothing; what is not given
    is the objective's default. Raises BadInput for a bound of no objective, or that is no number above 0 (a loss may
    be 0).
    """

    bounds: Mapping[str, float | None]

    def __init__(self, **bounds: float | None) -> None:
        complete = {objective.bound_name: objective.default for objective in OBJECTIVES}
        unknown = [name for name in bounds if name not in complete]
        if unknown:
            raise BadInput(f"there is no bound {unknown[0]}; there are {', '.join(complete)}")
        object.__setattr__(self, "bounds", {**complete, **bounds})
        for objective in OBJECTIVES:
            bound = self.bound(objective)
            if bound is not None:
                objective.check(bound)

    @classmethod
    def parse(cls, plain: Budget | Mapping[str, float | None]) -> Budget:
        """The budget whose `bounds` are given, as they stand in JSON; a Budget is itself."""
        return plain if isinstance(plain, Budget) else cls(**plain)

    def bound(self, objective: Objective) -> float | None:
        """The largest value of an objective; None where it does not matter."""
        return self.bounds[objective.bound_name]

    @property
    def cost_bounds(self) -> tuple[tuple[CostObjective, float], ...]:
        """The objectives of cost that are bounded, with their bounds."""
        pairs = ((objective, self.bound(objective)) for objective in COST_OBJECTIVES)
        return tuple((objective, bound) for objective, bound in pairs if bound is not None)

    def bounded(self, cost: ChipCost) -> Budget:
        """This budget, or half of the first objective of `cost` where it bounds no cost."""
        if self.cost_bounds:
            return self
        first = COST_OBJECTIVES[0]
        return Budget(**{**self.bounds, first.bound_name: first.read(cost) / 2})

    def excess(self, cost: ChipCost) -> float:
        """The largest share by which `cost` is above its bounds; 0 or less where it is within all of them."""
        shares = [objective.excess(objective.read(cost), bound) for objective, bound in self.cost_bounds]
        return max(shares, default=0.0)

    def violation(self, cost: ChipCost, *, lost: float) -> float:
        """As `excess`, with the points that are `lost` too."""
        bound = self.bound(ACCURACY_DROP)
        return self.excess(cost) if bound is None else max(self.excess(cost), ACCURACY_DROP.excess(lost, bound))

    def allows(self, *, lost: float) -> bool:
        """Whether so many points may be lost."""
        bound = self.bound(ACCURACY_DROP)
        return bound is None or lost <= bound

    def describe(self) -> str:
        """The bounds in words."""
        pairs = ((self.bound(objective), objective.words) for objective in OBJECTIVES)
        return "at most " + " and ".join(f"{bound:g} {words}" for bound, words in pairs if bound is not None)


def points_lost(before: Metric, after: Metric) -> float:
    """Points (hundredths) of a share that were lost; per cent more of a figure of which less is wanted."""
    if before.better == "more":
        return 100 * (before.value - after.value)
    return 100 * (after.value / before.value - 1) if before.value else 0.0
