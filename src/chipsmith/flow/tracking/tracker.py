"""What a tracker is: told of a run's settings, of each epoch, and of the figures at the end."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from chipsmith.errors import BadInput
from chipsmith.learn import Epoch

Setting = str | int | float | bool


class TrackerKind(enum.StrEnum):
    """The tools that runs can be told to."""

    TENSORBOARD = "tensorboard"
    MLFLOW = "mlflow"


@dataclass(frozen=True, kw_only=True)
class TrackedStart:
    """What a tracker is told first: the run's folder and name, its settings by dotted names, what repeats it."""

    folder: Path
    name: str
    settings: Mapping[str, Setting]
    command: str = ""


@dataclass(frozen=True, kw_only=True)
class TrackedEnd:
    """What a tracker is told last: figures by names such as 'accuracy/npu', files of the folder, the verdict."""

    figures: Mapping[str, float]
    files: Sequence[Path]
    text: str = ""


class RunTracker(Protocol):
    """Is told of one run. What it raises ends the tracking, and not the run."""

    kind: TrackerKind

    def begin(self, start: TrackedStart) -> None:
        """Before the training."""

    def add_epoch(self, epoch: Epoch) -> None:
        """After each epoch; of a training that goes on, first of those that it has behind it."""

    def finish(self, end: TrackedEnd) -> None:
        """After the run."""

    def abandon(self, *, interrupted: bool) -> None:
        """Where the run fails, or is interrupted."""


def epoch_figures(epoch: Epoch) -> dict[str, float]:
    """The losses and scores of an epoch by names that tools group; a private training tells none of its examples."""
    figures = {
        "loss/training": epoch.train_loss,
        "loss/validation": epoch.validation_loss,
        "score/training": epoch.train_score,
        "score/validation": epoch.validation_score,
    }
    return {name: value for name, value in figures.items() if value is not None}


def parse_trackers(names: Sequence[str]) -> tuple[TrackerKind, ...]:
    """The tools of these names, each once. Raises BadInput."""
    unknown = [name for name in names if name not in list(TrackerKind)]
    if unknown:
        raise BadInput(f"--track {unknown[0]}: runs are told to {' and '.join(TrackerKind)}")
    return tuple(dict.fromkeys(TrackerKind(name) for name in names))
