"""The compiled loops against numerics, on random and extreme values."""

from __future__ import annotations

import numpy as np
import pytest

from chipsmith import numerics
from chipsmith.numerics import RoundingMode
from chipsmith.sim import compiled

LOWEST, HIGHEST = -(1 << 31), (1 << 31) - 1
EXTREMES = [LOWEST, LOWEST + 1, -(1 << 30), -2, -1, 0, 1, 2, 1 << 30, HIGHEST - 1, HIGHEST]
MODES = {compiled.SINGLE: RoundingMode.SINGLE_ROUND, compiled.DOUBLE: RoundingMode.DOUBLE_ROUND}


def _values(seed, count=2000):
    drawn = np.random.default_rng(seed).integers(LOWEST, HIGHEST, count, np.int32, endpoint=True)
    return np.concatenate([np.array(EXTREMES, np.int32), drawn, drawn >> 20])


@pytest.mark.parametrize("rounding", MODES)
@pytest.mark.parametrize("shift", [2, 7, 30, 31, 32, 33, 40, 61, 62])
@pytest.mark.parametrize("multiplier", [0, 1, 1 << 30, 1518500250, HIGHEST])
def test_scale_is_apply_scale_32(rounding, shift, multiplier):
    values = _values(shift)
    expected = numerics.apply_scale_32(values, multiplier, shift, rounding_mode=MODES[rounding])
    compiled.scale_in_place(values, multiplier, shift, rounding)
    np.testing.assert_array_equal(values, numerics.wrap(expected, bits=32))


@pytest.mark.parametrize("shift", [0, 1, 7, 31, 32, 62])
def test_multiply_is_multiply_and_shift(shift):
    left, right = _values(1), _values(2)
    expected = numerics.wrap(numerics.multiply_and_shift(left, right, shift), bits=32)
    compiled.multiply_in_place(left, right, shift)
    np.testing.assert_array_equal(left, expected)


def test_division_rounds_toward_zero():
    left, right = np.array([7, -7, 7, -7, LOWEST, 5, -5], np.int32), np.array([2, 2, -2, -2, -1, 0, 0], np.int32)
    compiled.divide_in_place(left, right)
    np.testing.assert_array_equal(left, [3, -3, -3, 3, LOWEST, -1, 1])


def test_count_leading_zeros_is_that_of_numerics():
    values = _values(3)
    expected = numerics.count_leading_zeros(values)
    compiled.count_leading_zeros_in_place(values)
    np.testing.assert_array_equal(values, expected)


def test_tables_of_each_inference_are_its_own():
    values = np.arange(-128, 128, dtype=np.int32).reshape(2, 128)
    tables = np.random.default_rng(4).integers(-128, 128, (2, 256), np.int8)
    expected = [tables[0, :128], tables[1, 128:]]
    compiled.look_up_8_in_place(values, tables)
    np.testing.assert_array_equal(values, expected)


def test_a_table_of_513_entries_interpolates():
    values = np.arange(-32768, 32768, 7, dtype=np.int32).reshape(1, -1)
    table = np.random.default_rng(5).integers(-32768, 32768, (1, 513), np.int16)
    expected = numerics.lookup_int16(table[0], values)
    compiled.look_up_16_in_place(values, table)
    np.testing.assert_array_equal(values, expected)
