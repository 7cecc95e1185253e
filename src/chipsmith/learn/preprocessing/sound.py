"""Reading sounds, and the features that networks hear: log-mel spectra and cepstral coefficients (MFCC)."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from chipsmith.errors import BadInput
from chipsmith.extras import require_package
from chipsmith.files import open_ordinary
from chipsmith.learn.limits import MOST_BANDS, MOST_SAMPLES, MOST_STEPS
from chipsmith.learn.preprocessing.step import ArrayStep, Reader, Values, named

if TYPE_CHECKING:
    from soundfile import SoundFile

Layout = Literal["image", "sequence"]

_SMALLEST_POWER = 1e-10
_MARGIN_S = 0.5
"""Read beyond what is kept, so that resampling knows what follows the last sample that is kept."""
_LOWEST_HZ, _HIGHEST_HZ = 100, 1_000_000
"""Rates of sound files."""
_BLOCK_VALUES = 2**20
"""Samples of all channels that are decoded at a time."""


class SoundReader(Reader):
    """A sound file (WAV and what else libsndfile reads), its bytes, or samples float32, to mono samples of one length.

    Channels are averaged, another rate is resampled, a longer sound is cut and a shorter one gets zeros at its end. No
    more of a file is read than is kept, so that one of hours takes no more memory than one of seconds.
    Raises BadInput for what is no sound, or an empty one, naming it.
    """

    kind: Literal["sound"] = "sound"
    rate_hz: int = Field(ge=100, le=200_000)
    samples: int = Field(ge=16, le=MOST_SAMPLES)

    def read(self, raw: Any) -> Values:
        """float32 (samples)."""
        sound = raw if isinstance(raw, np.ndarray) else read_samples(raw, self)
        if sound.ndim != 1 or len(sound) == 0 or not np.isfinite(sound).all():
            raise BadInput(f"{named(raw)} holds no sound: finite samples are needed, one or more")
        whole = np.zeros(self.samples, np.float32)
        kept = sound[: self.samples]
        whole[: len(kept)] = kept
        return whole


def read_samples(raw: Any, reader: SoundReader) -> NDArray[np.float32]:
    """The mono samples of a file at the reader's rate, no more than it keeps and half a second; BadInput, naming it."""
    samples, rate_hz = read_sound(raw, seconds=reader.samples / reader.rate_hz + _MARGIN_S)
    if rate_hz == reader.rate_hz or len(samples) == 0:
        return samples
    require_package("librosa", extra="data", task="resample sounds")
    import librosa

    return np.asarray(librosa.resample(samples, orig_sr=rate_hz, target_sr=reader.rate_hz), np.float32)


def read_sound(raw: Any, *, seconds: float) -> tuple[NDArray[np.float32], int]:
    """Mono samples from -1 to 1 and their rate in Hz, of the first `seconds` of a path or of a file's bytes.

    Raises BadInput, naming it.
    """
    with open_sound(raw) as sound:
        rate_hz = int(sound.samplerate)
        if not _LOWEST_HZ <= rate_hz <= _HIGHEST_HZ:
            raise BadInput(f"{named(raw)} has {rate_hz:,} samples a second; {_LOWEST_HZ} to {_HIGHEST_HZ:,} are read")
        blocks = list(_mono_blocks(sound, math.ceil(seconds * rate_hz)))
    return np.concatenate([np.zeros(0, np.float32), *blocks]), rate_hz


def _mono_blocks(sound: SoundFile, frames: int) -> Iterator[NDArray[np.float32]]:
    """The first `frames`, averaged over the channels, a block of few values a time."""
    step = max(1, _BLOCK_VALUES // sound.channels)
    while frames > 0:
        block = sound.read(min(step, frames), dtype="float32", always_2d=True)
        if len(block) == 0:
            return
        frames -= len(block)
        yield block.mean(axis=1, dtype=np.float32)


def sound_traits(raw: Any) -> dict[str, str | float]:
    """What a sound file says of itself: rate, channels, and its length in seconds. Raises BadInput, naming it."""
    with open_sound(raw) as sound:
        return {
            "sample rate": f"{sound.samplerate:,} Hz",
            "channels": str(sound.channels),
            "seconds": sound.frames / max(1, sound.samplerate),
        }


@contextmanager
def open_sound(raw: Any) -> Iterator[SoundFile]:
    """The sound of a path or of a file's bytes, open. Raises BadInput, naming it, also for what fails within."""
    require_package("soundfile", extra="data", task="read sounds")
    import soundfile

    try:
        with (
            io.BytesIO(raw) if isinstance(raw, bytes) else open_ordinary(Path(raw)) as file,
            soundfile.SoundFile(file) as sound,
        ):
            yield sound
    except FileNotFoundError as error:
        raise BadInput(f"cannot read {named(raw)}: no such file") from error
    except (soundfile.SoundFileError, OSError, ValueError, TypeError) as error:
        raise BadInput(f"{named(raw)} is no sound that can be read ({_reason(error)})") from error


def _reason(error: Exception) -> str:
    """What libsndfile says, without the name of the object that it was given."""
    return str(error).rpartition(": ")[2].rstrip(".")


class _Spectrum(ArrayStep):
    """What log-mel spectra and cepstral coefficients share: a spectrum every `hop` samples, in `mels` bands.

    Each sound is taken for itself, so that one alone and one among many give the same bits.
    """

    rate_hz: int = Field(ge=100, le=200_000)
    window: int = Field(default=256, ge=16, le=MOST_STEPS, description="samples of one spectrum")
    hop: int = Field(default=128, ge=1, le=MOST_STEPS, description="samples from one spectrum to the next")
    mels: int = Field(default=32, ge=2, le=MOST_BANDS, description="bands, evenly spaced on the mel scale")
    lowest_hz: float = Field(default=60.0, ge=0)
    range_db: float = Field(default=60.0, gt=0, description="quieter values are raised to this far below the loudest")
    frames: int | None = Field(
        default=None,
        ge=2,
        le=MOST_STEPS,
        description="the sound, without the zeros at its end, is stretched to so many spectra",
    )
    level: Literal["sound", "band"] = Field(
        default="sound", description="band: each band's mean over the sound is taken away, as of a voice or microphone"
    )
    layout: Layout = "image"

    def apply(self, values: Values) -> Values:
        """Samples (n, samples) to (n, 1, features, frames) as an image, or (n, frames, features) as a sequence."""
        require_package("librosa", extra="data", task="reckon spectra of sounds")
        return self.lay_out(np.stack([self._features(samples) for samples in values]).astype(np.float32))

    def lay_out(self, features: Values) -> Values:
        """Features (n, features, frames) as the network takes them: with a channel, or frames first."""
        return features[:, None] if self.layout == "image" else np.swapaxes(features, 1, 2)

    def _features(self, samples: Values) -> Values:
        return self.finish_bands(self._power(samples))

    def _power(self, samples: Values) -> Values:
        """(mels, frames): the power in each band."""
        import librosa

        return np.asarray(
            librosa.feature.melspectrogram(
                y=samples if self.frames is None else self._sounding(samples),
                sr=self.rate_hz,
                n_fft=self.window,
                hop_length=self.hop,
                n_mels=self.mels,
                fmin=self.lowest_hz,
            )
        )

    def finish_bands(self, power: Values) -> Values:
        """The features (features, frames) of one whole sound by the power (mels, frames) in its bands."""
        return self._log_mel(power)

    def _log_mel(self, power: Values) -> NDArray[np.float32]:
        """(mels, frames), in dB below the loudest of the sound, or about each band's mean."""
        decibels = 10 * np.log10(np.maximum(power, _SMALLEST_POWER))
        bands = np.maximum(decibels - decibels.max(), -self.range_db)
        if self.frames is not None:
            bands = _stretched(bands, self.frames)
        if self.level == "band":
            bands = bands - bands.mean(axis=1, keepdims=True)
        return np.asarray(bands, np.float32)

    def _sounding(self, samples: Values) -> Values:
        """The samples to the last that is not zero, two windows of them at least."""
        sounding = np.flatnonzero(samples)
        length = 0 if len(sounding) == 0 else int(sounding[-1]) + 1
        return samples[: max(length, 2 * self.window)]


def _stretched(bands: NDArray[np.float64], frames: int) -> NDArray[np.float64]:
    """Bands (mels, n) brought to `frames` spectra, from the first to the last, by linear interpolation in time."""
    last = bands.shape[1] - 1
    places = np.linspace(0, last, frames)
    before = np.floor(places).astype(np.int64)
    after = np.minimum(before + 1, last)
    share = places - before
    return np.asarray(bands[:, before] * (1 - share) + bands[:, after] * share)


class LogMel(_Spectrum):
    """Power in each mel band, in dB below the loudest of the sound (so that loudness does not matter).

    `frames` makes slow and fast speech alike. The mean of a band over a sound holds what does not change in it: taking
    it away is cepstral mean normalisation, in the bands (B. Atal, Journal of the Acoustical Society of America 55,
    1974).
    """

    kind: Literal["log_mel"] = "log_mel"


class Mfcc(_Spectrum):
    """Mel-frequency cepstral coefficients: the first `coefficients` of the cosine transform of the log-mel bands."""

    kind: Literal["mfcc"] = "mfcc"
    coefficients: int = Field(default=13, ge=1, le=MOST_BANDS)

    def finish_bands(self, power: Values) -> Values:
        """As of LogMel, and then the cosine transform of each spectrum."""
        import librosa

        return np.asarray(librosa.feature.mfcc(S=self._log_mel(power), n_mfcc=self.coefficients))
