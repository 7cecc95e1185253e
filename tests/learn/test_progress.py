"""What is shown of a long job, and how long its stages took."""

from __future__ import annotations

import io

from rich.console import Console

from chipsmith.learn.progress import SILENT, SilentProgress, StageTimer, epoch_bar
from chipsmith.learn.training import Epoch
from chipsmith.units import percent


class Notes(SilentProgress):
    def __init__(self) -> None:
        self.stages: list[str] = []

    def stage(self, name: str) -> None:
        self.stages.append(name)


def test_the_seconds_of_each_stage_stand_under_its_name():
    notes = Notes()
    timer = StageTimer(notes)
    with timer.stage("train"):
        assert timer.wall_s == {}
    with timer.stage("judge"):
        pass
    assert notes.stages == list(timer.wall_s) == ["train", "judge"]
    assert min(timer.wall_s.values()) >= 0


def test_silence_takes_every_epoch():
    epoch = Epoch(number=1, train_loss=1, train_score=0, validation_loss=1, validation_score=0)
    with SILENT.training(1) as on_epoch:
        assert on_epoch(epoch) is None


def test_the_bar_shows_nothing_without_a_terminal(short_training):
    assert shown(short_training, terminal=False) == ""


def test_the_bar_shows_the_validation_on_a_terminal(short_training):
    text = shown(short_training, terminal=True)
    assert f"validation {percent(short_training.training.history.last.validation_score, 1)}" in text
    assert "3/3" in text


def shown(network, *, terminal: bool) -> str:
    console = Console(file=io.StringIO(), force_terminal=terminal, width=120)
    with epoch_bar(epochs=3, console=console) as on_epoch:
        for epoch in network.training.history.epochs:
            on_epoch(epoch)
    return console.file.getvalue()
