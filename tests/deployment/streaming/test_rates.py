"""False accepts and false rejects of words whose places are known, with exact intervals."""

from __future__ import annotations

import numpy as np
import pytest

from chipsmith.deployment.streaming.rates import DetectionCounts, count_detections, poisson_interval
from chipsmith.learn.data.joined_sound import JoinedSound, SpokenWord

SOUND = JoinedSound(
    samples=np.zeros(36_000, np.float32),
    rate_hz=100,
    words=(
        SpokenWord(start=100, end=150, label=1),
        SpokenWord(start=300, end=350, label=0),
        SpokenWord(start=500, end=550, label=1),
    ),
)


def test_a_word_is_heard_from_its_start_to_soon_after_its_end():
    counts = count_detections([1.0, 6.2], SOUND, label=1)
    assert (counts.words, counts.rejected, counts.false_accepts) == (2, 0, 0)
    np.testing.assert_allclose(counts.delays_s, (-0.5, 0.7))


def test_anything_else_is_a_false_accept():
    counts = count_detections([0.9, 3.2, 5.2, 5.4, 7.0], SOUND, label=1)
    assert (counts.rejected, counts.false_accepts) == (1, 4)  # before, of another word, a second time, too late
    assert counts.accepts_per_hour == pytest.approx(40)


def test_the_interval_of_counts_is_the_textbooks():
    assert (poisson_interval(0).low, round(poisson_interval(0).high, 3)) == (0, 3.689)
    assert [round(end, 3) for end in (poisson_interval(10).low, poisson_interval(10).high)] == [4.795, 18.390]


def test_the_same_words_once_more_are_no_new_evidence():
    once = DetectionCounts(hours=0.2, words=50, rejected=2, false_accepts=1, delays_s=())
    thrice = once + once + once
    assert (thrice.words, thrice.passes, thrice.reject_share) == (150, 3, 0.04)
    assert thrice.reject_interval == once.reject_interval
    assert thrice.accepts_interval.high == pytest.approx(once.accepts_interval.high)
