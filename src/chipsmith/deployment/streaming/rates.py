"""False accepts an hour and false rejects of a stream whose words are known, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chipsmith.learn.data.joined_sound import JoinedSound, SpokenWord
from chipsmith.learn.validation.interval import Interval, clopper_pearson_interval
from chipsmith.schema import Json
from chipsmith.shown import Shown

LATEST_S = 0.75
"""A word is heard where it is noticed between its start and so long after its end; elsewhere that is a false accept."""


@dataclass(frozen=True, kw_only=True)
class DetectionCounts(Shown):
    """What was noticed in so many hours of sound: of `words`, those `rejected`; `false_accepts`; delays of the heard.

    A delay is from a word's end to the decision, in seconds; below 0 where it was noticed before its end. A word that
    is noticed twice counts as heard once and as one false accept. The same recordings were joined in so many `passes`,
    each in another order: more passes make the rates steadier, but tell of no more voices, so that the intervals are as
    of one pass.
    """

    hours: float
    words: int
    rejected: int
    false_accepts: int
    delays_s: tuple[float, ...]
    passes: int = 1

    def __add__(self, other: DetectionCounts) -> DetectionCounts:
        return DetectionCounts(
            hours=self.hours + other.hours,
            words=self.words + other.words,
            rejected=self.rejected + other.rejected,
            false_accepts=self.false_accepts + other.false_accepts,
            delays_s=self.delays_s + other.delays_s,
            passes=self.passes + other.passes,
        )

    @property
    def accepts_per_hour(self) -> float:
        """False accepts an hour."""
        return self.false_accepts / self.hours

    @property
    def accepts_interval(self) -> Interval:
        """Of false accepts an hour, 95 %: Garwood's formula at the mean count of a pass, exact of a single one."""
        counts = poisson_interval(self.false_accepts / self.passes)
        hours = self.hours / self.passes
        return Interval(low=counts.low / hours, high=counts.high / hours)

    @property
    def reject_share(self) -> float:
        """The share of the words that was not noticed."""
        return self.rejected / self.words

    @property
    def reject_interval(self) -> Interval:
        """Of that share, 95 %: Clopper's and Pearson's formula at the mean count of a pass, exact of a single one."""
        return clopper_pearson_interval(self.rejected / self.passes, self.words / self.passes)

    def delay_s(self, percent: float) -> float | None:
        """A percentile of the delays; None where nothing was heard."""
        return float(np.percentile(self.delays_s, percent)) if self.delays_s else None

    def to_json(self) -> Json:
        """Part of the object of `chipsmith tune --json`."""
        accepts, rejects = self.accepts_interval, self.reject_interval
        return {
            "hours": self.hours,
            "passes": self.passes,
            "words": self.words,
            "rejected": self.rejected,
            "reject_share": self.reject_share,
            "reject_share_95": [rejects.low, rejects.high],
            "false_accepts": self.false_accepts,
            "false_accepts_per_hour": self.accepts_per_hour,
            "false_accepts_per_hour_95": [accepts.low, accepts.high],
            "delay_s_p50": self.delay_s(50),
            "delay_s_p95": self.delay_s(95),
            "kind": "simulated",
        }


def poisson_interval(count: float, *, confidence: float = 0.95) -> Interval:
    """The exact interval of the mean of a Poisson count: it holds with at least this confidence, whatever the mean.

    Source: F. Garwood, Biometrika 28 (1936), pages 437 to 442.
    """
    from scipy.stats import chi2

    tail = (1 - confidence) / 2
    low = 0.0 if count == 0 else float(chi2.ppf(tail, 2 * count)) / 2
    return Interval(low=low, high=float(chi2.ppf(1 - tail, 2 * count + 2)) / 2)


def count_detections(times_s: Sequence[float], sound: JoinedSound, *, label: int) -> DetectionCounts:
    """What the moments at which a class was noticed, in order, are in a sound with its words of class `label`."""
    words = [word for word in sound.words if word.label == label]
    heard: dict[SpokenWord, float] = {}
    false_accepts = 0
    for time_s in times_s:
        word = next((word for word in words if _covers(word, time_s, sound.rate_hz) and word not in heard), None)
        if word is None:
            false_accepts += 1
        else:
            heard[word] = time_s - word.end / sound.rate_hz
    return DetectionCounts(
        hours=sound.seconds / 3600,
        words=len(words),
        rejected=len(words) - len(heard),
        false_accepts=false_accepts,
        delays_s=tuple(heard.values()),
    )


def _covers(word: SpokenWord, time_s: float, rate_hz: int) -> bool:
    return word.start / rate_hz <= time_s <= word.end / rate_hz + LATEST_S
