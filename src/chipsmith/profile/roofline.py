"""Where an inference stands under its chip's roof, and what it is that keeps it from being faster."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from chipsmith.costs import Roofline, roofline
from chipsmith.program.actions import count_program
from chipsmith.program.instructions import Engine
from chipsmith.program.program import Program
from chipsmith.sim.cycle import Timeline

_MOSTLY = 0.5
"""An engine that is busy for less of the time does not by itself limit an inference."""


class Limit(StrEnum):
    """What an inference mostly waits for."""

    ARRAY = "array"
    VECTOR = "vector lanes"
    EXTERNAL = "external memory"
    STEPS = "steps in turn"
    """No engine is busy half of the time: instructions wait for one another."""


_LIMITS = {
    Engine.TENSOR: Limit.ARRAY,
    Engine.VECTOR: Limit.VECTOR,
    Engine.LOAD: Limit.EXTERNAL,
    Engine.STORE: Limit.EXTERNAL,
}


@dataclass(frozen=True, kw_only=True)
class RoofPlace:
    """An inference under the roof of its chip: the rates that its work allows, and the rate that it reaches.

    `macs` are those of the operators, window positions on the padding counted in, of which the compiler leaves out what
    it can; `read_bytes` and `written_bytes` go over the external channels, which work side by side; `cycles` is its
    latency. `busiest` is the engine with the most busy cycles, `busy_share` of the latency.
    """

    roof: Roofline
    macs: int
    read_bytes: int
    written_bytes: int
    cycles: int
    busiest: Engine
    busy_share: float

    @property
    def macs_per_byte(self) -> float:
        """Operational intensity: multiply-accumulates for each byte of the busier channel."""
        return self.macs / max(self.read_bytes, self.written_bytes, 1)

    @property
    def attainable_macs_per_cycle(self) -> float:
        """What the roof allows over that intensity."""
        return self.roof.attainable_macs_per_cycle(self.macs_per_byte)

    @property
    def achieved_macs_per_cycle(self) -> float:
        """What it reaches."""
        return self.macs / self.cycles

    @property
    def utilisation(self) -> float:
        """The share of the array's peak that it reaches."""
        return self.achieved_macs_per_cycle / self.roof.peak_macs_per_cycle

    @property
    def least_cycles(self) -> int:
        """Cycles that the roof asks for at least: of the multiply-accumulates or of the busier channel."""
        moved = max(self.read_bytes, self.written_bytes) / self.roof.external_bytes_per_cycle
        return math.ceil(max(self.macs / self.roof.peak_macs_per_cycle, moved))

    @property
    def share_of_roof(self) -> float:
        """The least cycles over those that it takes: 1 at the roof."""
        return self.least_cycles / self.cycles

    @property
    def roof_side(self) -> Limit:
        """Which side of the ridge it stands on: under the array's flat roof, or under the memory's slope."""
        level = self.macs_per_byte >= self.roof.ridge_macs_per_byte
        return Limit.ARRAY if level else Limit.EXTERNAL

    @property
    def limit(self) -> Limit:
        """What it mostly waits for: the busiest engine, if that is busy half of the time."""
        return _LIMITS[self.busiest] if self.busy_share >= _MOSTLY else Limit.STEPS


def place_under_roof(program: Program, timeline: Timeline, *, warm: bool = False) -> RoofPlace:
    """The place of one inference of a Program; `timeline` is that of a cold inference, or of a `warm` one."""
    counts = count_program(program, warm=warm)
    busiest = max(timeline.busy_cycles, key=lambda engine: timeline.busy_cycles[engine])
    return RoofPlace(
        roof=roofline(program.chip),
        macs=sum(span.macs for span in program.manifest.kernels),
        read_bytes=counts.external_read_bytes,
        written_bytes=counts.external_write_bytes,
        cycles=timeline.latency_cycles,
        busiest=busiest,
        busy_share=timeline.busy_share[busiest],
    )
