"""Numerics against the specification's formulas in Python's unbounded integers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipsmith import numerics
from chipsmith.numerics import RoundingMode

int32s = st.integers(-(1 << 31), (1 << 31) - 1)
int64s = st.integers(-(1 << 63), (1 << 63) - 1)
multipliers = st.integers(0, (1 << 31) - 1)


def scaled_by_the_book(value: int, multiplier: int, shift: int, *, double: bool) -> int:
    rounding = 1 << (shift - 1)
    if double and shift > 31:
        rounding += (1 << 30) if value >= 0 else -(1 << 30)
    return (value * multiplier + rounding) >> shift


@st.composite
def scalings(draw):
    """(value, multiplier, shift) within what the specification requires of apply_scale_32."""
    shift = draw(st.integers(2, 62))
    bound = min(1 << (shift - 1), 1 << 31)
    return draw(st.integers(-bound, bound - 1)), draw(multipliers), shift


@given(scalings())
def test_apply_scale_32_with_single_rounding(scaling):
    expected = scaled_by_the_book(*scaling, double=False)
    assert numerics.apply_scale_32(*scaling, rounding_mode=RoundingMode.SINGLE_ROUND) == expected
    assert numerics.apply_scale_32(*scaling, rounding_mode=RoundingMode.INEXACT_ROUND) == expected
    assert -(1 << 31) <= expected < 1 << 31


@given(scalings())
def test_apply_scale_32_with_double_rounding(scaling):
    expected = scaled_by_the_book(*scaling, double=True)
    assert numerics.apply_scale_32(*scaling, rounding_mode=RoundingMode.DOUBLE_ROUND) == expected


def test_apply_scale_32_takes_one_multiplier_a_channel():
    scaled = numerics.apply_scale_32(
        np.array([[100, 100], [-3, -3]], np.int32),
        np.array([1 << 30, 1 << 29], np.int32),
        np.array([31, 31], np.int8),
        rounding_mode=RoundingMode.SINGLE_ROUND,
    )
    np.testing.assert_array_equal(scaled, [[50, 25], [-1, -1]])


def test_double_rounding_rounds_first_at_bit_31():
    scaling = (1, (1 << 30) - 1, 32)
    assert numerics.apply_scale_32(*scaling, rounding_mode=RoundingMode.SINGLE_ROUND) == 0
    assert numerics.apply_scale_32(-3, 1 << 30, 33, rounding_mode=RoundingMode.SINGLE_ROUND) == 0
    assert numerics.apply_scale_32(-4, 1 << 30, 33, rounding_mode=RoundingMode.SINGLE_ROUND) == 0
    assert numerics.apply_scale_32(-4, 1 << 30, 33, rounding_mode=RoundingMode.DOUBLE_ROUND) == -1


@given(st.integers(-(1 << 47), (1 << 47) - 1), st.integers(0, (1 << 15) - 1), st.integers(2, 62))
def test_apply_scale_16(value, multiplier, shift):
    assert numerics.apply_scale_16(value, multiplier, shift) == scaled_by_the_book(
        value, multiplier, shift, double=False
    )


@given(int64s, st.integers(0, 63))
def test_shifts_to_the_right(value, shift):
    assert numerics.shift_right(value, shift) == value >> shift
    assert numerics.rounding_shift_right(value, shift) == (value + (1 << shift >> 1)) >> shift


@given(int32s, int32s, st.integers(0, 63))
def test_multiply_and_shift(left, right, shift):
    assert numerics.multiply_and_shift(left, right, shift) == (left * right + (1 << shift >> 1)) >> shift


@given(int64s, st.integers(1, 63))
def test_wrap_and_saturate(value, bits):
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    assert (numerics.lowest(bits), numerics.highest(bits)) == (low, high)
    assert numerics.wrap(value, bits=bits) == (value - low) % (1 << bits) + low
    assert numerics.wrap_unsigned(value, bits=bits) == value % (1 << bits)
    assert numerics.saturate(value, bits=bits) == min(max(value, low), high)
    assert numerics.saturate_unsigned(value, bits=bits) == min(max(value, 0), (1 << bits) - 1)


@given(st.sampled_from([8, 16, 32]), int32s, st.integers(0, 31))
def test_logical_shifts_keep_to_their_width(bits, value, shift):
    value, shift = int(numerics.wrap(value, bits=bits)), shift % bits
    mask, sign = (1 << bits) - 1, 1 << (bits - 1)
    left, right = (value << shift) & mask, (value & mask) >> shift
    assert numerics.shift_left(value, shift, bits=bits) == left - 2 * (left & sign)
    assert numerics.logical_shift_right(value, shift, bits=bits) == right - 2 * (right & sign)


@given(int32s)
def test_count_leading_zeros(value):
    assert numerics.count_leading_zeros(value) == 32 - (value & 0xFFFFFFFF).bit_length()


@given(st.integers(1, (1 << 32) - 1))
def test_reciprocal_scale(value):
    scale = numerics.reciprocal_scale(value)
    exponent = (value - 1).bit_length()
    assert scale.multiplier == (((1 << 30) + 1) << exponent) // value
    assert scale.shift == 30 + exponent


def test_reciprocal_scale_divides_sums_exactly():
    counts = np.arange(1, 200)
    scale = numerics.reciprocal_scale(counts)
    quotient = numerics.apply_scale_32(
        counts * 100, scale.multiplier, scale.shift, rounding_mode=RoundingMode.SINGLE_ROUND
    )
    np.testing.assert_array_equal(quotient, 100)


@given(int32s, int32s.filter(bool))
def test_divide_towards_zero(dividend, divisor):
    magnitude = abs(dividend) // abs(divisor)
    expected = magnitude if (dividend < 0) == (divisor < 0) else -magnitude
    assert numerics.divide_towards_zero(dividend, divisor) == expected


def test_a_division_by_zero_gives_zero_without_a_warning():
    np.testing.assert_array_equal(numerics.divide_towards_zero(np.array([5, -5, 0]), 0), 0)


@given(st.integers(-32768, 32767))
def test_lookup_int16_interpolates_between_entries(value):
    squares = np.array([(i * i) >> 4 for i in range(513)], np.int16)
    index, fraction = (value + 32768) >> 7, (value + 32768) & 0x7F
    base, following = int(squares[index]), int(squares[index + 1])
    assert numerics.lookup_int16(squares, value) == base * 128 + (following - base) * fraction


@pytest.mark.parametrize("function", [numerics.count_leading_zeros, numerics.reciprocal_scale])
def test_arrays_keep_their_shape(function):
    result = function(np.ones((2, 3), np.int32))
    array = result.multiplier if isinstance(result, numerics.Scale) else result
    assert (array.shape, array.dtype) == ((2, 3), np.int64)
