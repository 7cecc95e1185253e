"""A wake word from data to a stream: train, tune, and listen to a recording, bit for bit on the simulated chip.

    CHIPSMITH_DATA=FOLDER python examples/wake_word.py [RUN_FOLDER]

The recordings are the Free Spoken Digit Dataset in FOLDER/fsdd. RUN_FOLDER (default runs/wake_word-0) is trained and
tuned where it is missing.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import numpy as np

import chipsmith

WORD = "7"
PAUSE_S = 0.8


def find_recordings() -> Path:
    """The folder of the recordings; ends the script where it is not here."""
    folder = Path(os.environ.get("CHIPSMITH_DATA", "")) / "fsdd"
    if not os.environ.get("CHIPSMITH_DATA") or not folder.is_dir():
        sys.exit("wake_word.py needs the Free Spoken Digit Dataset: CHIPSMITH_DATA names the folder that holds fsdd/")
    return folder


def join(recordings: Path, spoken: str) -> tuple[np.ndarray, int]:
    """Digits of one voice, one after the other with pauses, and the samples a second."""
    import soundfile

    parts = []
    for take, digit in enumerate(spoken):
        (file,) = list(recordings.rglob(f"{digit}_yweweler_{take}.wav"))[:1]
        samples, rate = soundfile.read(file, dtype="float32")
        parts += [np.zeros(int(PAUSE_S * rate), np.float32), samples]
    return np.concatenate([*parts, np.zeros(rate, np.float32)]), rate


def main() -> None:
    """Train and tune where that is not done, then listen."""
    parser = argparse.ArgumentParser(description="A program that listens for a word.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path("runs/wake_word-0"), help="the run's folder")
    folder: Path = parser.parse_args().folder
    recordings = find_recordings()
    if not (folder / "result.json").is_file():
        chipsmith.run("wake_word", out=folder)
    if not list(folder.glob("*.stream.yaml")):
        print(chipsmith.tune(folder).to_json())
    sound, rate = join(recordings, "370971")
    heard = chipsmith.stream(folder, sound, rate=rate)
    for decision in heard:
        if decision.detected is not None:
            print(decision)
    print(heard.summary)


if __name__ == "__main__":
    main()
