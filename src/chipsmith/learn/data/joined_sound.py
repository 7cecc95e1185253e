"""Long sounds of short recordings: one after the other, with pauses between them and noise over all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

Samples = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Recording:
    """A short recording: mono samples from -1 to 1, the number of its class, and who spoke or made it."""

    samples: Samples
    label: int
    speaker: str


@dataclass(frozen=True, kw_only=True)
class SpokenWord:
    """Where a recording lies in a joined sound, in samples: from `start` to before `end`; `label` is its class."""

    start: int
    end: int
    label: int


@dataclass(frozen=True, kw_only=True, eq=False)
class JoinedSound:
    """A long sound, and the words that were joined in it, in order."""

    samples: Samples
    rate_hz: int
    words: tuple[SpokenWord, ...]

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self.samples) / self.rate_hz


class Joining(BaseModel):
    """How recordings are joined: a pause before each and after the last, drawn evenly, and noise over all.

    The noise is pink (its power falls as 1 / frequency), `noise_db` below the mean power of the recordings themselves.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    shortest_pause_s: float = Field(default=0.1, ge=0, le=60)
    longest_pause_s: float = Field(default=1.5, gt=0, le=60)
    noise_db: float = Field(default=20.0, ge=0, le=100, description="of the noise below the words' mean power")


def join_recordings(
    recordings: Sequence[Recording], *, rate_hz: int, joining: Joining, generator: np.random.Generator
) -> JoinedSound:
    """The recordings in their order as one sound; pauses and noise come from the generator. One or more are needed."""
    pauses = generator.uniform(joining.shortest_pause_s, joining.longest_pause_s, len(recordings) + 1)
    gaps = np.round(pauses * rate_hz).astype(int)
    words, pieces, place = [], [np.zeros(gaps[0], np.float32)], int(gaps[0])
    for recording, gap in zip(recordings, gaps[1:], strict=True):
        end = place + len(recording.samples)
        words.append(SpokenWord(start=place, end=end, label=recording.label))
        pieces += [recording.samples, np.zeros(gap, np.float32)]
        place = end + int(gap)
    power = float(np.mean(np.concatenate([recording.samples for recording in recordings]).astype(np.float64) ** 2))
    noise = pink_noise(place, generator) * np.sqrt(power * 10 ** (-joining.noise_db / 10))
    samples = np.clip(np.concatenate(pieces) + noise, -1, 1).astype(np.float32)
    return JoinedSound(samples=samples, rate_hz=rate_hz, words=tuple(words))


def pink_noise(count: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """Noise whose power falls as 1 / frequency, of mean power 1: `count` samples, at least one."""
    from scipy.fft import next_fast_len

    length = next_fast_len(count, real=True)  # a prime length would take ten times as long
    spectrum = np.fft.rfft(generator.standard_normal(length))
    frequencies = np.maximum(np.arange(len(spectrum)), 1)
    shaped = np.fft.irfft(spectrum / np.sqrt(frequencies), length)[:count]
    spread = float(np.sqrt(np.mean(shaped**2)))
    return np.asarray(shaped / spread if spread else shaped)
