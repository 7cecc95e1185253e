"""How often `chipsmith predict` warns of inputs that are unlike the training data, and of those that are like them.

    CHIPSMITH_DATA=... python benchmarks/unlike_inputs.py [digits|spoken_digits ...]

Prints a table for each recipe: what is given, of how many it warns, and the traits that it names first. The network is
not needed: what an input is like is measured on the raw input and on what the preprocessing makes of it.
"""

from __future__ import annotations

import io
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsmith.learn import Dataset, load_recipe
from chipsmith.learn.likeness import Likeness, fit_likeness

COUNT = 300
"""Inputs of each kind, where there are so many."""
Cases = Iterator[tuple[str, Sequence[Any]]]


def test_items(data: Dataset) -> list[Any]:
    """The raw examples of the test part."""
    assert data.origin is not None
    assert data.origin.raw is not None
    return [data.origin.raw(int(item)) for item in data.origin.split.test]


def png(pixels: NDArray[np.uint8]) -> bytes:
    """An image file."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def digits_cases(data: Dataset) -> Cases:
    """Its own test part, photographs, and digits that were changed."""
    generator = np.random.default_rng(0)
    own = test_items(data)
    photographs = [np.moveaxis(pixels, 0, 2) for pixels in _cifar(COUNT)]
    yield "own test part", own
    yield "the same, inverted (black on white)", [255 - pixels for pixels in own]
    yield "the same, with noise of deviation 40", [_noisy(pixels, generator) for pixels in own[:COUNT]]
    yield "the same, half as bright", [pixels // 2 for pixels in own]
    yield "the same, turned by 90 degrees", [np.rot90(pixels, axes=(1, 2)).copy() for pixels in own]
    yield "colour photographs (CIFAR-10)", [png(pixels) for pixels in photographs]
    yield "grey photographs", [png(pixels.mean(axis=2).astype(np.uint8)) for pixels in photographs]
    yield "noise", [generator.integers(0, 256, (1, 28, 28), dtype=np.uint8) for _ in range(COUNT)]
    yield "black and white images", [np.full((1, 28, 28), grey, np.uint8) for grey in (0, 255)]
    yield "printed letters, white on black", list(_letters())


def _noisy(pixels: NDArray[np.uint8], generator: np.random.Generator) -> NDArray[np.uint8]:
    return np.clip(pixels + generator.normal(0, 40, pixels.shape), 0, 255).astype(np.uint8)


def _cifar(count: int) -> list[NDArray[np.uint8]]:
    data = load_recipe("cifar10").data.open(seed=0)  # type: ignore[union-attr]
    return [data.decoder.item(int(item)) for item in data.origin.split.test[:count]]


def _letters() -> Iterator[bytes]:
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(20)
    for letter in "ABCDEFGHJKLMNPQRTUVWXYZabdefghkmnpqrty":
        image = Image.new("L", (28, 28))
        ImageDraw.Draw(image).text((8, 2), letter, font=font, fill=255)
        yield png(np.asarray(image))


def spoken_digits_cases(data: Dataset) -> Cases:
    """Its own test part (voices that were never heard in training), music, noise, silence, and other rates."""
    import soundfile

    generator = np.random.default_rng(0)
    files = test_items(data)
    own = [soundfile.read(str(file))[0] for file in files]
    yield "own test part (another voice)", files
    yield "the same at 16 kHz", [wav(_resampled(samples, 16_000), 16_000) for samples in own[:100]]
    yield "the same, said to be of 16 kHz (twice as fast)", [wav(samples, 16_000) for samples in own]
    yield "the same, said to be of 4 kHz", [wav(samples, 4_000) for samples in own]
    yield "ten of them joined", [wav(np.concatenate(own[start : start + 10]), 8_000) for start in range(0, 300, 10)]
    yield "chords of 3 s at 44.1 kHz", [wav(_chord(44_100, 3.0, seed), 44_100) for seed in range(100)]
    yield "chords of 0.5 s at 8 kHz", [wav(_chord(8_000, 0.5, seed), 8_000) for seed in range(100)]
    yield "white noise", [wav(generator.normal(0, 0.1, 4_000), 8_000) for _ in range(100)]
    yield "brown noise", [wav(np.cumsum(generator.normal(0, 0.003, 4_000)), 8_000) for _ in range(100)]
    yield "silence", [wav(np.zeros(4_000), 8_000)]


def wav(samples: NDArray[np.float64], rate_hz: int) -> bytes:
    """A sound file."""
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(buffer, samples.astype(np.float32), rate_hz, format="WAV")
    return buffer.getvalue()


def _resampled(samples: NDArray[np.float64], rate_hz: int) -> NDArray[np.float64]:
    import librosa

    return np.asarray(librosa.resample(samples, orig_sr=8_000, target_sr=rate_hz))


def _chord(rate_hz: int, seconds: float, seed: int) -> NDArray[np.float64]:
    """Four notes, each with its overtones, that fade."""
    generator = np.random.default_rng(seed)
    time = np.arange(int(rate_hz * seconds)) / rate_hz
    notes = [220 * 2 ** (int(generator.integers(0, 24)) / 12) for _ in range(4)]
    tones = [np.sin(2 * np.pi * note * tone * time) / tone for note in notes for tone in range(1, 6)]
    samples = np.sum(tones, axis=0) * np.exp(-time * generator.uniform(0.2, 2))
    return np.asarray(0.5 * samples / np.abs(samples).max())


def print_case(name: str, likeness: Likeness, data: Dataset, given: Sequence[Any]) -> None:
    """A row: of how many of these is warned, and why."""
    preprocessing = data.preprocessing
    judged = [likeness.examine(preprocessing.reader, raw, preprocessing.apply(raw)) for raw in given]
    warned = [unlike for unlike in judged if unlike is not None]
    why = ", ".join(trait for trait, _ in Counter(unlike.traits[0].name for unlike in warned).most_common(3))
    print(f"| {name} | {len(given)} | {len(warned) / len(given):.1%} | {why} |")


CASES = {"digits": digits_cases, "spoken_digits": spoken_digits_cases}


def main(names: Sequence[str]) -> None:
    """Print the tables of these recipes."""
    for name in names or CASES:
        data = load_recipe(name).load_data()
        likeness = fit_likeness(data, protects_training=False)
        assert likeness is not None
        print(
            f"\n{name}: limits of {likeness.chosen_on} validation examples\n\n| given | inputs | warned | first named |"
        )
        print("|---|---|---|---|")
        for case, given in CASES[name](data):
            print_case(case, likeness, data, given)


if __name__ == "__main__":
    main(sys.argv[1:])
