"""Traits of a sound: its length, rate and level, how its power is spread over time and over frequencies."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsmith.learn.likeness.trait import Trait, TraitValues
from chipsmith.learn.preprocessing import SoundReader
from chipsmith.learn.preprocessing.sound import sound_traits

_FRAME = 256
"""Samples of one spectrum."""
_FLOOR = 1e-10
_QUIET = 0.01
"""Power, as a share of the loudest frame's, below which a frame is quiet: 20 dB."""

SOUND_TRAITS = {
    "seconds": Trait(
        more="longer ({value} s, in training {low} to {high} s); what is beyond the network's length is cut",
        less="shorter ({value} s, in training {low} to {high} s)",
        resolution=0.1,
        rank=0,
    ),
    "sample rate": Trait(
        more=None,
        less="of a lower sample rate ({value} Hz, in training {low} to {high} Hz), so without the higher tones",
        resolution=100,
        rank=0,
        form=",.0f",
    ),
    "level": Trait(
        more="louder ({value} dB of full scale, in training {low} to {high})",
        less="quieter ({value} dB of full scale, in training {low} to {high})",
        resolution=3.0,
        form=".0f",
    ),
    "quiet share": Trait(
        more="quiet for longer ({value} of its time, in training {low} to {high})",
        less="without quiet moments ({value} of its time, in training {low} to {high})",
        resolution=0.1,
    ),
    "brightness": Trait(
        more="of higher tones (middle {value} Hz, in training {low} to {high} Hz)",
        less="of lower tones (middle {value} Hz, in training {low} to {high} Hz)",
        resolution=50.0,
        form=",.0f",
    ),
    "noisiness": Trait(
        more="more like noise (spectral flatness {value}, in training {low} to {high})",
        less="more like a single tone (spectral flatness {value}, in training {low} to {high})",
        resolution=0.01,
        form=".3f",
    ),
    "change": Trait(
        more="less steady (its spectrum changes by {value} from frame to frame, in training {low} to {high})",
        less="steadier (its spectrum changes by {value} from frame to frame, in training {low} to {high})",
        resolution=0.02,
    ),
}


def measure_sound(reader: SoundReader, raw: Any) -> TraitValues:
    """The traits of a raw sound: a file's path, its bytes, or float32 samples at the reader's rate. Raises BadInput."""
    samples = reader.read(raw).astype(np.float64)
    if isinstance(raw, np.ndarray):
        seconds, rate_hz = len(raw) / reader.rate_hz, float(reader.rate_hz)
    else:
        said = sound_traits(raw)
        seconds, rate_hz = float(said["seconds"]), float(str(said["sample rate"]).removesuffix(" Hz").replace(",", ""))
    spectra = _spectra(_sounding(samples))
    return {"seconds": seconds, "sample rate": rate_hz, **_spectral(spectra, reader.rate_hz)}


def _sounding(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """The samples without the zeros at the end, two frames of them at least."""
    sounding = np.flatnonzero(samples)
    last = int(sounding[-1]) + 1 if len(sounding) else 0
    kept = samples[: max(last, 2 * _FRAME)]
    return np.pad(kept, (0, max(0, 2 * _FRAME - len(kept))))


def _spectra(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Power (frames, frequencies) by a Hann window, frames half overlapping; the mean of a frame is its power."""
    starts = np.arange(0, len(samples) - _FRAME + 1, _FRAME // 2)
    frames = samples[starts[:, None] + np.arange(_FRAME)] * np.hanning(_FRAME)
    return np.asarray(np.abs(np.fft.rfft(frames, axis=1)) ** 2)


def _spectral(spectra: NDArray[np.float64], rate_hz: int) -> dict[str, float]:
    power = spectra.sum(axis=1)
    whole = spectra.mean(axis=0)
    frequencies = np.linspace(0, rate_hz / 2, len(whole))
    loud = power >= max(_QUIET * power.max(), _FLOOR)
    shapes = np.sqrt(spectra[loud] / np.maximum(power[loud, None], _FLOOR))
    change = np.linalg.norm(np.diff(shapes, axis=0), axis=1)
    flatness = np.exp(np.log(whole + _FLOOR).mean()) / (whole.mean() + _FLOOR)
    return {
        "level": 10 * math.log10(power.mean() / _FRAME**2 * 2 + _FLOOR),
        "quiet share": float(1 - loud.mean()),
        "brightness": float((frequencies * whole).sum() / (whole.sum() + _FLOOR)),
        "noisiness": float(flatness),
        "change": float(change.mean()) if len(change) else 0.0,
    }
