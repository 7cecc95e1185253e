"""Signal to noise, as every witness counts it."""

from __future__ import annotations

import math


def sqnr_db(signal: float, noise: float) -> float | None:
    """10 log10(signal / noise) of two sums of squares; None where there is no signal, or no noise."""
    return 10 * math.log10(signal / noise) if signal and noise else None
