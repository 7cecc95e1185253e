"""Windows of speech in which one word is to be noticed: the word whole, or anything else, as a microphone hears it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from chipsmith.cache import content_key, find_entry, installed_versions, keep_entry, working_on
from chipsmith.errors import BadInput
from chipsmith.files import map_array
from chipsmith.learn.data.assemble import array_parts, assemble
from chipsmith.learn.data.class_files import Links
from chipsmith.learn.data.dataset import Dataset
from chipsmith.learn.data.files import digest_file
from chipsmith.learn.data.joined_sound import JoinedSound, Joining, Recording, join_recordings
from chipsmith.learn.data.origin import Origin
from chipsmith.learn.data.section import DataSection
from chipsmith.learn.data.sound import FITTED_ON, Features
from chipsmith.learn.data.splits import Split
from chipsmith.learn.data.spoken import HeldPart, SpokenFiles, find_spoken_files
from chipsmith.learn.limits import MOST_EXAMPLES
from chipsmith.learn.preprocessing import Preprocessing, Standardise

OTHER = "other"
"""The class of all that is not the word."""
_SEEN_LITTLE, _SEEN_ENOUGH = 0.5, 0.95
"""A window with less of the word than the first is of the class other; one with more than the second is of the word."""
_NEIGHBOURS = 2
"""Recordings before the one that a window is cut around; one follows."""


class _Around(StrEnum):
    """What a window is cut around."""

    WORD = "the whole word"
    PIECE = "a piece of the word"
    SPEECH = "other words"
    PAUSE = "no word"


_OTHERS: tuple[tuple[_Around, float], ...] = ((_Around.PIECE, 0.3), (_Around.SPEECH, 0.58), (_Around.PAUSE, 0.12))
"""Shares of the windows that are not of the word."""


class WakeWordData(DataSection):
    """One digit of the Free Spoken Digit Dataset against all that a microphone hears beside it.

    Recipe: `data: {kind: wake_word, path: $CHIPSMITH_DATA/fsdd, word: 7}`. An example is a window of `features.seconds`
    that is cut out of recordings of one speaker, joined with pauses and noise by `joining`, whose level is drawn
    between `joining.noise_db` and `quietest_noise_db` for each window. The classes are `other` and the word: of the
    word is a window that holds it whole, at any place; other are windows of other digits at random places, of less than
    half of the word, and of pauses. `windows` are those for training, a share `word_share` of them of the word; an
    eighth as many each are for validation and test. In training each recording is played faster or slower by up to
    `speed`, which makes voices of voices. Speakers are kept apart as for `spoken_digits`.

    Source of the speeds: T. Ko and others: Audio augmentation for speech recognition, Interspeech 2015.
    """

    kind: Literal["wake_word"] = "wake_word"
    path: str
    word: int = Field(default=7, ge=0, le=9, description="the digit that is to be noticed")
    validation: tuple[str, ...] = Field(default=("theo",), min_length=1, description="speakers that choose the epoch")
    test: tuple[str, ...] = Field(default=("yweweler",), min_length=1, description="speakers that judge the network")
    windows: int = Field(default=8_000, ge=16, le=MOST_EXAMPLES, description="windows for training")
    word_share: float = Field(default=0.25, gt=0, lt=1, description="of the windows, those of the word")
    speed: float = Field(default=0.15, ge=0, lt=0.5, description="share by which training recordings are played faster")
    joining: Joining = Joining(noise_db=10.0)
    quietest_noise_db: float = Field(default=40.0, ge=0, le=100, description="the quietest noise that is drawn")
    features: Features = Features()
    links: Links = "within"

    @property
    def class_names(self) -> tuple[str, str]:
        """`other` and the word."""
        return (OTHER, str(self.word))

    def recordings(self, part: HeldPart, *, seed: int) -> list[Recording]:
        """The recordings of a held-out part, whole, at the rate of the features; the label of the word is 1, else 0."""
        spoken = self._files(seed)
        return self._labelled(spoken, getattr(spoken.split, part).tolist())

    def load(self, *, seed: int) -> Dataset:
        """The data set. Raises BadInput for an unknown speaker, and, naming it, for what is no sound."""
        spoken = self._files(seed)
        held_out = max(4, self.windows // 8)
        sizes = (self.windows, held_out, held_out)
        unscaled = Preprocessing(reader=self.features.reader(), steps=(self.features.step(),))
        features = self._cached(spoken, unscaled, sizes, seed)
        labels = np.concatenate([self._labels(size) for size in sizes])
        parts = np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:2])
        order = [np.random.default_rng((seed, place)).permutation(part) for place, part in enumerate(parts)]
        split = Split(train=order[0], validation=order[1], test=order[2])
        scale = Standardise.fit(features[split.train[:FITTED_ON]], axis=1)
        return assemble(
            name="wake_word",
            source=f"Free Spoken Digit Dataset, windows around {self.word} and beside it, joined with pauses and noise "
            f"({self.joining.noise_db:g} to {self.quietest_noise_db:g} dB); validation: {', '.join(self.validation)}; "
            f"test: {', '.join(self.test)}",
            class_names=self.class_names,
            parts=array_parts(scale.apply(features), labels, split),
            preprocessing=unscaled.model_copy(update={"steps": (*unscaled.steps, scale)}),
            origin=Origin(split=split, name_item=lambda item: f"window {item}"),
        )

    def _files(self, seed: int) -> SpokenFiles:
        return find_spoken_files(self.path, validation=self.validation, test=self.test, links=self.links, seed=seed)

    def _labelled(self, spoken: SpokenFiles, chosen: Sequence[int]) -> list[Recording]:
        return [
            Recording(samples=recording.samples, label=int(recording.label == self.word), speaker=recording.speaker)
            for recording in spoken.read(chosen, rate_hz=self.features.rate_hz)
        ]

    def _labels(self, size: int) -> NDArray[np.int64]:
        """1 for the first `word_share` of so many windows, 0 for the rest."""
        return (np.arange(size) < max(1, round(self.word_share * size))).astype(np.int64)

    def _cached(
        self, spoken: SpokenFiles, unscaled: Preprocessing, sizes: Sequence[int], seed: int
    ) -> NDArray[np.float32]:
        """The features of the windows of all parts, in order, from the cache where they are known."""
        versions = installed_versions(("numpy", "scipy", "librosa", "soundfile", "soxr"))
        settings = f"{self.model_dump_json()} {seed}".encode()
        key = content_key([settings, versions, *map(digest_file, spoken.paths)])
        with working_on("windows", f"{key}.npy"):
            entry = find_entry("windows", f"{key}.npy")
            if entry is not None:
                return np.asarray(map_array(entry), np.float32)
            features = np.stack([unscaled.apply(window) for window in self._windows(spoken, sizes, seed)])
            keep_entry("windows", f"{key}.npy", lambda file: file.write_bytes(_npy(features)))
            return features

    def _windows(self, spoken: SpokenFiles, sizes: Sequence[int], seed: int) -> Iterator[NDArray[np.float32]]:
        split = spoken.split
        for place, (chosen, size) in enumerate(zip((split.train, split.validation, split.test), sizes, strict=True)):
            recordings = self._labelled(spoken, chosen.tolist())
            cutter = _Cutter(recordings, self, speed=self.speed if place == 0 else 0.0)
            for index, label in enumerate(self._labels(size).tolist()):
                yield cutter.cut(label, np.random.default_rng((seed, place, index)))


class _Cutter:
    """Cuts windows out of recordings of a part that are joined around a place."""

    def __init__(self, recordings: Sequence[Recording], data: WakeWordData, *, speed: float) -> None:
        self._data, self._speed = data, speed
        self._words = [recording for recording in recordings if recording.label]
        self._others = [recording for recording in recordings if not recording.label]
        if not self._words or not self._others:
            raise BadInput(f"a part of the data has no recording of {data.word}, or no other; name other speakers")
        self._length = round(data.features.seconds * data.features.rate_hz)

    def cut(self, label: int, generator: np.random.Generator) -> NDArray[np.float32]:
        """A window of a class: float32 (samples)."""
        around = _Around.WORD if label else _draw_around(generator)
        joined = self._join(around, generator)
        end = self._choose_end(joined, around, generator)
        padded = np.concatenate([np.zeros(self._length, np.float32), joined.samples])
        return np.asarray(padded[end : end + self._length])

    def _join(self, around: _Around, generator: np.random.Generator) -> JoinedSound:
        centres = self._others if around in (_Around.SPEECH, _Around.PAUSE) else self._words
        centre = centres[generator.integers(len(centres))]
        beside = [recording for recording in self._others if recording.speaker == centre.speaker] or self._others
        drawn = [beside[index] for index in generator.integers(len(beside), size=_NEIGHBOURS + 1)]
        given = self._data.joining
        loudest, quietest = sorted((given.noise_db, self._data.quietest_noise_db))
        pause = {"shortest_pause_s": self._data.features.seconds} if around is _Around.PAUSE else {}
        longest = max(given.longest_pause_s, self._data.features.seconds * 1.5)
        joining = given.model_copy(
            update={"noise_db": generator.uniform(loudest, quietest), "longest_pause_s": longest, **pause}
        )
        return join_recordings(
            [self._play(each, generator) for each in (*drawn[:_NEIGHBOURS], centre, drawn[-1])],
            rate_hz=self._data.features.rate_hz,
            joining=joining,
            generator=generator,
        )

    def _play(self, recording: Recording, generator: np.random.Generator) -> Recording:
        """The recording, faster or slower, its pitch with it; by linear interpolation."""
        if not self._speed:
            return recording
        step = 1 + generator.uniform(-self._speed, self._speed)
        samples = recording.samples
        places = np.arange(0, len(samples) - 1, step)
        faster = np.interp(places, np.arange(len(samples)), samples).astype(np.float32)
        return Recording(samples=faster, label=recording.label, speaker=recording.speaker)

    def _choose_end(self, joined: JoinedSound, around: _Around, generator: np.random.Generator) -> int:
        """Where the window ends, in samples of the joined sound."""
        word = joined.words[_NEIGHBOURS]
        size, total = word.end - word.start, len(joined.samples)
        if around is _Around.WORD:
            first = word.end - round((1 - _SEEN_ENOUGH) * size)
            last = max(first + 1, min(total, word.start + self._length + round((1 - _SEEN_ENOUGH) * size)))
            return int(generator.integers(first, last))
        if around is _Around.PAUSE:
            return int(word.start - generator.integers(0, max(1, round(0.1 * self._length))))
        if around is _Around.SPEECH:
            return int(generator.integers(min(self._length, total - 1), total))
        little = round(_SEEN_LITTLE * size)
        if generator.random() < 0.5:  # its beginning alone
            return int(generator.integers(word.start, word.start + little + 1))
        return min(total, int(generator.integers(word.end - little, word.end + 1)) + self._length)


def _draw_around(generator: np.random.Generator) -> _Around:
    kinds, shares = zip(*_OTHERS, strict=True)
    return _Around(kinds[generator.choice(len(kinds), p=shares)])


def _npy(array: NDArray[np.float32]) -> bytes:
    import io

    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()
