"""The nouns ScalingPoint, ScalingCurve and Scaling: how a network's time changes with what it is given."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from chipsmith.profile.profile import Evidence
from chipsmith.schema import SCHEMA_VERSION, Json
from chipsmith.shown import Pictured, Shown
from chipsmith.studies.scaling.axes import ScalingAxis

KNEE_GAIN = 1.2
"""A doubling that makes a network less than so many times faster is past the knee."""


@dataclass(frozen=True, kw_only=True)
class ScalingPoint(Shown):
    """A network with so much of a resource: `amount` of it, written as `label`.

    `latency_us` is the time of one inference: of a batch, its time over its inferences. `speedup` is against the
    curve's first point that has a time, `efficiency` the speed-up over how many times more of the resource there is; a
    batch, which takes no more of anything, has none.
    Of a point on a chip: `busy` is the share of the time in which each engine is held, `utilisation` the share of the
    array's multiply-accumulates that are the network's, `gains` how many times faster twice as much of each resource
    would make it (simulated; without those that no legal chip has), `memory_peak_bytes` and the estimated `area_mm2`
    of the chip. `compared` outputs of a batch are held against the reference of single inferences, `mismatches` of them
    differ. `reason` says why there is no time: the chip is illegal, or the network does not fit.
    """

    amount: int
    label: str
    latency_us: float | None = None
    p99_us: float | None = None
    speedup: float | None = None
    efficiency: float | None = None
    utilisation: float | None = None
    busy: Mapping[str, float] | None = None
    gains: Mapping[ScalingAxis, float] | None = None
    memory_peak_bytes: int | None = None
    area_mm2: float | None = None
    compared: int | None = None
    mismatches: int | None = None
    reason: str = ""

    @property
    def inferences_per_second(self) -> float | None:
        """One inference, or one batch, after the other."""
        return None if self.latency_us is None else 1e6 / self.latency_us

    def to_json(self) -> Json:
        """Its fields, and what follows from them."""
        derived = {"inferences_per_second": self.inferences_per_second, "binds": self.binds}
        return {**dataclasses.asdict(self), **derived}

    @property
    def binds(self) -> ScalingAxis | None:
        """The resource of the chip that helps most when doubled; None where none helps by KNEE_GAIN."""
        gains = self.gains or {}
        best = max(gains, key=lambda axis: gains[axis], default=None)
        return best if best is not None and gains[best] >= KNEE_GAIN else None


@dataclass(frozen=True, kw_only=True)
class ScalingCurve(Shown):
    """Points along one axis, from little to much; `title` and `unit` of what grows; how the times were obtained.

    `knee` is the index of the last point before a doubling helps less than KNEE_GAIN, None where every doubling helps
    more; `explanation` says it in a sentence. `serial_share`, of threads: the share of the work that more threads leave
    as it is, by Amdahl's law from the last point.
    """

    axis: ScalingAxis
    title: str
    unit: str
    kind: Evidence
    source: str
    points: tuple[ScalingPoint, ...]
    knee: int | None
    explanation: str
    serial_share: float | None = None

    def _brief(self) -> str:
        return f"{self.title}: {self.explanation} ({self.kind.value})"

    def to_json(self) -> Json:
        """Its fields."""
        return {**dataclasses.asdict(self), "points": [point.to_json() for point in self.points]}

    @property
    def timed(self) -> tuple[ScalingPoint, ...]:
        """The points that have a time."""
        return tuple(point for point in self.points if point.latency_us is not None)


@dataclass(frozen=True, kw_only=True)
class Scaling(Pictured):
    """A network on a chip, and on this computer, over what it is given; `skipped` are axes left out, and why."""

    network: str
    chip: str
    curves: tuple[ScalingCurve, ...]
    skipped: Mapping[ScalingAxis, str]

    def _brief(self) -> str:
        knees = [
            f"{curve.axis} {'none' if curve.knee is None else curve.points[curve.knee].label}" for curve in self.curves
        ]
        return (
            f"{self.network} from {self.chip}; knees: {', '.join(knees)}{f'; {self.failure}' if self.failure else ''}"
        )

    @property
    def failure(self) -> str:
        """That a batch does not give the bits of its inferences, in words; empty where all do."""
        points = [point for curve in self.curves for point in curve.points if point.mismatches]
        wrong = ", ".join(f"batch {point.label}: {point.mismatches} of {point.compared} outputs" for point in points)
        return f"a batch differs from its inferences one by one: {wrong}" if wrong else ""

    def to_json(self) -> Json:
        """The object of `chipsmith scale --json`."""
        return {
            "schema_version": SCHEMA_VERSION,
            "network": self.network,
            "chip": self.chip,
            "curves": [curve.to_json() for curve in self.curves],
            "skipped": dict(self.skipped),
        }
