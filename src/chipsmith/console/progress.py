"""Who watches a long job on a terminal."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from chipsmith.learn import OnEpoch, epoch_bar
from chipsmith.learn.watching import SILENT, Watch

if TYPE_CHECKING:
    from rich.console import Console


class TerminalWatch(Watch):
    """Shows stages, and a bar over the epochs of a training, on a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def stage(self, name: str) -> None:
        """One line a stage."""
        self._console.print(f"{name} ...", style="dim")

    def training(self, epochs: int) -> AbstractContextManager[OnEpoch]:
        """A bar over the epochs."""
        return epoch_bar(epochs=epochs, console=self._console)


def terminal_watch() -> Watch:
    """Shows progress on stderr where that is a terminal, else nothing."""
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    return TerminalWatch(console) if console.is_terminal else SILENT
