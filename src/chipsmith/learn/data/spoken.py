"""The Free Spoken Digit Dataset as it lies in its folder: files, digits, speakers, and who is held out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from chipsmith.errors import BadInput
from chipsmith.learn.data.class_files import Links, list_files
from chipsmith.learn.data.files import find_folder, naming
from chipsmith.learn.data.joined_sound import Recording
from chipsmith.learn.data.splits import Split, split_groups
from chipsmith.learn.preprocessing.sound import SoundReader, read_samples

SUFFIXES = (".wav",)
HeldPart = Literal["validation", "test"]
"""The parts whose recordings are joined: training never hears their speakers."""
_DIGIT = re.compile(r"(\d)_([a-z]+)_(\d+)")
_LONGEST_S = 60.0


@dataclass(frozen=True, kw_only=True)
class SpokenFiles:
    """Files named DIGIT_SPEAKER_NUMBER.wav, in order, and the parts that they are split into by speaker."""

    folder: Path
    paths: tuple[Path, ...]
    digits: tuple[int, ...]
    speakers: tuple[str, ...]
    split: Split

    def read(self, chosen: Sequence[int], *, rate_hz: int) -> list[Recording]:
        """The recordings at these places, whole, at one rate. Raises BadInput, naming the file."""
        reader = SoundReader(rate_hz=rate_hz, samples=round(_LONGEST_S * rate_hz))
        return [
            Recording(
                samples=read_samples(self.paths[item], reader),
                label=self.digits[item],
                speaker=self.speakers[item],
            )
            for item in chosen
        ]


def find_spoken_files(
    path: str, *, validation: Sequence[str], test: Sequence[str], links: Links, seed: int
) -> SpokenFiles:
    """The files in a folder or its `recordings`, with the speakers of validation and test held out.

    Raises BadInput, naming the folder, where there are none, or a speaker is in none of them.
    """
    folder = find_folder(path)
    files = list_files(folder, [folder, folder / "recordings"], SUFFIXES, links)
    matches = [(file, match) for file in files if (match := _DIGIT.fullmatch(file.stem))]
    if not matches:
        raise BadInput(f"{folder} has no files named DIGIT_SPEAKER_NUMBER.wav, nor has its folder recordings")
    speakers = [match[2] for _, match in matches]
    with naming(folder):
        split = split_groups(speakers, validation=validation, test=test, seed=seed)
    return SpokenFiles(
        folder=folder,
        paths=tuple(file for file, _ in matches),
        digits=tuple(int(match[1]) for _, match in matches),
        speakers=tuple(speakers),
        split=split,
    )
