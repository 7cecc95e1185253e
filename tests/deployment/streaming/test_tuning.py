"""How a rule that notices a word is chosen: on series whose answer is known, and on tones through the chip."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tones import RATE_HZ, tone

import chipsmith
from chipsmith.deployment.predict import read_deployment
from chipsmith.deployment.streaming.detection import DetectionRule
from chipsmith.deployment.streaming.replay import Replay
from chipsmith.deployment.streaming.settings import StreamSettings, TunedSettings, read_tuned
from chipsmith.deployment.streaming.tuning import Tuning, choose_rule, choose_word, tune_stream
from chipsmith.errors import BadInput
from chipsmith.learn.data.joined_sound import JoinedSound, Joining, Recording, SpokenWord, join_recordings

NAMES = ("other", "word")


def series(peaks: dict[int, float], *, words: tuple[tuple[int, int], ...]) -> tuple[Replay, JoinedSound]:
    """A decision a tenth of a second whose probability of the word is 0.1 but at `peaks`; `words` in tenths."""
    share, seconds = np.full(600, 0.1), 60
    for place, probability in peaks.items():
        share[place] = probability
    times_s = (np.arange(len(share)) + 1) / 10
    sound = JoinedSound(
        samples=np.zeros(seconds * 100, np.float32),
        rate_hz=100,
        words=tuple(SpokenWord(start=10 * start, end=10 * end, label=1) for start, end in words),
    )
    return Replay(times_s=times_s, probabilities=np.stack([1 - share, share], axis=1)), sound


def test_the_threshold_lies_between_the_words_and_what_is_none():
    heard, sound = series({105: 0.95, 205: 0.9, 400: 0.7}, words=((100, 106), (200, 206)))
    rule, met = choose_rule([heard], [sound], NAMES, Tuning(word="word", repeats=1), label=1)
    assert met
    assert 0.7 < rule.threshold <= 0.9
    assert rule.smooth_ms <= 100  # a longer mean would drown single peaks


def test_a_word_below_what_is_none_cannot_be_had_without_false_accepts():
    heard, sound = series({105: 0.6, 400: 0.9}, words=((100, 106),))
    tuning = Tuning(word="word", repeats=1, false_accepts_per_hour=0)
    strict, met = choose_rule([heard], [sound], NAMES, tuning, label=1)
    assert met
    assert heard.notice(strict, NAMES) == []  # nothing is accepted falsely, and the word is missed
    generous = Tuning(word="word", repeats=1, false_accepts_per_hour=60)
    rule, met = choose_rule([heard], [sound], NAMES, generous, label=1)
    assert met
    assert [round(time_s, 1) for time_s in heard.notice(rule, NAMES)] == [10.6, 40.1]


class Tones:
    """Recordings of held-out voices: low tones are the word, high ones other words."""

    def recordings(self, part: str, *, seed: int) -> list[Recording]:
        first = {"validation": 100, "test": 200}[part] + seed
        return [
            Recording(samples=tone(300 if low else 2_000, 0.45, seed=first + low), label=int(low), speaker=part)
            for low in (True, False) * 6
        ]


def test_tones_are_noticed_every_time_and_the_rule_is_kept_beside_the_program(listener, listener_file):
    tuned = tune_stream(
        listener,
        Tones(),
        Tuning(word="low", repeats=2, joining=Joining(noise_db=40)),
        StreamSettings(every=2),
        name="tones",
        seed=0,
        path=listener_file,
    )
    assert (tuned.validation.words, tuned.validation.passes) == (12, 2)
    assert tuned.test.rejected <= 1
    assert tuned.met == (tuned.validation.accepts_per_hour <= 1)
    low, high = tuned.test.to_json()["reject_share_95"]
    assert low <= tuned.test.reject_share <= high
    assert json.loads(json.dumps(tuned.to_json()))["inferences"] == tuned.inferences
    kept = read_tuned(listener_file)
    assert kept is not None
    assert kept.settings == tuned.settings
    assert chipsmith.stream(listener_file, tone(300, 0.6), rate=RATE_HZ).settings == tuned.settings


def test_a_rule_that_does_not_keep_to_what_is_asked_replaces_none(listener, listener_file, monkeypatch):
    monkeypatch.setattr("chipsmith.deployment.streaming.tuning.THRESHOLDS", (0.001,))
    before = StreamSettings(rule=DetectionRule(classes=("low",), threshold=0.7, smooth_ms=0))
    TunedSettings.of(listener_file, before, tuned_on="tones").write(listener_file)
    tuned = tune_stream(
        listener,
        Tones(),
        Tuning(word="low", repeats=1),
        StreamSettings(every=2),
        name="tones",
        seed=0,
        path=listener_file,
    )
    assert not tuned.met
    assert tuned.path is None
    kept = read_tuned(listener_file)
    assert kept is not None
    assert kept.settings == before


def test_joined_words_are_where_they_are_said_to_be():
    recordings = [Recording(samples=tone(300, 0.3, seed=place), label=place % 2, speaker="a") for place in range(4)]
    joined = join_recordings(
        recordings, rate_hz=RATE_HZ, joining=Joining(noise_db=60), generator=np.random.default_rng(0)
    )
    assert [word.label for word in joined.words] == [0, 1, 0, 1]
    for word, recording in zip(joined.words, recordings, strict=True):
        cut = joined.samples[word.start : word.end]
        np.testing.assert_allclose(cut, recording.samples, atol=0.01)
    gaps = [(after.start - word.end) / RATE_HZ for word, after in zip(joined.words, joined.words[1:], strict=False)]
    assert all(0.1 <= gap <= 1.5 + 1 / RATE_HZ for gap in gaps)


def test_a_word_is_asked_for_by_its_class(listener):
    deployment = read_deployment(listener, name="tones")
    assert choose_word(deployment, None) == "low"
    with pytest.raises(BadInput, match="1 to 1000 times, not 0"):
        Tuning(word="low", repeats=0)
    with pytest.raises(BadInput, match="knows no class seven; it knows high, low"):
        tune_stream(listener, Tones(), Tuning(word="seven"), StreamSettings(), name="tones", seed=0)
