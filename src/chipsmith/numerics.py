"""Exact integer arithmetic of TOSA and of the machine: the only rounding, shifting and saturating.

Every function works element by element on integers of any numpy type or on Python's own, broadcasts its
arguments as numpy does, computes in int64 and returns int64 arrays. Formulas are those of the TOSA 1.0
specification (sections "Integer behaviour" and the pseudocode of the operators).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Int64Array: TypeAlias = npt.NDArray[np.int64]
Integers: TypeAlias = npt.NDArray[np.integer[Any]] | npt.NDArray[np.bool_] | np.integer[Any] | int

INT32_BITS = 32
TABLE_INT16_ENTRIES = 513


class RoundingMode(enum.Enum):
    """How apply_scale_32 rounds; the values are TOSA's names."""

    SINGLE_ROUND = "SINGLE_ROUND"
    """To the nearest, halves up."""
    INEXACT_ROUND = "INEXACT_ROUND"
    """Free to the implementation within TOSA's bound; here the same as SINGLE_ROUND."""
    DOUBLE_ROUND = "DOUBLE_ROUND"
    """Once at bit 31 away from zero, then at the shift: what TensorFlow Lite's kernels do."""


@dataclass(frozen=True, kw_only=True)
class Scale:
    """A positive rational number multiplier / 2**shift, as RESCALE applies it; both are int64 arrays."""

    multiplier: Int64Array
    shift: Int64Array


def as_int64(value: Integers) -> Int64Array:
    """The value as an int64 array."""
    return np.asarray(value, np.int64)


def lowest(bits: int) -> int:
    """The least value of a two's complement integer of so many bits."""
    return -(1 << (bits - 1))


def highest(bits: int) -> int:
    """The greatest value of a two's complement integer of so many bits."""
    return (1 << (bits - 1)) - 1


def wrap(value: Integers, *, bits: int) -> Int64Array:
    """The low `bits` (at most 64) of the value, read as two's complement."""
    unused = np.int64(64 - bits)
    return (as_int64(value) << unused) >> unused


def wrap_unsigned(value: Integers, *, bits: int) -> Int64Array:
    """The low `bits` (at most 63) of the value, read as an unsigned integer."""
    return as_int64(value) & ((1 << bits) - 1)


def saturate(value: Integers, *, bits: int) -> Int64Array:
    """The nearest value that a two's complement integer of so many bits holds."""
    return np.clip(as_int64(value), lowest(bits), highest(bits))


def saturate_unsigned(value: Integers, *, bits: int) -> Int64Array:
    """The nearest value that an unsigned integer of so many bits holds."""
    return np.clip(as_int64(value), 0, (1 << bits) - 1)


def shift_right(value: Integers, shift: Integers) -> Int64Array:
    """floor(value / 2**shift), for 0 <= shift <= 63."""
    return as_int64(value) >> as_int64(shift)


def rounding_shift_right(value: Integers, shift: Integers) -> Int64Array:
    """floor(value / 2**shift + 1/2), halves up, for 0 <= shift <= 63; exact for every int64 value."""
    wide, amount = as_int64(value), as_int64(shift)
    halves = wide >> np.maximum(amount - 1, 0)
    return np.where(amount > 0, (halves >> 1) + (halves & 1), wide)


def shift_left(value: Integers, shift: Integers, *, bits: int) -> Int64Array:
    """The low `bits` of value * 2**shift, as two's complement, for 0 <= shift < bits."""
    return wrap(as_int64(value) << as_int64(shift), bits=bits)


def logical_shift_right(value: Integers, shift: Integers, *, bits: int) -> Int64Array:
    """The value's `bits` moved right, zeros entering, read as two's complement, for 0 <= shift < bits."""
    return wrap(wrap_unsigned(value, bits=bits) >> as_int64(shift), bits=bits)


def apply_scale_32(
    value: Integers, multiplier: Integers, shift: Integers, *, rounding_mode: RoundingMode
) -> Int64Array:
    """value * multiplier / 2**shift, rounded.

    For 0 <= multiplier < 2**31, 2 <= shift <= 62 and -2**(shift - 1) <= value < 2**(shift - 1) the result is
    exact and fits int32; outside of that TOSA leaves it undefined, and here it is the same formula in int64.
    Source: apply_scale_32 of the specification.
    """
    wide, amount = as_int64(value), as_int64(shift)
    half = np.left_shift(np.int64(1), amount - 1)
    if rounding_mode is RoundingMode.DOUBLE_ROUND:
        first_half = np.where(amount > 31, np.int64(1 << 30), np.int64(0))
        # plus the first half for values of 0 or more, minus it for negative ones: wide >> 63 is 0 or -1
        sums = (wide >> 63) & (-2 * first_half)
        sums = sums + (half + first_half)
        sums += wide * as_int64(multiplier)
    else:
        sums = wide * as_int64(multiplier)
        sums = sums + half
    return as_int64(sums >> amount)


def apply_scale_16(value: Integers, multiplier: Integers, shift: Integers) -> Int64Array:
    """value * multiplier / 2**shift, halves up, for an int48 value, 0 <= multiplier < 2**15 and 2 <= shift <= 62.

    Source: apply_scale_16 of the specification.
    """
    amount = as_int64(shift)
    half = np.left_shift(np.int64(1), amount - 1)
    return np.asarray((as_int64(value) * as_int64(multiplier) + half) >> amount)


def multiply_and_shift(left: Integers, right: Integers, shift: Integers) -> Int64Array:
    """left * right / 2**shift of int32 factors, halves up, for 0 <= shift <= 63: MUL of the specification."""
    return rounding_shift_right(as_int64(left) * as_int64(right), shift)


def count_leading_zeros(value: Integers) -> Int64Array:
    """Zero bits before the highest one bit of the value's low 32 bits; 32 for zero."""
    unsigned = wrap_unsigned(value, bits=INT32_BITS)
    # frexp is exact below 2**53: unsigned == fraction * 2**exponent with 0.5 <= fraction < 1
    _, exponent = np.frexp(unsigned.astype(np.float64))
    return INT32_BITS - exponent.astype(np.int64)


def reciprocal_scale(value: Integers) -> Scale:
    """The scale that stands for 1 / value, for 1 <= value < 2**32; its multiplier has 31 bits.

    Source: reciprocal_scale of the specification, used by AVG_POOL2D.
    """
    divisor = as_int64(value)
    exponent = INT32_BITS - count_leading_zeros(divisor - 1)
    numerator = np.left_shift(np.int64((1 << 30) + 1), exponent)
    return Scale(multiplier=numerator // divisor, shift=30 + exponent)


def divide_towards_zero(dividend: Integers, divisor: Integers) -> Int64Array:
    """dividend / divisor without its fraction; 0 where the divisor is 0, which TOSA leaves undefined."""
    numerator, denominator = as_int64(dividend), as_int64(divisor)
    magnitude = np.abs(numerator) // np.maximum(np.abs(denominator), 1)
    return as_int64(magnitude * np.sign(numerator) * np.sign(denominator))


def lookup_int16(table: Integers, value: Integers) -> Int64Array:
    """Entry of a 513-entry int16 table for an int16 value, interpolated with 7 fractional bits (23-bit result).

    Source: apply_lookup_s of the specification.
    """
    entries, position = as_int64(table), as_int64(value) + 32768
    index, fraction = position >> 7, position & 0x7F
    base = entries[index]
    return as_int64((base << 7) + (entries[index + 1] - base) * fraction)
