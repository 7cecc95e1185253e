"""Windows of a wake word, cut out of recordings that are made here: a tone of its own for each digit."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from chipsmith.errors import BadInput
from chipsmith.learn.data.joined_sound import Joining
from chipsmith.learn.data.sound import Features
from chipsmith.learn.data.wake_word import WakeWordData

RATE_HZ = 8_000
SPEAKERS = ("jackson", "theo", "yweweler")
FEATURES = Features(seconds=0.6, mels=16, window=256, hop=128)
WORD = 7


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three speakers say 3 and 7: 400 Hz and 2,000 Hz, in a quarter of a second."""
    folder = tmp_path_factory.mktemp("spoken")
    times = np.arange(RATE_HZ // 4) / RATE_HZ
    for speaker in SPEAKERS:
        for digit, pitch_hz in ((3, 400), (WORD, 2_000)):
            for take in range(3):
                tone = 0.5 * np.sin(2 * np.pi * pitch_hz * times + take)
                soundfile.write(folder / f"{digit}_{speaker}_{take}.wav", tone, RATE_HZ)
    return folder


def data(folder, **changes) -> WakeWordData:
    settings = {"windows": 32, "features": FEATURES, "joining": Joining(noise_db=60), "quietest_noise_db": 60}
    return WakeWordData(path=str(folder), **(settings | changes))


def test_classes_counts_and_shares_are_those_asked_for(folder):
    loaded = data(folder, word_share=0.25).load(seed=0)
    assert loaded.class_names == ("other", "7")
    assert [len(part) for part in (loaded.train, loaded.validation, loaded.test)] == [32, 4, 4]
    assert int(loaded.train.whole().targets.sum()) == 8


def test_a_window_of_the_word_holds_it_and_others_less_of_it(folder):
    """Energy in the bands around 2,000 Hz beside that around 400 Hz tells the tones apart."""
    part = data(folder, windows=64, word_share=0.5).load(seed=0).train.whole()
    bands = part.inputs.reshape(len(part.inputs), 16, -1)
    high = np.sort(bands[:, 10:13].mean(axis=1), axis=1)[:, -8:].mean(axis=1)
    assert high[part.targets == 1].min() > np.median(high[part.targets == 0])


def test_the_seed_repeats_it_and_another_does_not(folder):
    first, again, other = (data(folder).load(seed=seed).train.whole().inputs for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_held_out_recordings_are_of_the_speakers_named(folder):
    for part, speaker in (("validation", "theo"), ("test", "yweweler")):
        recordings = data(folder).recordings(part, seed=0)
        assert {recording.speaker for recording in recordings} == {speaker}
        assert sorted(recording.label for recording in recordings) == [0, 0, 0, 1, 1, 1]


def test_a_word_that_nobody_says_and_a_speaker_that_is_not_there_are_refused(folder):
    with pytest.raises(BadInput, match="has no recording of 5, or no other; name other speakers"):
        data(folder, word=5).load(seed=0)
    with pytest.raises(BadInput, match="nobody"):
        data(folder, test=("nobody",)).load(seed=0)
