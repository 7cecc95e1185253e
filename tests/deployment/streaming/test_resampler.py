"""Sound at another rate: near what a converter of whole sounds gives, at once, and the same in any pieces."""

from __future__ import annotations

import numpy as np
import pytest
import soxr

from chipsmith.deployment.streaming.resampler import StreamResampler

RATES = [(16_000, 8_000), (44_100, 8_000), (48_000, 16_000), (8_000, 16_000), (11_025, 8_000), (96_000, 8_000)]


def convert(sound: np.ndarray, rate_hz: float, target_hz: int, *, piece: int) -> np.ndarray:
    resampler = StreamResampler(rate_hz, target_hz)
    pieces = [resampler.convert(sound[place : place + piece]) for place in range(0, len(sound), piece)]
    return np.concatenate([*pieces, resampler.finish()])


def sine(pitch_hz: float, rate_hz: float, *, seconds: float = 1.0) -> np.ndarray:
    times = np.arange(round(seconds * rate_hz)) / rate_hz
    return (0.5 * np.sin(2 * np.pi * pitch_hz * times)).astype(np.float32)


@pytest.mark.parametrize(("rate_hz", "target_hz"), RATES)
@pytest.mark.parametrize("share", [0.05, 0.84])
def test_a_tone_is_what_a_converter_of_whole_sounds_makes_of_it(rate_hz, target_hz, share):
    sound = sine(share * min(rate_hz, target_hz) / 2, rate_hz)
    heard = convert(sound, rate_hz, target_hz, piece=rate_hz // 50)
    expected = soxr.resample(sound, rate_hz, target_hz, quality="HQ")
    assert len(heard) == len(expected)
    np.testing.assert_allclose(heard[500:-500], expected[500:-500], atol=3e-4)


@pytest.mark.parametrize(("rate_hz", "target_hz"), [rates for rates in RATES if rates[0] > rates[1]])
def test_what_is_above_the_band_is_not_folded_back(rate_hz, target_hz):
    heard = convert(sine(0.51 * target_hz, rate_hz), rate_hz, target_hz, piece=rate_hz // 50)
    assert np.abs(heard[500:-500]).max() < 0.5 * 10 ** (-90 / 20)


@pytest.mark.parametrize(("rate_hz", "target_hz"), [*RATES, (15_999.7, 8_000), (7_999.3, 48_000)])
def test_the_bits_do_not_depend_on_the_pieces(rate_hz, target_hz):
    sound = np.random.default_rng(0).uniform(-1, 1, 9_000).astype(np.float32)
    whole = convert(sound, rate_hz, target_hz, piece=len(sound))
    for piece in (1_000, 37, 1):
        np.testing.assert_array_equal(convert(sound, rate_hz, target_hz, piece=piece), whole)


@pytest.mark.parametrize(("rate_hz", "target_hz"), RATES)
def test_each_hop_gives_what_can_be_known_of_it(rate_hz, target_hz):
    resampler = StreamResampler(rate_hz, target_hz)
    hop = np.zeros(rate_hz // 100, np.float32)
    given = np.cumsum([len(resampler.convert(hop)) for _ in range(50)])
    expected = (np.arange(1, 51) * len(hop) / rate_hz - resampler.delay_s) * target_hz
    assert np.abs(given - expected).max() <= 1
    assert resampler.delay_s == pytest.approx(64 / min(rate_hz, target_hz))
