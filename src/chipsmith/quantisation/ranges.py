"""The range that the integers of a tensor cover, chosen from the values that it had."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from chipsmith.quantisation.plan import INT8_WIDTH, INT16_WIDTH, Quantisation, Reals, quantise_tensor
from chipsmith.quantisation.settings import RangeMethod
from chipsmith.tosa.operators.row import Values

_SIDE_BINS = 2048
"""Bins of a histogram on each side of 0; values reach into the outer half of them."""
_ENDLESS = 1e30
"""Values of this size and above stand for infinity (masks, padding of a maximum), and choose no range."""
_CUT = 1e-4
_SHRINKS = np.geomspace(1.0, 0.02, 64)
_LEVELS = 256
_LEAST_STEP = 2.0**-64
_RAREST = 1e-9
_SAMPLE = 1 << 16
"""Of a part of a tensor not many more values than these are counted; all of them count for its ends."""


@dataclass(frozen=True, kw_only=True)
class ValueRange:
    """Real numbers from `low` to `high`."""

    low: float
    high: float

    def join(self, other: ValueRange) -> ValueRange:
        """The least range that covers both."""
        return ValueRange(low=min(self.low, other.low), high=max(self.high, other.high))


@dataclass(kw_only=True)
class Histogram:
    """How often a tensor had which values: bins of a power of two each, which grow as values do.

    Infinities, NaN and what stands for them do not count. `chosen` keeps the ranges that methods found in these counts.
    """

    low: float = np.inf
    high: float = -np.inf
    zeros: int = 0
    exponent: int = -200
    counts: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(2 * _SIDE_BINS, np.int64))
    chosen: dict[RangeMethod, ValueRange] = field(default_factory=dict, repr=False, compare=False)

    def add(self, values: Values) -> None:
        """Count values, of any shape."""
        flat = _finite(values)
        if not flat.size:
            return
        self.chosen.clear()
        self.low, self.high = min(self.low, float(flat.min())), max(self.high, float(flat.max()))
        self._widen(max(-self.low, self.high))
        flat = flat[:: (flat.size // _SAMPLE) | 1]  # an odd step meets all channels in turn
        self.zeros += flat.size - int(np.count_nonzero(flat))
        bins = np.floor(flat * np.float32(2.0**-self.exponent)).astype(np.int32) + _SIDE_BINS
        self.counts += np.bincount(np.minimum(bins, 2 * _SIDE_BINS - 1), minlength=2 * _SIDE_BINS)

    def join(self, other: Histogram) -> Histogram:
        """The histogram of the values of both."""
        wide, narrow = sorted((self, other), key=lambda histogram: -histogram.exponent)
        counts = _merge_bins(narrow.counts, wide.exponent - narrow.exponent)
        return Histogram(
            low=min(self.low, other.low),
            high=max(self.high, other.high),
            zeros=self.zeros + other.zeros,
            exponent=wide.exponent,
            counts=wide.counts + counts,
        )

    @property
    def range(self) -> ValueRange:
        """From the least to the greatest value; 0 alone where there was none."""
        return ValueRange(low=self.low, high=self.high) if self.low <= self.high else ValueRange(low=0.0, high=0.0)

    @property
    def centres(self) -> Reals:
        """The middle of each bin."""
        return np.asarray((np.arange(-_SIDE_BINS, _SIDE_BINS) + 0.5) * 2.0**self.exponent)

    def _widen(self, largest: float) -> None:
        needed = int(np.ceil(np.log2(max(largest, _LEAST_STEP) / _SIDE_BINS) + 1e-9))
        if needed > self.exponent:
            self.counts = _merge_bins(self.counts, needed - self.exponent)
            self.exponent = needed


def _finite(values: Values) -> npt.NDArray[Any]:
    flat = values.reshape(-1)
    largest = max(abs(float(flat.min())), abs(float(flat.max()))) if flat.size else 0.0
    return flat if largest < _ENDLESS else flat[np.abs(np.nan_to_num(flat, nan=np.inf)) < _ENDLESS]


def _merge_bins(counts: npt.NDArray[np.int64], doublings: int) -> npt.NDArray[np.int64]:
    """The counts with bins that are 2**doublings times as wide."""
    if doublings == 0 or not counts.any():
        return counts
    index = (np.arange(-_SIDE_BINS, _SIDE_BINS) >> min(doublings, 12)) + _SIDE_BINS
    return np.bincount(index, counts, minlength=2 * _SIDE_BINS).astype(np.int64)


def cover_range(values: ValueRange, *, width: int = INT8_WIDTH) -> Quantisation:
    """The integers that cover a range, with 0 among their reals exactly; the scale is a number of float32.

    16 bits have zero point 0.
    """
    low, high = min(values.low, 0.0), max(values.high, 0.0)
    if width == INT16_WIDTH:
        return quantise_tensor(_step(max(-low, high) / 32767), 0, width=width)
    step = _step((high - low) / (_LEVELS - 1))
    return quantise_tensor(step, int(np.clip(np.rint(-128 - low / step), -128, 127)))


def _step(wanted: float) -> float:
    return float(np.float32(wanted if wanted > _LEAST_STEP else 1.0 / (_LEVELS - 1)))


def choose_range(histogram: Histogram, method: RangeMethod) -> ValueRange:
    """The range that a method other than `auto` chooses; always within that of the values."""
    if method not in histogram.chosen:
        histogram.chosen[method] = _METHODS[method](histogram)
    return histogram.chosen[method]


def _cut_tails(histogram: Histogram) -> ValueRange:
    total = np.cumsum(histogram.counts)
    if not total[-1]:
        return histogram.range
    tail = _CUT / 2 * total[-1]
    first, last = np.searchsorted(total, tail, side="right"), np.searchsorted(total, total[-1] - tail)
    edges = (np.array([first, last + 1]) - _SIDE_BINS) * 2.0**histogram.exponent
    whole = histogram.range
    return ValueRange(low=max(whole.low, float(edges[0])), high=min(whole.high, float(edges[1])))


def _least_error(histogram: Histogram) -> ValueRange:
    """Of both ends, each moved in by itself: squares of what is cut off, and what rounding makes of the rest."""
    whole = histogram.range
    lows, highs = np.minimum(whole.low, 0.0) * _SHRINKS, np.maximum(whole.high, 0.0) * _SHRINKS
    below, cut_below = _cut_off(-histogram.centres[::-1], histogram.counts[::-1], -lows)
    above, cut_above = _cut_off(histogram.centres, histogram.counts, highs)
    inside = int(histogram.counts.sum()) - below[:, None] - above
    steps = (highs - lows[:, None]) / (_LEVELS - 1)
    errors = cut_below[:, None] + cut_above + rounding_noise(histogram, inside, steps)
    low, high = np.unravel_index(np.argmin(errors), errors.shape)
    return ValueRange(low=float(lows[low]), high=float(highs[high]))


def rounding_noise(histogram: Histogram, inside: Reals, steps: Reals) -> Reals:
    """The sum of the squared errors of rounding `inside` of the values to steps: their own squares where they become 0.

    The others are as often anywhere between two integers: step**2 / 12 each.
    """
    counts = histogram.counts[_SIDE_BINS:] + histogram.counts[:_SIDE_BINS][::-1]
    counts[0] -= histogram.zeros
    centres = histogram.centres[_SIDE_BINS:]
    places = np.searchsorted(centres, steps / 2)
    lost, squares = (np.append(0.0, np.cumsum(counts * power))[places] for power in (1.0, centres**2))
    return np.asarray(squares + np.maximum(inside - histogram.zeros - lost, 0) * steps**2 / 12)


def _cut_off(centres: Reals, counts: npt.NDArray[np.int64], limits: Reals) -> tuple[Reals, Reals]:
    """For each limit how many values are above it, and the sum of the squares by which they are."""
    places = np.searchsorted(centres, limits, side="right")
    number, total, squares = (
        np.append(np.cumsum((counts * power)[::-1])[::-1], 0.0)[places] for power in (1.0, centres, centres**2)
    )
    return number, np.maximum(squares - 2 * limits * total + limits**2 * number, 0.0)


def _least_divergence(histogram: Histogram) -> ValueRange:
    whole = histogram.range
    limits = max(-whole.low, whole.high) * _SHRINKS
    ranges = [ValueRange(low=max(whole.low, -limit), high=min(whole.high, limit)) for limit in limits]
    return min(ranges, key=lambda values: _divergence(histogram, values))


def _divergence(histogram: Histogram, values: ValueRange) -> float:
    """Kullback-Leibler divergence of the values, cut off, from the same spread evenly over each step's bins.

    0 is left out, for every range holds it exactly.
    """
    counts = histogram.counts.astype(np.float64)
    counts[_SIDE_BINS] -= histogram.zeros
    low, high = min(values.low, 0.0), max(values.high, 0.0)
    centres = histogram.centres
    kept = (centres >= low) & (centres <= high)
    own, cut = counts[kept], counts[kept]
    if high <= low or not own.any():
        return np.inf
    cut[0] += counts[centres < low].sum()
    cut[-1] += counts[centres > high].sum()
    levels = np.rint((centres[kept] - low) / (high - low) * (_LEVELS - 1)).astype(np.int64)
    sums, places = np.bincount(levels, own, minlength=_LEVELS), np.bincount(levels, own > 0, minlength=_LEVELS)
    spread = np.where(own > 0, sums[levels] / np.maximum(places[levels], 1), 0.0) / own.sum()
    reference = cut / cut.sum()
    used = reference > 0
    return float((reference[used] * np.log(reference[used] / np.maximum(spread[used], _RAREST))).sum())


_METHODS: Mapping[RangeMethod, Callable[[Histogram], ValueRange]] = {
    RangeMethod.MINMAX: lambda histogram: histogram.range,
    RangeMethod.PERCENTILE: _cut_tails,
    RangeMethod.MSE: _least_error,
    RangeMethod.ENTROPY: _least_divergence,
}
