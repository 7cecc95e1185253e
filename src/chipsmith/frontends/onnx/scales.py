"""Real factors as the multipliers and shifts of RESCALE."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from chipsmith.errors import OperatorRefused
from chipsmith.numerics import Scale

Reals: TypeAlias = npt.NDArray[np.float64]

_MULTIPLIER_BITS = 31
_LEAST_SHIFT, _GREATEST_SHIFT = 2, 62


def to_fixed_point(ratios: Reals) -> Scale:
    """The multiplier (31 bits) and the shift nearest to each positive ratio; equal ones throughout become one.

    Raises OperatorRefused where a ratio is not positive and finite, or too large for RESCALE (2**29 and more).
    """
    flat = np.unique(ratios) if len(np.unique(ratios)) == 1 else ratios
    if not (np.isfinite(flat).all() and (flat > 0).all()):
        raise OperatorRefused(
            f"a scale ratio of {float(np.min(flat))} has no fixed-point form; scales must be positive"
        )
    fractions, exponents = np.frexp(flat)
    multipliers = np.rint(fractions * (1 << _MULTIPLIER_BITS)).astype(np.int64)
    shifts = _MULTIPLIER_BITS - exponents.astype(np.int64)
    overflow = multipliers == 1 << _MULTIPLIER_BITS
    multipliers, shifts = np.where(overflow, multipliers >> 1, multipliers), shifts - overflow
    if shifts.min() < _LEAST_SHIFT:
        raise OperatorRefused(f"a scale ratio of {float(np.max(flat)):.3g} is too large for RESCALE")
    surplus = np.minimum(np.maximum(shifts - _GREATEST_SHIFT, 0), _MULTIPLIER_BITS)
    return Scale(multiplier=multipliers >> surplus, shift=np.minimum(shifts, _GREATEST_SHIFT))
