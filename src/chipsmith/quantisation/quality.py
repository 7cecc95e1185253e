"""How near rounded outputs are to those in floating point."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from chipsmith.tosa.graph import Array

LARGEST_DB = 150.0
"""More than float32 tells apart: what equal values have."""


def signal_to_noise_db(reference: Array, values: Array) -> float:
    """10 log10 of the power of the reference over that of the difference; at most LARGEST_DB.

    Integers and booleans are labels: the count of all over that of those that differ.
    """
    if reference.dtype.kind != "f":
        differing = float(np.mean(reference != values))
        return LARGEST_DB if differing == 0 else -10 * math.log10(differing)
    wide, error = reference.astype(np.float64), np.subtract(values, reference, dtype=np.float64)
    signal, noise = float(np.vdot(wide, wide)), float(np.vdot(error, error))
    if noise == 0:
        return LARGEST_DB
    return min(LARGEST_DB, 10 * math.log10(signal / noise)) if signal > 0 else -LARGEST_DB


def mean_sqnr_db(reference: Mapping[str, Array], values: Mapping[str, Array]) -> float:
    """The mean of signal_to_noise_db over all outputs by name; LARGEST_DB where there is none."""
    ratios = [signal_to_noise_db(reference[name], values[name]) for name in reference]
    return sum(ratios) / len(ratios) if ratios else LARGEST_DB
