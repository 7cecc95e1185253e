"""What the page of an estimate shows: for each chip the profile of an inference, and what bounds it."""

from __future__ import annotations

from dataclasses import dataclass

from chipsmith.profile.measure import describe_chip, full_profile
from chipsmith.profile.profile import ChipRecord, HostStep, Profile
from chipsmith.profile.roofline import RoofPlace, place_under_roof
from chipsmith.profile.time_breakdown import TimeShare, time_shares
from chipsmith.program.program import Program
from chipsmith.sim.cycle import simulate
from chipsmith.witness.check.verdict import SourceCheck


@dataclass(frozen=True, kw_only=True)
class ChipEstimate:
    """A network on a chip: its inference in full, its places under the roof, and where its time goes, cold.

    `name` is the chip's, numbered where another of the page has the same.
    """

    name: str
    chip: ChipRecord
    inference: Profile
    cold: RoofPlace
    warm: RoofPlace
    shares: tuple[TimeShare, ...]

    @property
    def computing_cycles(self) -> int:
        """Cycles in which an engine computes."""
        return sum(share.computing_cycles for share in self.shares)

    @property
    def external_cycles(self) -> int:
        """Cycles in which nothing computes, for a transfer has still to end."""
        return sum(share.external_cycles for share in self.shares)

    @property
    def other_cycles(self) -> int:
        """Cycles in which nothing computes for another reason."""
        return sum(share.other_cycles for share in self.shares)


@dataclass(frozen=True, kw_only=True)
class EstimateRecord:
    """A network on chips, each once and in the order in which they were asked for; `check` as in a CompileResult.

    `host_steps` are what the host does around the chip, empty where that is not known.
    """

    network: str
    chips: tuple[ChipEstimate, ...]
    check: SourceCheck | None = None
    host_steps: tuple[HostStep, ...] = ()


def estimate_in_full(program: Program, *, name: str, volume: int) -> ChipEstimate:
    """All that the page shows of a Program on its chip, under that name; `volume` chips are built."""
    cold, warm = simulate(program), simulate(program, warm=True)
    return ChipEstimate(
        name=name,
        chip=describe_chip(program.chip),
        inference=full_profile(program, cold=cold, warm=warm, volume=volume),
        cold=place_under_roof(program, cold),
        warm=place_under_roof(program, warm, warm=True),
        shares=time_shares(program, cold),
    )
