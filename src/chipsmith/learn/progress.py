"""Who is told of a long job's progress, and how long its stages take on the host."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Protocol

from chipsmith.learn.training import Epoch, OnEpoch, ignore
from chipsmith.units import percent

if TYPE_CHECKING:
    from rich.console import Console


class Progress(Protocol):
    """Is told what is at work."""

    def stage(self, name: str) -> None:
        """A stage begins; `name` says in a few words what it does."""

    def tell(self, text: str) -> None:
        """Something that whoever waits should know now, in a line."""

    def training(self, epochs: int) -> AbstractContextManager[OnEpoch]:
        """Gives what is to be called after each of `epochs` epochs."""


class SilentProgress:
    """Shows nothing."""

    def stage(self, name: str) -> None:
        """See Progress.stage."""

    def tell(self, text: str) -> None:
        """See Progress.tell."""

    def training(self, epochs: int) -> AbstractContextManager[OnEpoch]:  # noqa: ARG002 for those who show it
        """See Progress.training."""
        return nullcontext(ignore)


SILENT = SilentProgress()


class StageTimer:
    """Tells `progress` of each stage, and keeps the wall seconds of each by name in `wall_s`."""

    def __init__(self, progress: Progress) -> None:
        self.wall_s: dict[str, float] = {}
        self._progress = progress

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the wall time of the block under `name`."""
        self._progress.stage(name)
        begin = time.perf_counter()
        yield
        self.wall_s[name] = time.perf_counter() - begin


@contextmanager
def epoch_bar(*, epochs: int, console: Console) -> Iterator[OnEpoch]:
    """Gives the `on_epoch` of a training that shows a bar on `console`; nothing where that is no terminal."""
    from rich import progress

    columns = (
        progress.TextColumn("training"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn("{task.description}"),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=epochs)

        def advance(epoch: Epoch) -> None:
            bar.update(task, advance=1, description=describe_epoch(epoch))

        yield advance


def describe_epoch(epoch: Epoch) -> str:
    """The epoch's validation figures in a few words."""
    return f"validation {percent(epoch.validation_score, 1)}, loss {epoch.validation_loss:.3f}"
