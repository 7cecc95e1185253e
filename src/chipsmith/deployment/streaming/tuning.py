"""Choosing smoothing and threshold on validation recordings, and judging them on test recordings never heard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import groupby
from operator import add
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from chipsmith.deployment.deployment import Deployment
from chipsmith.deployment.predict import read_deployment
from chipsmith.deployment.streaming.detection import DetectionRule
from chipsmith.deployment.streaming.rates import DetectionCounts, count_detections
from chipsmith.deployment.streaming.replay import Replay, replay
from chipsmith.deployment.streaming.settings import StreamSettings, TunedSettings
from chipsmith.errors import BadInput
from chipsmith.learn.data import Task
from chipsmith.learn.data.joined_sound import JoinedSound, Joining, Recording, join_recordings
from chipsmith.learn.data.spoken import HeldPart
from chipsmith.learn.preprocessing import SoundReader
from chipsmith.program.limits import Limits
from chipsmith.program.program import Program
from chipsmith.schema import SCHEMA_VERSION, Json
from chipsmith.shown import Shown

SMOOTHINGS_MS = (0.0, 100.0, 200.0, 300.0, 400.0, 500.0)
THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(4, 20))
"""What is tried: every smoothing with every threshold."""


@runtime_checkable
class HeldRecordings(Protocol):
    """Data whose validation and test recordings can be joined: those of speakers that training never hears."""

    def recordings(self, part: HeldPart, *, seed: int) -> list[Recording]:
        """The recordings of a part; labels are the places of classes in the network's own list."""


@dataclass(frozen=True, kw_only=True)
class Tuning(Shown):
    """How a rule is chosen.

    On validation recordings, joined `repeats` times in other orders by `joining`, it may accept falsely
    `false_accepts_per_hour` times at most; among the rules that keep to that the one that rejects the fewest words is
    taken. Pauses, orders and noise are drawn by `seed`.
    """

    word: str
    false_accepts_per_hour: float = 1.0
    repeats: int = 3
    joining: Joining = field(default_factory=Joining)
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.false_accepts_per_hour >= 0:
            raise BadInput(f"false accepts an hour are 0 or more, not {self.false_accepts_per_hour}")
        if not 1 <= self.repeats <= 1_000:
            raise BadInput(f"recordings are joined 1 to 1000 times, not {self.repeats}")


@dataclass(frozen=True, kw_only=True)
class TunedStream(Shown):
    """The settings that were chosen, where they were written, and what they do on each part.

    `met` says whether any rule kept to the asked-for false accepts on the validation part; where none did, the one with
    the fewest was taken.
    """

    network: str
    chip: str
    settings: StreamSettings
    tuning: Tuning
    validation: DetectionCounts
    test: DetectionCounts
    inferences: int
    met: bool
    path: Path | None

    def to_json(self) -> Json:
        """The object of `chipsmith tune --json`."""
        return {
            "schema_version": SCHEMA_VERSION,
            "network": self.network,
            "chip": self.chip,
            "settings": self.settings.model_dump(mode="json"),
            "asked_false_accepts_per_hour": self.tuning.false_accepts_per_hour,
            "met": self.met,
            "joined": self.tuning.repeats,
            "joining": self.tuning.joining.model_dump(mode="json"),
            "seed": self.tuning.seed,
            "validation": self.validation.to_json(),
            "test": self.test.to_json(),
            "inferences": self.inferences,
            "path": None if self.path is None else str(self.path),
        }


def tune_stream(
    program: Program,
    data: HeldRecordings,
    tuning: Tuning,
    settings: StreamSettings,
    *,
    name: str,
    seed: int,
    path: Path | None = None,
    limits: Limits | None = None,
) -> TunedStream:
    """See `chipsmith.tune`; `seed` is that of the data's split, `path` the program's file, beside which it is kept."""
    deployment = read_deployment(program, name=name)
    label = _find_label(deployment, tuning.word, name)
    listen = _listener(program, deployment, settings, limits)
    joined = {part: _join(data.recordings(part, seed=seed), deployment, tuning, part) for part in _PARTS}
    heard = {part: [listen(sound) for sound in sounds] for part, sounds in joined.items()}
    rule, met = choose_rule(heard["validation"], joined["validation"], deployment.class_names, tuning, label=label)
    chosen = settings.model_copy(update={"rule": rule})
    counts = {part: _count(heard[part], joined[part], rule, deployment.class_names, label=label) for part in _PARTS}
    return TunedStream(
        network=program.manifest.network,
        chip=program.chip.name,
        settings=chosen,
        tuning=tuning,
        validation=counts["validation"],
        test=counts["test"],
        inferences=sum(len(each.times_s) for part in _PARTS for each in heard[part]),
        met=met,
        path=_keep(path, chosen, tuning, counts["validation"]) if met and path is not None else None,
    )


_PARTS: tuple[HeldPart, ...] = ("validation", "test")


def choose_word(deployment: Deployment, asked: str | None) -> str:
    """The class that is asked for; without one, of two classes the second. Raises BadInput where none is asked for."""
    if asked is None and len(deployment.class_names) != 2:
        raise BadInput(f"say which class is to be noticed (--detect): {', '.join(deployment.class_names)}")
    return deployment.class_names[1] if asked is None else asked


def _find_label(deployment: Deployment, word: str, name: str) -> int:
    if deployment.task is not Task.CLASSIFICATION or not isinstance(deployment.preprocessing.reader, SoundReader):
        raise BadInput(f"{name} is no classifier of sounds; those are tuned")
    if word not in deployment.class_names:
        raise BadInput(f"{name} knows no class {word}; it knows {', '.join(deployment.class_names)}")
    return deployment.class_names.index(word)


def _listener(
    program: Program, deployment: Deployment, settings: StreamSettings, limits: Limits | None
) -> Callable[[JoinedSound], Replay]:
    return lambda sound: replay(program, deployment, sound, settings, limits=limits)


def _join(recordings: Sequence[Recording], deployment: Deployment, tuning: Tuning, part: HeldPart) -> list[JoinedSound]:
    """The recordings joined `repeats` times, each in an order, with pauses and noise of its own."""
    reader = deployment.preprocessing.reader
    assert isinstance(reader, SoundReader)
    joined = []
    for repeat in range(tuning.repeats):
        generator = np.random.default_rng((tuning.seed, _PARTS.index(part), repeat))
        order = generator.permutation(len(recordings))
        joined.append(
            join_recordings(
                [recordings[index] for index in order],
                rate_hz=reader.rate_hz,
                joining=tuning.joining,
                generator=generator,
            )
        )
    return joined


def choose_rule(
    heard: Sequence[Replay],
    sounds: Sequence[JoinedSound],
    class_names: tuple[str, ...],
    tuning: Tuning,
    *,
    label: int,
) -> tuple[DetectionRule, bool]:
    """The rule, and whether it keeps to the false accepts that are asked for.

    Of equal rules that with the middle threshold of the longest row of neighbours is taken, which is the farthest from
    where it would be worse.
    """
    trials: list[tuple[tuple[float, float], DetectionRule]] = []
    for smooth_ms in SMOOTHINGS_MS:
        averages = [each.smoothed(smooth_ms) for each in heard]
        for threshold in THRESHOLDS:
            rule = DetectionRule(classes=(tuning.word,), threshold=threshold, smooth_ms=smooth_ms)
            counts = reduce(
                add,
                (
                    count_detections(each.notice(rule, class_names, average), sound, label=label)
                    for each, average, sound in zip(heard, averages, sounds, strict=True)
                ),
            )
            kept = counts.accepts_per_hour <= tuning.false_accepts_per_hour
            cost = (0.0, counts.reject_share) if kept else (counts.accepts_per_hour, counts.reject_share)
            trials.append((cost, rule))
    best = min(cost for cost, _ in trials)
    rows = [
        [rule for _, rule in row]
        for (is_best, _), row in groupby(trials, key=lambda trial: (trial[0] == best, trial[1].smooth_ms))
        if is_best
    ]
    longest = max(rows, key=len)
    return longest[len(longest) // 2], best[0] == 0.0


def _count(
    heard: Sequence[Replay],
    sounds: Sequence[JoinedSound],
    rule: DetectionRule,
    class_names: tuple[str, ...],
    *,
    label: int,
) -> DetectionCounts:
    return reduce(
        add,
        (
            count_detections(each.notice(rule, class_names), sound, label=label)
            for each, sound in zip(heard, sounds, strict=True)
        ),
    )


def _keep(path: Path, settings: StreamSettings, tuning: Tuning, validation: DetectionCounts) -> Path:
    said = (
        f"validation recordings joined {tuning.repeats} times (seed {tuning.seed}, noise "
        f"{tuning.joining.noise_db:g} dB below the words), {validation.hours * 60:.1f} minutes: "
        f"{validation.false_accepts} false accepts, {validation.rejected} of {validation.words} words rejected"
    )
    return TunedSettings.of(path, settings, tuned_on=said).write(path)
