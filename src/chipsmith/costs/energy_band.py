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


_MEMORIES = Spread(
    low=0.71, high=1.41, reason="CACTI lies 7 % above to 29 % below Horowitz's memories; as much either way"
)
_LOGIC = Spread(
    low=0.5, high=2.0, reason="the gates of one library, before layout and scaled to the node: half to twice"
)
_SINGLE_SOURCE = Spread(low=0.5, high=2.0, reason="one source alone: half to twice, assumed")

SPREADS: Mapping[str, Spread] = {
    "array": _LOGIC,
    "rest of tensor engine": _LOGIC,
    "accumulators": _MEMORIES,
    "multipliers": _LOGIC,
    "vector engine": _LOGIC,
    "tables": _MEMORIES,
    "memory ports": _LOGIC,
    "on-chip memory": _MEMORIES,
    "load engine": _LOGIC,
    "store engine": _LOGIC,
    "instructions": _LOGIC,
    "sequencer": _LOGIC,
    "clock tree": _LOGIC,
    "rest": _LOGIC,
    "leakage": _SINGLE_SOURCE,
    "external memory": Spread(low=1.0, high=1.75, reason="8 pJ a bit of LPDDR4, 13 to 14 in a thesis"),
}
"""By the component of an EnergyLine; leakage is one of its own."""


def energy_band(components: Mapping[str, float]) -> tuple[float, float]:
    """The lowest and the highest sum of energies by component, each at the end of its spread; in their own unit."""
    low = sum(energy * SPREADS[name].low for name, energy in components.items())
    high = sum(energy * SPREADS[name].high for name, energy in components.items())
    return low, high
