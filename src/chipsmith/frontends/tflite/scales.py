"""TensorFlow Lite's fixed-point arithmetic: real factors as multipliers and shifts, rounded twice."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from chipsmith.numerics import Int64Array, Integers, RoundingMode, Scale, apply_scale_32

_BITS = 31
_GREATEST_SHIFT = 62


def quantize_multiplier(real: npt.ArrayLike) -> Scale:
    """The 31-bit multiplier and the shift of each positive factor, halves away from zero; 0 stays 0."""
    fractions, exponents = np.frexp(np.asarray(real, np.float64))
    multipliers = np.floor(fractions * (1 << _BITS) + 0.5).astype(np.int64)
    overflow = multipliers == 1 << _BITS
    multipliers = np.where(overflow, multipliers >> 1, multipliers)
    shifts = _BITS - exponents.astype(np.int64) - overflow
    tiny = shifts > _GREATEST_SHIFT
    return Scale(multiplier=np.where(tiny, 0, multipliers), shift=np.where(tiny, _GREATEST_SHIFT, shifts))


def multiply(values: Integers, scale: Scale) -> Int64Array:
    """Integers times a factor, as the kernels of TensorFlow Lite round it."""
    return apply_scale_32(values, scale.multiplier, scale.shift, rounding_mode=RoundingMode.DOUBLE_ROUND)


UNIT = Scale(multiplier=np.array(1 << 30), shift=np.array(30))
"""The factor 1."""


def power_of_two(bits: int) -> Scale:
    """The factor 2**-bits that takes exact halves away from zero, and only those, for values below 2**30.

    It is a little less than 2**-bits: DOUBLE_ROUND's first half then counts for exact halves alone.
    """
    return Scale(multiplier=np.array((1 << _BITS) - 1), shift=np.array(_BITS + bits))
