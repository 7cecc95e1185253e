"""What each channel of a tensor has been over a calibration."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from chipsmith.quantisation.plan import Reals
from chipsmith.tosa.operators.row import Values


@dataclass(kw_only=True)
class ChannelStatistics:
    """The sum, the number and the greatest magnitude of the values of each index of a tensor's last axis."""

    total: Reals = field(default_factory=lambda: np.zeros(1))
    largest: Reals = field(default_factory=lambda: np.zeros(1))
    count: int = 0

    def add(self, values: Values) -> None:
        """Count values (n, ..., channels)."""
        rows = values.reshape(-1, values.shape[-1])
        self.total = self.total + rows.mean(axis=0) * float(len(rows))
        self.largest = np.maximum(self.largest, np.maximum(rows.max(axis=0), -rows.min(axis=0)))
        self.count += len(rows)

    def join(self, other: ChannelStatistics) -> ChannelStatistics:
        """Those of the values of both."""
        return ChannelStatistics(
            total=self.total + other.total,
            largest=np.maximum(self.largest, other.largest),
            count=self.count + other.count,
        )

    @property
    def mean(self) -> Reals:
        """The mean of each channel; 0 where nothing was counted."""
        return self.total / max(self.count, 1)
