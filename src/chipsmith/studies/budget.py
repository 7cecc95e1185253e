"""What a compressed network may take and may lose, and how much one has lost."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from chipsmith.errors import BadInput

if TYPE_CHECKING:
    from chipsmith.learn.validation.evaluate import Metric
    from chipsmith.profile.cost import ChipCost


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Largest latency and energy of one cold inference, and most points lost; None where it does not matter.

    Raises BadInput for a bound that is no number above 0 (a loss may be 0).
    """

    max_latency_us: float | None = None
    max_energy_uj: float | None = None
    max_accuracy_drop: float = 1.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None and not (0 < value < math.inf or (field.name == "max_accuracy_drop" and value == 0)):
                raise BadInput(f"--{field.name.replace('_', '-')} is {value}; it must be a number above 0")

    def bounded(self, cost: ChipCost) -> Budget:
        """This budget, or half of the latency of `cost` where it bounds neither latency nor energy."""
        if self.max_latency_us is not None or self.max_energy_uj is not None:
            return self
        return Budget(max_latency_us=cost.latency_us / 2, max_accuracy_drop=self.max_accuracy_drop)

    def excess(self, cost: ChipCost) -> float:
        """The largest share by which `cost` is above its bounds; 0 or less where it is within all of them."""
        pairs = ((cost.latency_us, self.max_latency_us), (cost.energy_uj, self.max_energy_uj))
        shares = [value / bound - 1 for value, bound in pairs if bound is not None]
        return max(shares, default=0.0)

    def describe(self) -> str:
        """The bounds in words."""
        parts = [f"{self.max_accuracy_drop:g} points lost"]
        if self.max_latency_us is not None:
            parts.insert(0, f"{self.max_latency_us:g} us")
        if self.max_energy_uj is not None:
            parts.insert(-1, f"{self.max_energy_uj:g} uJ")
        return "at most " + " and ".join(parts)


def points_lost(before: Metric, after: Metric) -> float:
    """Points (hundredths) of a share that were lost; per cent more of a figure of which less is wanted."""
    if before.better == "more":
        return 100 * (before.value - after.value)
    return 100 * (after.value / before.value - 1) if before.value else 0.0
