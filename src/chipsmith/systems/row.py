"""The noun SystemRow: one network on one system, and how its figures were obtained."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from chipsmith.profile.profile import Evidence
from chipsmith.schema import Json
from chipsmith.shown import Shown

MAKER = "Chipsmith"
"""Whose systems are those that this package describes itself."""
NOT_STATED = "not stated"
"""What stands where a source is silent."""


class Generation(StrEnum):
    """What a system computes on, in the order in which the generations came."""

    ONE_CORE = "one core"
    MANY_CORES = "many cores"
    GPU = "gpu"
    DEDICATED = "dedicated"
    QUANTUM = "quantum"


@dataclass(frozen=True, kw_only=True)
class SystemRow(Shown):
    """One network on one system.

    `how` its figures were obtained and from what (`source`: a document with its commit or page, a command, a library
    with its version). `latency_us` is of one inference (p50 where it was measured here, then `p99_us` too), `energy_uj`
    of one inference, with `energy_band_uj` (low, high) where it is an estimate; `energy_how` where it was obtained in
    another way than the time. `instructions` an inference takes on an emulated core: they are never turned into time.
    `accuracy` (with its 95 % interval) stands for a quantum circuit, whose answers alone are compared. `boundary` says
    what is inside of the figures, and `boundary_source` which document says so; "not stated" where a source is silent.
    None is what is not known.

    `organisation` is whose figures they are, `edition` the round in which they were published, `hardware` and
    `software` what the source names, `grouped_by` why the row stands in its generation. `threads` is how many computed,
    where that was chosen.
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
    energy_how: Evidence | None = None
    instructions: int | None = None
    accuracy: float | None = None
    accuracy_interval: tuple[float, float] | None = None
    organisation: str = ""
    edition: str = ""
    hardware: str = ""
    software: str = ""
    precision: str = ""
    threads: int | None = None
    grouped_by: str = ""
    boundary_source: str = ""

    @property
    def energy_evidence(self) -> Evidence:
        """How the energy was obtained."""
        return self.energy_how or self.how

    @property
    def is_judged(self) -> bool:
        """Whether its answers are what is compared: it has an accuracy, and no time that stands beside others'."""
        return self.accuracy is not None

    @property
    def full_name(self) -> str:
        """The system with whose it is."""
        return f"{self.organisation}: {self.system}" if self.organisation else self.system

    def to_json(self) -> Json:
        """The row as a JSON object; null is what is not known."""
        return {**vars(self), "energy_how": None if self.energy_uj is None else self.energy_evidence}


@dataclass(frozen=True, kw_only=True)
class LeftOut(Shown):
    """Something that is not among the rows, and why."""

    what: str
    reason: str
