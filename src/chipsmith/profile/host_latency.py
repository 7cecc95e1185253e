"""The noun HostLatency: how long inferences took on a computer, as its clock has it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chipsmith.shown import Shown
from chipsmith.units import count_things, format_time


@dataclass(frozen=True, kw_only=True)
class HostLatency(Shown):
    """Wall times of single warm inferences, in microseconds, in the order in which they ran; at least one."""

    samples_us: NDArray[np.float64]

    def _brief(self) -> str:
        return (
            f"p50 {format_time(self.p50_us)}, p99 {format_time(self.p99_us)} over "
            f"{count_things(len(self.samples_us), 'inference')} (measured)"
        )

    @property
    def p50_us(self) -> float:
        """The median."""
        return float(np.percentile(self.samples_us, 50))

    @property
    def p99_us(self) -> float:
        """What 99 of 100 inferences stay below."""
        return float(np.percentile(self.samples_us, 99))
