"""Ranges from values, and the integers that cover them."""

from __future__ import annotations

import numpy as np
import pytest

from chipsmith.quantisation.plan import INT16_WIDTH
from chipsmith.quantisation.ranges import Histogram, ValueRange, choose_range, cover_range, rounding_noise
from chipsmith.quantisation.rounding import activation_rounding
from chipsmith.quantisation.settings import RangeMethod


def histogram_of(*parts: np.ndarray) -> Histogram:
    histogram = Histogram()
    for part in parts:
        histogram.add(part.astype(np.float32))
    return histogram


NORMAL = np.random.default_rng(0).normal(size=60_000)
METHODS = (RangeMethod.MINMAX, RangeMethod.PERCENTILE, RangeMethod.MSE, RangeMethod.ENTROPY)


def test_parts_count_as_the_whole():
    parts = [NORMAL[:100] * 0.01, NORMAL[100:20_000], NORMAL[20_000:40_000] * 100]
    together = histogram_of(np.concatenate(parts))
    for other in (histogram_of(*parts), histogram_of(parts[0]).join(histogram_of(*parts[1:]))):
        assert other.range == together.range
        assert other.exponent == together.exponent
        np.testing.assert_array_equal(other.counts, together.counts)


def test_counts_are_those_of_numpy():
    histogram = histogram_of(NORMAL)
    edges = np.append(histogram.centres - 2.0 ** (histogram.exponent - 1), histogram.centres[-1] * 2)
    np.testing.assert_array_equal(histogram.counts, np.histogram(NORMAL.astype(np.float32), edges)[0])


def test_infinity_and_its_stand_ins_choose_no_range():
    histogram = histogram_of(np.array([-np.inf, -3.4e38, -2.0, np.nan, 1.0, np.inf]))
    assert histogram.range == ValueRange(low=-2.0, high=1.0)
    assert histogram_of(np.array([np.nan, -np.inf])).range == ValueRange(low=0.0, high=0.0)


@pytest.mark.parametrize("method", METHODS)
def test_every_range_is_within_the_values(method):
    for values in (NORMAL, np.maximum(NORMAL, 0), NORMAL * 1e-12, np.zeros(50), np.full(50, 3.0), NORMAL**7):
        whole, chosen = histogram_of(values).range, choose_range(histogram_of(values), method)
        assert min(whole.low, 0) <= chosen.low <= chosen.high <= max(whole.high, 0)


@pytest.mark.parametrize("method", [RangeMethod.PERCENTILE, RangeMethod.ENTROPY])
def test_a_lone_large_value_is_cut_off(method):
    chosen = choose_range(histogram_of(np.append(NORMAL, 400.0)), method)
    assert 2.5 < chosen.high < 150
    assert -5 < chosen.low < -1.5


def test_least_squares_are_no_worse_than_any_other_range():
    values = NORMAL**3
    errors = {}
    for method in METHODS:
        change = activation_rounding(cover_range(choose_range(histogram_of(values), method)))
        rounded = change(values.astype(np.float32))
        errors[method] = np.mean((rounded - values) ** 2)
    assert min(errors, key=errors.__getitem__) is RangeMethod.MSE


@pytest.mark.parametrize(
    ("low", "high", "zero_point"),
    [(0.0, 2.55, -128), (-2.55, 0.0, 127), (0.5, 5.1, -128), (-1.28, 1.27, 0), (-1.0, -0.5, 127)],
)
def test_integers_cover_the_range_and_zero(low, high, zero_point):
    quantisation = cover_range(ValueRange(low=low, high=high))
    assert quantisation.zero_point.tolist() == [zero_point]
    rounded = activation_rounding(quantisation)(np.array([low, 0.0, high], np.float32))
    assert rounded[1] == 0
    np.testing.assert_allclose(rounded, [low, 0, high], atol=quantisation.scale[0] / 2)


@pytest.mark.parametrize("value", [0.0, 1e-25, -1e-25, 1e-38])
def test_ranges_of_nothing_have_a_scale(value):
    for width in (8, INT16_WIDTH):
        quantisation = cover_range(ValueRange(low=value, high=value), width=width)
        assert np.isfinite(quantisation.scale).all()
        assert (quantisation.scale > 1e-6).all()


def test_16_bits_are_symmetric():
    quantisation = cover_range(ValueRange(low=-1.0, high=3.2767), width=INT16_WIDTH)
    assert quantisation.zero_point.tolist() == [0]
    np.testing.assert_allclose(quantisation.scale, 1e-4, rtol=1e-6)


def test_what_is_no_number_becomes_the_least():
    rounded = activation_rounding(cover_range(ValueRange(low=-1.0, high=1.0)))(np.array([np.nan, np.inf], np.float32))
    np.testing.assert_allclose(rounded, [-1.0, 1.0], atol=0.01)


def test_what_rounding_costs_is_what_it_does():
    """Of many numbers next to 0 little is lost: they become 0, and are far from half a step."""
    values = np.concatenate([NORMAL * 0.003, NORMAL[:500]]).astype(np.float32)
    histogram = histogram_of(values)
    quantisation = cover_range(histogram.range)
    measured = float(np.square(activation_rounding(quantisation)(values) - values).sum())
    expected = rounding_noise(histogram, np.array([float(values.size)]), quantisation.scale)
    np.testing.assert_allclose(expected, measured, rtol=0.05)  # a bin is not small beside the smallest
