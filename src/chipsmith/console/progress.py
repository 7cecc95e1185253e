"""A long job's progress on a terminal."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from chipsmith.learn import OnEpoch, epoch_bar
from chipsmith.learn.progress import SILENT, Progress

if TYPE_CHECKING:
    from rich.console import Console


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
    """Shows progress on stderr where that is a terminal, else nothing."""
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    return TerminalProgress(console) if console.is_terminal else SILENT
