"""How near rounded outputs are to those in floating point."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from chipsmith.quantisation.plan import Reals
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
    if not math.isfinite(noise):
        return -LARGEST_DB
    return min(LARGEST_DB, 10 * math.log10(signal / noise)) if signal > 0 else -LARGEST_DB


@dataclass(frozen=True, kw_only=True)
class OutputVerdict:
    """How near the outputs of a choice come, over all inputs and of each: the SQNR of their mean share of noise.

    So the output that is furthest off decides, however exact the others are.
    """

    sqnr_db: float
    by_input: Reals

    def betters(self, other: OutputVerdict) -> bool:
        """Whether it is nearer over all inputs, and input by input by more than chance: twice the mean gain's error."""
        gain, error = self.gain_over(other)
        return self.sqnr_db > other.sqnr_db and gain > 2 * error

    def gain_over(self, other: OutputVerdict) -> tuple[float, float]:
        """The mean of what each input gains, in dB, and the standard error of that mean."""
        gains = self.by_input - other.by_input
        error = float(gains.std(ddof=1)) / math.sqrt(len(gains)) if len(gains) > 1 else 0.0
        return float(gains.mean()), error


def explain_refusal(verdict: OutputVerdict, kept: OutputVerdict) -> str:
    """Why a choice does not stay although its outputs are nearer over all inputs; empty where they are not."""
    if verdict.sqnr_db <= kept.sqnr_db:
        return ""
    gain, error = verdict.gain_over(kept)
    return f"input by input it may be chance: {gain:+.1f} dB in the mean, with a standard error of {error:.1f}"


def judge_outputs(reference: Mapping[str, Array], values: Mapping[str, Array]) -> OutputVerdict:
    """The verdict on outputs (n, *shape) by name, of n inputs; LARGEST_DB where there is no output."""
    ratios = [signal_to_noise_db(reference[name], values[name]) for name in reference]
    rows = [
        [signal_to_noise_db(own, other) for own, other in zip(reference[name], values[name], strict=True)]
        for name in reference
    ]
    if not ratios:
        return OutputVerdict(sqnr_db=LARGEST_DB, by_input=np.zeros(1))
    return OutputVerdict(sqnr_db=float(_join_outputs(np.array(ratios))), by_input=_join_outputs(np.array(rows)))


def _join_outputs(ratios_db: Reals) -> Reals:
    """The mean over axis 0 of ratios in dB, as shares of noise."""
    return np.asarray(-10 * np.log10(np.mean(10 ** (-ratios_db / 10), axis=0)))
