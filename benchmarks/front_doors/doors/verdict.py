"""How far the outputs of a compiled network are from those of its own framework."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chipsmith.tosa.graph import Array
from doors.subject import Comparison

FLOOR_DB = 20.0
"""Below it a float network that went through whole is wrong."""
LEAST_AGREEMENT = 0.95
"""Of the integers and booleans that a float network decides on: two values nearer than a step may change places."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """`sqnr_db` is that of the worst float output, None where all are exact; `wrong` says what is, None if nothing.

    `same_strings` is the share of inferences that spell the same, None where nothing is spelt.
    """

    sqnr_db: float | None
    wrong: str | None
    same_strings: float | None = None


def judge(outputs: Sequence[Array], expected: Sequence[Array], comparison: Comparison, *, steps: int = 0) -> Verdict:
    """Compare all outputs by their order, shapes and values; `steps` is how far integers may be off."""
    if len(outputs) != len(expected):
        return Verdict(sqnr_db=None, wrong=f"{len(outputs)} outputs for {len(expected)}")
    pairs = list(zip(outputs, expected, strict=True))
    shapes = [f"{list(got.shape)} for {list(wanted.shape)}" for got, wanted in pairs if got.shape != wanted.shape]
    if shapes:
        return Verdict(sqnr_db=None, wrong=f"shape {shapes[0]}")
    worst = worst_sqnr_db(outputs, expected)
    if comparison is Comparison.STRINGS:
        share = float(np.mean([spell(got) == spell(wanted) for got, wanted in zip(*pairs[0], strict=True)]))
        wrong = f"{share:.0%} of the strings agree" if share < LEAST_AGREEMENT else None
        return Verdict(sqnr_db=worst, wrong=wrong, same_strings=share)
    reasons = [_fault(got, wanted, comparison, steps) for got, wanted in pairs]
    return Verdict(sqnr_db=worst, wrong=next((reason for reason in reasons if reason), None))


def worst_sqnr_db(outputs: Sequence[Array], expected: Sequence[Array]) -> float | None:
    """The least of the float outputs; None where none differs."""
    figures = [sqnr_db(got, wanted) for got, wanted in zip(outputs, expected, strict=True) if wanted.dtype.kind == "f"]
    return min((figure for figure in figures if figure is not None), default=None)


def spell(scores: Array) -> list[int]:
    """The classes of (steps, classes), each run once and without class 0, which stands for nothing."""
    best = scores.argmax(-1)
    return [int(index) for index, before in zip(best, [0, *best[:-1]], strict=True) if index not in (0, before)]


def sqnr_db(got: Array, wanted: Array) -> float | None:
    """10 log10 of the energy of `wanted` over that of the difference; None where they are equal.

    Elements that are infinite in both, with the same sign, do not count; any other that is not finite is all noise.
    """
    wanted, got = wanted.astype(np.float64).ravel(), got.astype(np.float64).ravel()
    same = (got == wanted) | (np.isnan(got) & np.isnan(wanted))
    if same.all():
        return None
    signal = float(np.sum(np.where(np.isfinite(wanted), wanted, 0.0) ** 2))
    noise = float(np.sum((got[~same] - wanted[~same]) ** 2))
    if not np.isfinite(noise) or signal == 0.0:
        return -100.0
    return float(np.clip(10 * np.log10(signal / noise), -100.0, None))


def _fault(got: Array, wanted: Array, comparison: Comparison, steps: int) -> str | None:
    if comparison is Comparison.INTEGERS:
        off = int(np.count_nonzero(np.abs(got.astype(np.int64) - wanted) > steps))
        return f"{off} of {wanted.size} elements differ by more than {steps}" if off else None
    if wanted.dtype.kind == "f":
        figure = sqnr_db(got, wanted)
        return f"{figure:.1f} dB" if figure is not None and figure < FLOOR_DB else None
    agreement = float(np.mean(got == wanted)) if wanted.size else 1.0
    return f"{agreement:.0%} of the decisions agree" if agreement < LEAST_AGREEMENT else None
