"""A progress bar over the epochs of a training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from chipsmith.learn.training import Epoch, OnEpoch

if TYPE_CHECKING:
    from rich.console import Console


@contextmanager
def epoch_bar(*, epochs: int, console: Console) -> Iterator[OnEpoch]:
    """Gives the `on_epoch` of a training that shows it on `console`; nothing is shown where that is no terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("training"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=epochs)

        def advance(epoch: Epoch) -> None:
            progress.update(task, advance=1, description=describe(epoch))

        yield advance


def describe(epoch: Epoch) -> str:
    """The epoch's validation figures in a few words."""
    return f"validation {epoch.validation_score:.1%}, loss {epoch.validation_loss:.3f}"
