"""Spectra of a sliding window of sound: a step forward reckons the new spectra alone, and the bits stay the same."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from chipsmith.learn.preprocessing import LogMel, Mfcc

Samples: TypeAlias = NDArray[np.float32]
Spectrum: TypeAlias = LogMel | Mfcc


class SlidingSpectra:
    """The power in the mel bands of a window of `length` samples that moves on by whole hops of the spectrum.

    `bands` gives what librosa.feature.melspectrogram gives for the window alone, to the bit: spectra that lie whole
    within two windows are kept from one to the next; those at the ends, where silence is put around the window, are
    reckoned anew each time. Only of a Spectrum that is not stretched to a number of `frames`.
    """

    def __init__(self, step: Spectrum, *, length: int) -> None:
        from librosa.filters import get_window, mel

        self._step, self._length = step, length
        self._half = step.window // 2
        count = 1 + (length + 2 * self._half - step.window) // step.hop
        self._hann = get_window("hann", step.window, fftbins=True).reshape(-1, 1)
        self._mel = mel(sr=step.rate_hz, n_fft=step.window, n_mels=step.mels, fmin=step.lowest_hz, dtype=np.float32)
        starts = np.arange(count) * step.hop - self._half
        self._inside = (starts >= 0) & (starts + step.window <= length)
        self._power = np.zeros((1 + step.window // 2, count), np.float32, order="F")
        self._fresh = np.ones(count, bool)

    def bands(self, window: Samples, *, moved: int) -> NDArray[np.float32]:
        """Power (mels, spectra) of the window float32 (length), which lies `moved` hops after that of the last call."""
        count = len(self._inside)
        if moved >= count:
            self._fresh[:] = True
        elif moved:
            self._power[:, : count - moved] = self._power[:, moved:]
            self._fresh[: count - moved] = self._fresh[moved:] | ~self._inside[moved:]
            self._fresh[count - moved :] = True
        chosen = np.flatnonzero(self._fresh | ~self._inside)
        self._power[:, chosen] = self._reckon(window, chosen)
        self._fresh[:] = False
        return np.asarray(np.einsum("...ft,mf->...mt", self._power, self._mel, optimize=True))

    def _reckon(self, window: Samples, chosen: NDArray[np.int64]) -> NDArray[np.float32]:
        """Power (bins, n) of the spectra at these places; around the window is silence."""
        padded = np.pad(window, self._half)
        starts = chosen * self._step.hop
        pieces = padded[starts[None, :] + np.arange(self._step.window)[:, None]]
        spectra = np.fft.rfft(self._hann * pieces, axis=0).astype(np.complex64)
        return np.asarray(np.abs(spectra) ** 2, np.float32)
