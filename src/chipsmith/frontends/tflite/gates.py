"""Sigmoid and tanh of int16 as the reference kernels of an LSTM compute them: polynomials and Newton's division.

All numbers are raw int16 integers; one with `b` integer bits stands for raw / 2**(15 - b). The kernels' arithmetic is
that of a fixed-point library: products are doubled, rounded to their upper half and saturated.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from chipsmith.numerics import Int64Array, saturate, shift_right, wrap

_BITS = 15
_ALMOST_1 = (1 << _BITS) - 1
_SIGMOID_INTEGER_BITS = 3
_QUARTER_EXPONENT, _GREATEST_EXPONENT = -2, 4
_CLAMPED_INTEGER_BITS = 5
_REFINEMENTS = 3
_MAGNITUDES = np.arange((1 << _BITS) + 1, dtype=np.int64)


@cache
def sigmoid_of_magnitudes() -> Int64Array:
    """Twice the sigmoid minus 1, of 0 to 32768 with 3 integer bits, in results with none; below 0 it is minus that.

    The kernel's sigmoid of x is 1 minus that of -x, where 1 is 32767.
    """
    return _without_tail(2 * _divide_1(_exponential(-_MAGNITUDES, _SIGMOID_INTEGER_BITS)) - _ALMOST_1)


@cache
def tanh_of_magnitudes(integer_bits: int) -> Int64Array:
    """The tanh of 0 to 32768 with so many integer bits, in results with none; below 0 it is minus that."""
    quotient = _invert_half(_exponential(-_MAGNITUDES, integer_bits + 1))
    return _without_tail(saturate((quotient - (1 << (_BITS - 2))) << 2, bits=16))


def _without_tail(results: Int64Array) -> Int64Array:
    """The results up to the last that differs from the one before it."""
    return results[: int(np.flatnonzero(np.diff(results)).max()) + 2]


def _constant(real: float, integer_bits: int = 0) -> int:
    """A constant, which the library rounds twice: to 32 bits and then to 16."""
    fine = int(np.rint(real * 2.0 ** (31 - integer_bits)))
    return int(_halve(np.int64(fine), 16))


def _halve(values: Int64Array | np.int64, bits: int) -> Int64Array:
    """values / 2**bits, halves away from zero."""
    magnitude = shift_right(np.abs(values) + (1 << (bits - 1)), bits)
    return np.sign(values) * magnitude


def _multiply(left: Int64Array, right: Int64Array | int) -> Int64Array:
    """The upper half of the doubled product; halves go up."""
    product = left * right
    rounded = product + np.where(product >= 0, 1 << 14, 1 - (1 << 14))
    return saturate(np.sign(rounded) * (np.abs(rounded) >> _BITS), bits=16)


def _exponential(values: Int64Array, integer_bits: int) -> Int64Array:
    """e**x for x <= 0: by a polynomial within a quarter, times a constant for each further bit of x."""
    fraction_bits = _BITS - integer_bits
    quarter = 1 << (fraction_bits + _QUARTER_EXPONENT)
    within = (values & (quarter - 1)) - quarter
    result = _exponential_of_quarter(wrap(within << integer_bits, bits=16))
    remainder = within - values
    for exponent in range(_QUARTER_EXPONENT, min(integer_bits, _GREATEST_EXPONENT + 1)):
        factor = _constant(float(np.exp(-(2.0**exponent))))
        chosen = (remainder & (1 << (fraction_bits + exponent))) != 0
        result = np.where(chosen, _multiply(result, factor), result)
    if integer_bits > _CLAMPED_INTEGER_BITS:
        result = np.where(values < -(1 << (fraction_bits + _CLAMPED_INTEGER_BITS)), 0, result)
    return np.where(values == 0, _ALMOST_1, result)


def _exponential_of_quarter(values: Int64Array) -> Int64Array:
    """e**x for -1/4 <= x < 0, by its series around -1/8."""
    x = values + (1 << (_BITS - 3))
    square = _multiply(x, x)
    cube, fourth = _multiply(square, x), _multiply(square, square)
    tail = _halve(_multiply(_halve(fourth, 2) + cube, _constant(1 / 3)) + square, 1)
    centre = _constant(float(np.exp(-1 / 8)))
    return saturate(centre + _multiply(x + tail, centre), bits=16)


def _invert_half(values: Int64Array) -> Int64Array:
    """2 / (1 + x) for 0 <= x <= 1, with 2 integer bits, by Newton's method."""
    half = (values + _ALMOST_1 + 1) >> 1
    x = _constant(48 / 17, 2) + _multiply(half, _constant(-32 / 17, 2))
    for _ in range(_REFINEMENTS):
        error = (1 << (_BITS - 2)) - _multiply(half, x)
        x = wrap(x + saturate(_multiply(x, error) << 2, bits=16), bits=16)
    return x


def _divide_1(values: Int64Array) -> Int64Array:
    """1 / (1 + x) for 0 <= x <= 1."""
    return saturate(_invert_half(values) << 1, bits=16)
