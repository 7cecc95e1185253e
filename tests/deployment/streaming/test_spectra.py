"""A window that moves on is preprocessed to the bits of the same window alone."""

from __future__ import annotations

import numpy as np
import pytest

from chipsmith.deployment.streaming.spectra import SlidingSpectra
from chipsmith.deployment.streaming.windows import SoundWindow
from chipsmith.learn.preprocessing import LogMel, Mfcc, Preprocessing, SoundReader, Standardise

STEPS = {
    "log-mel": LogMel(rate_hz=8_000),
    "each band's mean taken away": LogMel(rate_hz=8_000, level="band", layout="sequence"),
    "cepstral": Mfcc(rate_hz=8_000, window=400, hop=160, mels=40),
    "a hop that divides nothing": LogMel(rate_hz=8_000, window=202, hop=77, mels=16),
    "stretched to a number of spectra": LogMel(rate_hz=8_000, frames=40),
}


def listen(step: LogMel | Mfcc) -> SoundWindow:
    scale = Standardise(mean=(-31.0,), std=(12.0,))
    preprocessing = Preprocessing(reader=SoundReader(rate_hz=8_000, samples=4_000), steps=(step, scale))
    return SoundWindow(preprocessing, preprocessing.reader)


@pytest.mark.parametrize("name", STEPS)
def test_every_window_has_the_bits_of_the_whole_preprocessing(name):
    generator = np.random.default_rng(0)
    window, sound = listen(STEPS[name]), generator.normal(0, 0.1, 12_000).astype(np.float32)
    place = 0
    while place < len(sound):
        size = int(generator.integers(1, 700))  # pieces of any size, also none of a whole hop
        window.push(sound[place : place + size])
        place += size
        inputs = window.inputs()
        np.testing.assert_array_equal(inputs, window._preprocessing.apply(window.window())[None])


def test_windows_begin_with_silence_and_end_at_whole_hops():
    window = listen(STEPS["log-mel"])
    window.push(np.ones(300, np.float32))
    assert window.end == 256
    np.testing.assert_array_equal(window.window(), [0.0] * (4_000 - 256) + [1.0] * 256)


def test_a_step_reckons_the_new_spectra_and_those_at_the_ends_alone(monkeypatch):
    step = LogMel(rate_hz=8_000)
    spectra = SlidingSpectra(step, length=8_000)
    reckoned = []
    reckon = spectra._reckon

    def count(window, chosen):
        reckoned.append(len(chosen))
        return reckon(window, chosen)

    monkeypatch.setattr(spectra, "_reckon", count)
    sound = np.random.default_rng(0).normal(0, 0.1, 8_256).astype(np.float32)
    spectra.bands(sound[:8_000], moved=0)
    spectra.bands(sound[128:8_128], moved=1)
    spectra.bands(sound[256:8_256], moved=1)
    assert reckoned == [63, 3, 3]


def test_only_what_cannot_be_kept_is_said_to_be_reckoned_whole():
    assert {name: listen(step).incremental for name, step in STEPS.items()} == {
        name: "stretched" not in name for name in STEPS
    }
