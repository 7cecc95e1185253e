"""How far the sources of an energy estimate lie apart: a low and a high factor for each component, with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Spread:
    """What a component's estimate is multiplied by to reach the lowest and the highest that a source supports."""

    low: float
    high: float
    reason: str


_MEMORIES = Spread(low=0.93, high=1.41, reason="CACTI lies 7 % above to 29 % below Horowitz's memories")
_EITHER_BANK = Spread(low=0.46, high=1.41, reason="as other memories; an access may open one bank of two")
_MULTIPLIERS = Spread(
    low=0.88, high=4.09, reason="Eyeriss' arithmetic 14 % lower; Aladdin's product is 12.68 pJ, not 3.1"
)
_SINGLE_SOURCE = Spread(low=0.5, high=2.0, reason="one source alone: half to twice, assumed")

SPREADS: Mapping[str, Spread] = {
    "array": _MULTIPLIERS,
    "multipliers": _MULTIPLIERS,
    "vector lanes": _MULTIPLIERS,
    "accumulators": _MEMORIES,
    "instructions": _MEMORIES,
    "memory": _EITHER_BANK,
    "tables": _EITHER_BANK,
    "weight registers": _SINGLE_SOURCE,
    "sequencer": _SINGLE_SOURCE,
    "leakage": _SINGLE_SOURCE,
    "external memory": Spread(low=1.0, high=1.75, reason="8 pJ a bit of LPDDR4, 13 to 14 in a thesis"),
}
"""By the component of an EnergyLine; leakage is one of its own."""


def energy_band(components: Mapping[str, float]) -> tuple[float, float]:
    """The lowest and the highest sum of energies by component, each at the end of its spread; in their own unit."""
    low = sum(energy * SPREADS[name].low for name, energy in components.items())
    high = sum(energy * SPREADS[name].high for name, energy in components.items())
    return low, high
