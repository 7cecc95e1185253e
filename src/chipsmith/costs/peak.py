"""What a chip can do at best: peak rates, the roofline, and efficiency."""

from __future__ import annotations

from dataclasses import dataclass

from chipsmith.chip import Chip
from chipsmith.costs.energy import EnergyEstimate
from chipsmith.program.actions import ActionCounts

OPERATIONS_PER_MAC = 2
"""A multiply-accumulate counts as two operations."""


@dataclass(frozen=True, kw_only=True)
class Roofline:
    """The roof of a chip: at most `peak_macs_per_cycle`, and `external_bytes_per_cycle` each way."""

    peak_macs_per_cycle: int
    external_bytes_per_cycle: int

    @property
    def ridge_macs_per_byte(self) -> float:
        """Multiply-accumulates a byte at which the array, not the external memory, is the bound."""
        return self.peak_macs_per_cycle / self.external_bytes_per_cycle

    def attainable_macs_per_cycle(self, macs_per_byte: float) -> float:
        """The roof over an intensity of `macs_per_byte` multiply-accumulates a byte read from external memory."""
        return min(float(self.peak_macs_per_cycle), macs_per_byte * self.external_bytes_per_cycle)


def roofline(chip: Chip) -> Roofline:
    """The roofline of a chip over the bytes that it reads from external memory."""
    return Roofline(peak_macs_per_cycle=chip.macs, external_bytes_per_cycle=chip.external.bytes_per_cycle)


def peak_tops(chip: Chip) -> float:
    """Peak 8-bit operations a second in units of 10^12; a multiply-accumulate is two."""
    return OPERATIONS_PER_MAC * chip.macs * chip.clock_hz / 1e12


def tops_per_watt(counts: ActionCounts, energy: EnergyEstimate) -> float:
    """Operations of the array in an inference over its energy, in 10^12 a joule, external memory included."""
    return OPERATIONS_PER_MAC * counts.mac_int8 / energy.total_pj
