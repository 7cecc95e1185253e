"""Data sets of sounds: WAV files to log-mel or cepstral features."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from chipsmith.errors import BadInput
from chipsmith.extras import require_package
from chipsmith.learn.data.assemble import array_parts, assemble, lazy_parts
from chipsmith.learn.data.class_files import ClassFiles, DataFiles, Links, find_class_files
from chipsmith.learn.data.dataset import Dataset
from chipsmith.learn.data.decoded import DecodedSection, Undecoded
from chipsmith.learn.data.examples import DECODED_BYTES, Decoder, Indices
from chipsmith.learn.data.feature_cache import cached_features
from chipsmith.learn.data.files import digest_file, find_folder, naming
from chipsmith.learn.data.joined_sound import Recording
from chipsmith.learn.data.origin import Omitted, Origin
from chipsmith.learn.data.splits import Shares, Split, draw_groups, split_stratified
from chipsmith.learn.data.spoken import SUFFIXES, HeldPart, SpokenFiles, find_spoken_files
from chipsmith.learn.limits import MOST_BANDS, MOST_STEPS
from chipsmith.learn.preprocessing import LogMel, Mfcc, Preprocessing, SoundReader, Standardise
from chipsmith.learn.preprocessing.sound import Layout, sound_traits
from chipsmith.shown import Shown

FITTED_ON = 2_000
"""The first so many training sounds, which are mixed: mean and deviation of the features are taken of them."""


class Features(Shown, BaseModel):
    """What is made of a sound's samples, in spectra of `window` samples, every `hop` samples, in `mels` bands.

    `layout` image: (1, features, frames), for two-dimensional networks; sequence: (frames, features).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["log_mel", "mfcc"] = "log_mel"
    rate_hz: int = Field(default=8_000, ge=1_000, le=200_000, description="to which every sound is resampled")
    seconds: float = Field(default=1.0, gt=0, le=60, description="longer sounds are cut, shorter ones get silence")
    window: int = Field(default=256, ge=16, le=MOST_STEPS)
    hop: int = Field(default=128, ge=1, le=MOST_STEPS)
    mels: int = Field(default=32, ge=2, le=MOST_BANDS)
    frames: int | None = Field(
        default=None, ge=2, le=MOST_STEPS, description="sounds are stretched in time to so many spectra"
    )
    level: Literal["sound", "band"] = Field(default="sound", description="band: the mean of each band is taken away")
    coefficients: int = Field(default=13, ge=1, le=MOST_BANDS, description="of `mfcc`, from the lowest")
    layout: Layout = "image"

    def reader(self) -> SoundReader:
        """Makes samples of a file."""
        return SoundReader(rate_hz=self.rate_hz, samples=round(self.seconds * self.rate_hz))

    def step(self) -> LogMel | Mfcc:
        """Makes features of samples."""
        log_mel = LogMel(**self.model_dump(exclude={"kind", "seconds", "coefficients"}))
        if self.kind == "log_mel":
            return log_mel
        return Mfcc(coefficients=self.coefficients, **log_mel.model_dump(exclude={"kind"}))


class SpokenDigitsData(DecodedSection):
    """The Free Spoken Digit Dataset: WAV files named DIGIT_SPEAKER_NUMBER.wav in a folder or its `recordings`.

    Recipe: `data: {kind: spoken_digits, path: $CHIPSMITH_DATA/fsdd}`. Speakers are kept apart: whoever is named in
    `test` or `validation` is in no other part, so that the test asks for voices never heard. With the defaults four
    speakers are for training (george, jackson, lucas, nicolas), one each for validation and test: the last two of the
    alphabet, taken before any result was seen.
    """

    kind: Literal["spoken_digits"] = "spoken_digits"
    path: str
    validation: tuple[str, ...] = Field(default=("theo",), min_length=1, description="speakers that choose the epoch")
    test: tuple[str, ...] = Field(default=("yweweler",), min_length=1, description="speakers that judge the network")
    features: Features = Features()
    links: Links = "within"

    def open(self, *, seed: int) -> Undecoded:
        """As DecodedSection.open. Raises BadInput for an unknown speaker, and, naming it, for what is no sound."""
        spoken = self._files(seed)
        held_out = f"validation: {', '.join(self.validation)}; test: {', '.join(self.test)}"
        return _sounds(
            name="spoken_digits",
            source=f"Free Spoken Digit Dataset, {len(spoken.paths)} sounds of {len(set(spoken.speakers))} speakers; "
            f"{held_out}",
            class_names=[str(digit) for digit in range(10)],
            files=DataFiles.listed(spoken.folder, spoken.paths),
            labels=np.array(spoken.digits, np.int64),
            split=spoken.split,
            omitted=Omitted(),
            features=self.features,
        )

    def recordings(self, part: HeldPart, *, seed: int) -> list[Recording]:
        """The recordings of a held-out part, whole, at the rate of the features; labels are the digits."""
        spoken = self._files(seed)
        return spoken.read(getattr(spoken.split, part).tolist(), rate_hz=self.features.rate_hz)

    def _files(self, seed: int) -> SpokenFiles:
        return find_spoken_files(self.path, validation=self.validation, test=self.test, links=self.links, seed=seed)


class SoundFolderData(DecodedSection):
    """A folder with a folder of WAV files for each class. Recipe: `data: {kind: sound_folder, path: birds}`.

    `group` is a regular expression with one group that finds the speaker, machine or place in a file's path within the
    folder; whole groups are then held out, drawn by seed until `shares` are reached. Without it the split is
    stratified. A sound that is there twice counts once (not at all in two classes). Features of more than 512 MiB are
    made as they are asked for.
    """

    kind: Literal["sound_folder"] = "sound_folder"
    path: str
    group: str | None = Field(default=None, description="regular expression, such as '_([a-z]+)_'")
    shares: Shares = Shares()
    features: Features = Features()
    links: Links = "within"

    def open(self, *, seed: int) -> Undecoded:
        """As DecodedSection.open. Raises BadInput, naming the file, for what is no sound."""
        folder = find_folder(self.path)
        sounds = find_class_files(folder, SUFFIXES, what="sounds", links=self.links)
        with naming(folder):
            split = self._split(sounds, folder, seed)
        apart = "stratified split" if self.group is None else f"whole groups ({self.group}) held out"
        return _sounds(
            name=folder.name,
            source=f"{folder}: {len(sounds.files)} sounds, {sounds.omitted.copies} copies left out; {apart}",
            class_names=sounds.class_names,
            files=sounds.files,
            labels=sounds.labels,
            split=split,
            omitted=sounds.omitted,
            features=self.features,
        )

    def _split(self, sounds: ClassFiles, folder: Path, seed: int) -> Split:
        if self.group is None:
            return split_stratified(sounds.labels, self.shares.counts(len(sounds.files)), seed=seed)
        groups = [_group(self.group, str(file.relative_to(folder))) for file in sounds.files.paths]
        return draw_groups(groups, self.shares, seed=seed)


def _group(pattern: str, name: str) -> str:
    try:
        match = re.search(pattern, name)
    except re.error as error:
        raise BadInput(f"group: '{pattern}' is no regular expression ({error})") from error
    if match is None or not match.groups():
        raise BadInput(f"group: '{pattern}' finds no group in {name}")
    return match[1]


def _sounds(
    *,
    name: str,
    source: str,
    class_names: Sequence[str],
    files: DataFiles,
    labels: Indices,
    split: Split,
    omitted: Omitted,
    features: Features,
) -> Undecoded:
    """Features in memory where they fit, made as they are asked for where not; scaled by the training part."""
    require_package("soundfile", extra="data", task="read sounds")
    require_package("librosa", extra="data", task="reckon spectra of sounds")
    unscaled = Preprocessing(reader=features.reader(), steps=(features.step(),))
    decoded = cached_features(files.paths, unscaled) if _fits(unscaled, len(files)) else None
    decoder = Decoder(
        decode=_decode_files(files, unscaled) if decoded is None else decoded.__getitem__,
        finish=_stay,
        encoded=lambda item: digest_file(files.path(item)),
    )
    origin = Origin(
        split=split,
        name_item=files.name,
        traits=lambda item: sound_traits(files.path(item)),
        omitted=omitted,
        raw=files.path,
    )

    def fit() -> Dataset:
        scale = Standardise.fit(decoder.stack(split.train[:FITTED_ON]), axis=1)
        if decoded is None:
            parts = lazy_parts(dataclasses.replace(decoder, finish=scale.apply), labels, split)
        else:
            parts = array_parts(scale.apply(decoded), labels, split)
        return assemble(
            name=name,
            source=source,
            class_names=class_names,
            parts=parts,
            preprocessing=unscaled.model_copy(update={"steps": (*unscaled.steps, scale)}),
            origin=origin,
        )

    return Undecoded(decoder=decoder, origin=origin, labels=labels, fit=fit)


def _fits(unscaled: Preprocessing, count: int) -> bool:
    """Whether the features of so many sounds fit in memory; silence has as many as any other."""
    reader = unscaled.reader
    assert isinstance(reader, SoundReader)
    return unscaled.apply(np.zeros(reader.samples, np.float32)).nbytes * count <= DECODED_BYTES


def _decode_files(files: DataFiles, unscaled: Preprocessing) -> Callable[[int], NDArray[Any]]:
    return lambda item: unscaled.apply(files.path(item))


def _stay(values: NDArray[Any]) -> NDArray[Any]:
    return values
