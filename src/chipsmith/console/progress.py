"""A long job's progress on a terminal, or in lines for whoever reads them."""

from __future__ import annotations

import enum
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from chipsmith.learn import Epoch, OnEpoch, epoch_bar
from chipsmith.learn.progress import SILENT, Progress, describe_epoch

if TYPE_CHECKING:
    from rich.console import Console


PROGRESS_VARIABLE = "CHIPSMITH_PROGRESS"
"""Says how progress is shown where standard error is no terminal: a value of ProgressForm, or nothing."""


class ProgressForm(enum.StrEnum):
    """How progress is shown where that is asked for."""

    LINES = "lines"


class LineProgress(Progress):
    """Says stages and epochs on standard error, a plain line each."""

    def stage(self, name: str) -> None:
        """One line a stage."""
        _say(f"{name} ...")

    def tell(self, text: str) -> None:
        """One line."""
        _say(text)

    @contextmanager
    def training(self, epochs: int) -> Iterator[OnEpoch]:
        """One line an epoch."""

        def tell_epoch(epoch: Epoch) -> None:
            _say(f"epoch {epoch.number} of {epochs}: {describe_epoch(epoch)}")

        yield tell_epoch


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


class TerminalProgress(Progress):
    """Shows stages, and a bar over the epochs of a training, on a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def stage(self, name: str) -> None:
        """One line a stage."""
        self._console.print(f"{name} ...", style="dim")

    def tell(self, text: str) -> None:
        """A line that is not to be overlooked; names in it may hold what rich takes for markup."""
        self._console.print(text, style="yellow", markup=False)

    def training(self, epochs: int) -> AbstractContextManager[OnEpoch]:
        """A bar over the epochs."""
        return epoch_bar(epochs=epochs, console=self._console)


def terminal_progress() -> Progress:
    """Shows progress on stderr where that is a terminal or PROGRESS_VARIABLE asks for lines; else nothing."""
    if os.environ.get(PROGRESS_VARIABLE) == ProgressForm.LINES:
        return LineProgress()
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    return TerminalProgress(console) if console.is_terminal else SILENT
