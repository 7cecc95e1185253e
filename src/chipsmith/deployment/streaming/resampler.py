"""Sound at another rate, sample by sample: what comes out never waits for more than half of the filter."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from chipsmith.extras import require_package

_CROSSINGS = 64
"""Zero crossings of the filter on each side: with the window below its transition is 9 % of the narrower band."""
_CUTOFF = 0.95
"""Middle of the transition, as a share of the narrower of both bands: nothing is folded back from above it."""
_REJECTION_DB = 90.0
_MOST_PHASES = 20_000
"""Rates in no ratio of numbers up to this are brought to the nearest such: less than 0.003 % off, as clocks are."""


class StreamResampler:
    """Samples at `rate_hz` in pieces of any size to samples at `target_hz`; the bits do not depend on the pieces.

    A polyphase filter (a windowed sinc, Kaiser's window: Oppenheim and Schafer, Discrete-Time Signal Processing,
    section 7.6), whose middle lies on the sample that it makes: nothing is shifted in time. Converters of whole sounds
    work on blocks of a tenth of a second, and what they make of a live sound comes as late, and in bursts.
    """

    def __init__(self, rate_hz: float, target_hz: int) -> None:
        require_package("scipy", extra="data", task="resample sounds")
        self._up, self._down = _ratio(rate_hz, target_hz)
        self._middle = _CROSSINGS * max(self._up, self._down)
        self._phases = _phases(self._up, self._down, self._middle)
        self._width = self._phases.shape[1]
        self._kept = np.zeros(self._width, np.float32)
        self._taken = self._given = 0
        self.delay_s = self._middle / self._up / rate_hz

    def convert(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """What can be said with these samples (n) too, float32 (m)."""
        self._kept = np.concatenate([self._kept, samples])
        self._taken += len(samples)
        return self._give(1 + (self._taken * self._up - 1 - self._middle) // self._down)

    def finish(self) -> NDArray[np.float32]:
        """What is left when no more samples come: silence follows them."""
        end = -(-self._taken * self._up // self._down)
        silence = np.zeros(1 + (self._middle + self._down) // self._up, np.float32)
        self._kept = np.concatenate([self._kept, silence])
        self._taken += len(silence)
        return self._give(end)

    def _give(self, end: int) -> NDArray[np.float32]:
        """The samples from those that were given to `end`, exclusive."""
        if end <= self._given:
            return np.zeros(0, np.float32)
        places = np.arange(self._given, end) * self._down + self._middle
        first = self._taken - len(self._kept)
        starts = places // self._up - self._width + 1 - first
        windows = np.lib.stride_tricks.sliding_window_view(self._kept, self._width)[starts]
        values = (windows * self._phases[places % self._up]).sum(axis=1)
        self._given = end
        self._kept = self._kept[max(0, int(starts[-1])) :]
        return np.asarray(values, np.float32)


def _ratio(rate_hz: float, target_hz: int) -> tuple[int, int]:
    """By what the rate is multiplied, and by what divided."""
    exact = Fraction(target_hz) / Fraction(rate_hz)
    if exact <= 1:
        near = exact.limit_denominator(_MOST_PHASES)
        return near.numerator, near.denominator
    near = (1 / exact).limit_denominator(_MOST_PHASES)
    return near.denominator, near.numerator


def _phases(up: int, down: int, middle: int) -> NDArray[np.float64]:
    """The filter's taps (phases, taps), the latest sample's last."""
    from scipy.signal import firwin, kaiser_beta

    taps = firwin(2 * middle + 1, _CUTOFF / max(up, down), window=("kaiser", kaiser_beta(_REJECTION_DB)))
    width = -(-len(taps) // up)
    padded = np.concatenate([taps * up, np.zeros(width * up - len(taps))])
    return np.ascontiguousarray(padded.reshape(width, up).T[:, ::-1])
