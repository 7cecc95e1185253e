"""Sounds come in hops: files, raw samples, arrays; channels mixed, rates changed, faults told."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile
import soxr

from chipsmith.deployment.streaming.sound_feed import (
    SampleFormat,
    SoundFeed,
    decode_samples,
    feed_chunks,
    open_raw_sound,
    open_sound_file,
    read_sample_format,
)
from chipsmith.errors import BadInput


def hear(feed: SoundFeed) -> np.ndarray:
    """All samples at the network's rate."""
    pieces = [feed.convert(piece.raw) for piece in feed.pieces()]
    rest = feed.finish()
    return np.concatenate([*pieces, *([] if rest is None else [rest])])


def noise(count: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(-0.9, 0.9, count).astype(np.float32)


def raw(data: bytes, *, form: SampleFormat = SampleFormat.S16LE) -> SoundFeed:
    return open_raw_sound(io.BytesIO(data), rate_hz=8_000, form=form, channels=1, target_hz=8_000, hop_s=0.02)


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_a_file_comes_hop_by_hop(tmp_path, suffix):
    path = tmp_path / f"sound.{suffix}"
    soundfile.write(path, noise(1_000), 8_000, subtype="PCM_16")
    feed = open_sound_file(path, target_hz=8_000, hop_s=0.02)
    pieces = list(feed.pieces())
    assert [len(piece.raw) for piece in pieces] == [160] * 6 + [40]
    assert [piece.time_s for piece in pieces[:2]] == [0.02, 0.04]
    assert feed.notes == []
    np.testing.assert_array_equal(hear(feed), soundfile.read(path, dtype="float32")[0])


def test_hops_of_a_broken_number_of_samples_keep_step():
    feed = feed_chunks([noise(44_100)], rate_hz=44_100, target_hz=44_100, hop_s=0.0125)
    times = [piece.time_s for piece in feed.pieces()]
    np.testing.assert_allclose(times, np.arange(1, 81) * 0.0125, atol=0.5 / 44_100)


def test_stereo_is_averaged_and_said(tmp_path):
    both = np.stack([noise(400), -0.5 * noise(400)], axis=1)
    soundfile.write(tmp_path / "two.wav", both, 8_000, subtype="FLOAT")
    feed = open_sound_file(tmp_path / "two.wav", target_hz=8_000, hop_s=0.02)
    np.testing.assert_allclose(hear(feed), both.mean(axis=1), atol=1e-7)
    assert feed.notes == [f"{tmp_path / 'two.wav'} has 2 channels: they are averaged"]


def test_another_rate_is_resampled_as_the_whole_sound_would_be():
    sound = noise(16_000)
    feed = feed_chunks(np.split(sound, 32), rate_hz=16_000, target_hz=8_000, hop_s=0.02)
    heard, expected = hear(feed), soxr.resample(sound, 16_000, 8_000, quality="HQ")
    assert len(heard) == len(expected)
    inner = slice(100, -100)
    low = np.abs(np.fft.rfft((heard - expected)[inner] * np.hanning(len(expected[inner]))))
    band = np.abs(np.fft.rfft(expected[inner] * np.hanning(len(expected[inner]))))
    assert low[: int(0.84 * len(low))].max() < 3e-4 * band.max()
    assert "resampled from 16000 to 8000 Hz as it comes, which holds back 8 ms" in feed.notes[0]


@pytest.mark.parametrize(
    ("form", "dtype", "full"), [("s16le", "<i2", 2**15), ("s32le", "<i4", 2**31), ("f32le", "<f4", 1)]
)
def test_raw_samples_are_from_minus_1_to_1(form, dtype, full):
    values = np.array([0.0, 0.5, -1.0])
    data = (values * full).astype(dtype).tobytes()
    np.testing.assert_array_equal(hear(raw(data, form=read_sample_format(form))), values)


def test_three_bytes_are_a_sample_too():
    values = np.array([0, 1 << 22, -(1 << 23), -1], "<i4")
    data = b"".join(int(value).to_bytes(3, "little", signed=True) for value in values)
    np.testing.assert_array_equal(hear(raw(data, form=SampleFormat.S24LE)), values / np.float32(2**23))


def test_unsigned_bytes_have_silence_at_128():
    frames = decode_samples(bytes([128, 0, 192]), SampleFormat.U8, channels=1, name="x")
    np.testing.assert_array_equal(frames[:, 0], [0, -1, 0.5])


def test_int16_arrays_and_floats_sound_alike():
    floats = np.array([0.0, 0.25, -0.5], np.float32)
    integers = (floats * 32_768).astype(np.int16)
    heard = [hear(feed_chunks([each], rate_hz=8_000, target_hz=8_000, hop_s=0.02)) for each in (floats, integers)]
    np.testing.assert_array_equal(*heard)


@pytest.mark.parametrize(
    ("data", "form", "message"),
    [
        (b"", "s16le", "standard input holds no samples; is its sender running"),
        (b"RIFF" + bytes(400), "s16le", "standard input is a WAV file, and raw samples are taken there"),
        (b"fLaC" + bytes(400), "s16le", "is a FLAC file"),
        (np.array([1e9], "<f4").tobytes(), "f32le", "is it --format s16le"),
        (np.array([np.nan], "<f4").tobytes(), "f32le", "is it --format s16le"),
    ],
)
def test_what_is_no_raw_sound_is_refused(data, form, message):
    with pytest.raises(BadInput, match=message):
        hear(raw(data, form=read_sample_format(form)))


def test_half_a_sample_at_the_end_is_told():
    feed = raw(bytes(801))
    assert len(hear(feed)) == 400
    assert feed.notes[0].startswith("standard input ends within a sample: 1 bytes are left over; is it --format s16le")


def test_a_file_that_is_cut_off_is_refused(tmp_path):
    path = tmp_path / "cut.wav"
    soundfile.write(path, noise(8_000), 8_000, subtype="PCM_16")
    path.write_bytes(path.read_bytes()[:9_000])
    with pytest.raises(BadInput, match=r"cut\.wav is cut off: its head says 16,044 bytes, 9,000 are there"):
        open_sound_file(path, target_hz=8_000, hop_s=0.02)


def test_a_format_that_is_none_is_refused():
    with pytest.raises(
        BadInput, match="'mp3' is no format of samples that is read; there are s16le, s24le, s32le, u8, f32le"
    ):
        read_sample_format("mp3")


@pytest.mark.parametrize("samples", [np.zeros((2, 2, 2)), np.zeros(4, np.int64), np.array("x")])
def test_arrays_of_no_samples_are_refused(samples):
    with pytest.raises(BadInput, match="samples are"):
        hear(feed_chunks([samples], rate_hz=8_000, target_hz=8_000, hop_s=0.02))


def test_samples_that_are_no_numbers_are_refused():
    with pytest.raises(BadInput, match="no finite numbers"):
        hear(feed_chunks([np.array([0.0, np.inf])], rate_hz=8_000, target_hz=8_000, hop_s=0.02))
