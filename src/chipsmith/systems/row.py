"""The noun SystemRow: one network on one system, and how its figures were obtained."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from chipsmith.profile.profile import Evidence


class Generation(StrEnum):
    """What a system computes on, in the order in which the generations came."""

    ONE_CORE = "one core"
    MANY_CORES = "many cores"
    GPU = "gpu"
    DEDICATED = "dedicated"
    QUANTUM = "quantum"


@dataclass(frozen=True, kw_only=True)
class SystemRow:
    """One network on one system.

    `how` its figures were obtained and from what (`source`: a document with its commit or page, a command, a library
    with its version). `latency_us` is of one inference (p50 where it was measured here, then `p99_us` too), `energy_uj`
    of one inference, with `energy_band_uj` (low, high) where it is an estimate. `instructions` an inference takes on an
    emulated core: they are never turned into time. `boundary` says what is inside of the figures; "not stated" where a
    source is silent. None is what is not known.
    """

    network: str
    system: str
    generation: Generation
    how: Evidence
    boundary: str
    source: str
    latency_us: float | None = None
    p99_us: float | None = None
    energy_uj: float | None = None
    energy_band_uj: tuple[float, float] | None = None
    instructions: int | None = None
