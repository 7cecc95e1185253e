"""Data sets of sounds: features by librosa, speakers kept apart, the cache, folders of one's own."""

from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile

from chipsmith.cache import keep_entry
from chipsmith.errors import BadInput
from chipsmith.learn.data import Features, SoundFolderData, SpokenDigitsData, sound
from chipsmith.learn.preprocessing import LogMel, Mfcc, SoundReader

RATE_HZ = 8_000


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CHIPSMITH_CACHE", str(tmp_path / "cache"))


def tone(pitch_hz: float, seed: int, *, seconds: float = 0.2, rate_hz: int = RATE_HZ) -> np.ndarray:
    times = np.arange(round(seconds * rate_hz)) / rate_hz
    noise = np.random.default_rng(seed).normal(0, 0.01, len(times))
    return (0.5 * np.sin(2 * np.pi * pitch_hz * times) + noise).astype(np.float32)


def write_sound(path: Path, samples: np.ndarray, *, rate_hz: int = RATE_HZ) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate_hz, subtype="PCM_16")


SHORT = Features(seconds=0.2, mels=8, window=128, hop=64)


@pytest.fixture
def machines(tmp_path: Path) -> Path:
    """Low and high tones of five machines, 20 each."""
    for number in range(20):
        write_sound(tmp_path / "machines" / "low" / f"m{number % 5}_{number}.wav", tone(300, number))
        write_sound(tmp_path / "machines" / "high" / f"m{number % 5}_{number}.wav", tone(2_000, 100 + number))
    return tmp_path / "machines"


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    """Three speakers saying two digits."""
    for speaker, pitch_hz in (("ann", 300), ("ben", 500), ("cid", 700)):
        for number in range(12):
            name = f"{number % 2}_{speaker}_{number}.wav"
            write_sound(tmp_path / "digits" / "recordings" / name, tone(pitch_hz * (1 + number % 2), number))
    return tmp_path / "digits"


def test_log_mel_is_librosas_below_the_loudest():
    samples = tone(440, 0)
    features = LogMel(rate_hz=RATE_HZ, mels=16, range_db=40).apply(samples[None])
    power = librosa.feature.melspectrogram(y=samples, sr=RATE_HZ, n_fft=256, hop_length=128, n_mels=16, fmin=60)
    expected = librosa.power_to_db(power, ref=np.max, top_db=40)
    assert features.shape == (1, 1, 16, 13)
    assert np.allclose(features[0, 0], expected, atol=1e-3)


def test_mfcc_are_librosas_of_the_log_mel():
    samples = tone(440, 0)[None]
    log_mel = LogMel(rate_hz=RATE_HZ).apply(samples)[0, 0]
    features = Mfcc(rate_hz=RATE_HZ, coefficients=5, layout="sequence").apply(samples)
    assert np.allclose(features[0], librosa.feature.mfcc(S=log_mel, n_mfcc=5).T, atol=1e-4)


def test_loudness_does_not_matter():
    loud = tone(440, 0)[None]
    step = LogMel(rate_hz=RATE_HZ)
    assert np.allclose(step.apply(loud), step.apply(loud / 4), atol=1e-3)


def test_slow_and_fast_sounds_are_stretched_to_the_same_spectra():
    rising = np.linspace(300, 900, 1_600)
    slow = np.sin(2 * np.pi * np.cumsum(np.repeat(rising, 2)) / RATE_HZ).astype(np.float32)
    fast = np.sin(2 * np.pi * np.cumsum(rising) / RATE_HZ).astype(np.float32)
    step, whole = LogMel(rate_hz=RATE_HZ, mels=16, frames=12), LogMel(rate_hz=RATE_HZ, mels=16)
    padded = np.stack([slow, np.pad(fast, (0, 1_600))])
    stretched, unstretched = step.apply(padded)[:, 0], whole.apply(padded)[:, 0]
    assert stretched.shape == (2, 16, 12)
    assert np.abs(stretched[0] - stretched[1])[:, 1:-1].mean() < 0.5 * np.abs(unstretched[0] - unstretched[1]).mean()


def test_a_voice_that_is_louder_in_some_bands_makes_no_difference_about_the_bands_means():
    samples = tone(440, 0) + 0.05 * np.random.default_rng(0).standard_normal(1_600).astype(np.float32)
    levelled = LogMel(rate_hz=RATE_HZ, level="band").apply(samples[None])[0, 0]
    plain = LogMel(rate_hz=RATE_HZ).apply(samples[None])[0, 0]
    assert np.allclose(levelled.mean(axis=1), 0, atol=1e-3)
    assert np.allclose(levelled, plain - plain.mean(axis=1, keepdims=True), atol=1e-3)


def test_silence_has_spectra_too():
    assert np.isfinite(LogMel(rate_hz=RATE_HZ, frames=8).apply(np.zeros((1, 1_600), np.float32))).all()


def test_a_sound_alone_and_among_others_gives_the_same_bits():
    sounds = np.stack([tone(300 + 50 * number, number) for number in range(5)])
    step = LogMel(rate_hz=RATE_HZ)
    assert np.array_equal(step.apply(sounds)[3], step.apply(sounds[3:4])[0])


def test_sounds_are_cut_padded_mixed_to_mono_and_resampled(tmp_path):
    reader = SoundReader(rate_hz=RATE_HZ, samples=1_600)
    stereo = np.stack([tone(300, 0, seconds=0.1, rate_hz=16_000)] * 2, axis=1)
    write_sound(tmp_path / "stereo.wav", stereo, rate_hz=16_000)
    write_sound(tmp_path / "long.wav", tone(300, 0, seconds=0.5))
    short = reader.read(tmp_path / "stereo.wav")
    assert np.abs(short[:800]).max() > 0.4
    assert not short[800:].any()
    expected, _ = soundfile.read(tmp_path / "long.wav", dtype="float32")
    assert np.array_equal(reader.read(tmp_path / "long.wav"), expected[:1_600])


def test_speakers_are_kept_apart(digits):
    data = SpokenDigitsData(path=str(digits), validation=("ben",), test=("cid",), features=SHORT).load(seed=0)
    assert (data.input_shape, data.outputs) == ((1, 8, 26), 10)
    expected = {data.preprocessing.apply(file).tobytes() for file in digits.rglob("*_cid_*.wav")}
    assert {features.tobytes() for features in data.test.whole().inputs} == expected
    assert np.bincount(data.test.targets).tolist() == [6, 6]


def test_an_unknown_speaker_is_refused(digits):
    with pytest.raises(BadInput, match="theo, yweweler: no example is of"):
        SpokenDigitsData(path=str(digits), features=SHORT).load(seed=0)


def test_the_scale_is_of_the_training_part_alone(digits):
    settings = SpokenDigitsData(path=str(digits), validation=("ben",), test=("cid",), features=SHORT)
    before = settings.load(seed=0).preprocessing
    for file in digits.rglob("*_cid_*.wav"):
        write_sound(file, tone(3_000, 0))
    assert settings.load(seed=0).preprocessing == before


def save_array(file: Path, array) -> None:
    with file.open("wb") as opened:
        np.save(opened, array)


def test_features_are_reckoned_once(machines, tmp_path):
    settings = SoundFolderData(path=str(machines), features=SHORT)
    first = settings.load(seed=0).train.whole().inputs
    (entry,) = (tmp_path / "cache" / "features").iterdir()
    flipped = np.flip(np.load(entry), axis=0)
    keep_entry("features", entry.name, lambda file: save_array(file, flipped))
    again = settings.load(seed=0).train.whole().inputs
    assert not np.array_equal(first, again)


def test_a_damaged_cache_is_made_again(machines, tmp_path):
    settings = SoundFolderData(path=str(machines), features=SHORT)
    first = settings.load(seed=0).train.whole().inputs
    (entry,) = (tmp_path / "cache" / "features").iterdir()
    whole = entry.read_bytes()
    flips = [bytes([*whole[:place], whole[place] ^ 1, *whole[place + 1 :]]) for place in range(0, len(whole), 997)]
    for damaged in (whole[:100], *flips):
        entry.write_bytes(damaged)
        assert np.array_equal(settings.load(seed=0).train.whole().inputs, first)
        assert entry.read_bytes() == whole


def test_features_beyond_memory_are_made_as_they_are_asked_for(machines, monkeypatch):
    settings = SoundFolderData(path=str(machines), features=SHORT)
    in_memory = settings.load(seed=0)
    monkeypatch.setattr(sound, "DECODED_BYTES", 1_000)
    lazy = settings.load(seed=0)
    assert type(lazy.train) is not type(in_memory.train)
    assert lazy.preprocessing == in_memory.preprocessing
    assert np.array_equal(lazy.test.whole().inputs, in_memory.test.whole().inputs)


def test_whole_machines_are_held_out(machines):
    data = SoundFolderData(path=str(machines), group=r"(m\d)_", features=SHORT).load(seed=0)
    assert [len(part) for part in (data.train, data.validation, data.test)] == [24, 8, 8]
    heard = {data.preprocessing.apply(file).tobytes(): file.name[:2] for file in machines.rglob("*.wav")}
    parts = [
        {heard[features.tobytes()] for features in part.whole().inputs}
        for part in (data.train, data.validation, data.test)
    ]
    assert [len(part) for part in parts] == [3, 1, 1]
    assert len(set.union(*parts)) == 5


@pytest.mark.parametrize(("group", "message"), [("x(y)", "finds no group"), ("(", "is no regular expression")])
def test_a_group_that_finds_nothing_is_refused(machines, group, message):
    with pytest.raises(BadInput, match=message):
        SoundFolderData(path=str(machines), group=group).load(seed=0)


def test_a_file_that_is_no_sound_is_named(machines):
    (machines / "low" / "noise.wav").write_bytes(b"RIFF of nothing")
    with pytest.raises(BadInput, match=r"noise\.wav is no sound that can be read"):
        SoundFolderData(path=str(machines), features=SHORT).load(seed=0)


def test_an_empty_sound_is_named(machines):
    write_sound(machines / "low" / "empty.wav", np.zeros(0, np.float32))
    with pytest.raises(BadInput, match=r"empty\.wav holds no sound"):
        SoundFolderData(path=str(machines), features=SHORT).load(seed=0)


def test_3000_spoken_digits(shared_data):
    data = SpokenDigitsData(path=str(shared_data / "fsdd")).load(seed=0)
    assert [len(part) for part in (data.train, data.validation, data.test)] == [2_000, 500, 500]
    assert data.input_shape == (1, 32, 63)
    assert [np.bincount(part.targets).tolist() for part in (data.validation, data.test)] == [[50] * 10] * 2
