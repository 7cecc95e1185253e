"""Names in tables of a terminal: as long as there is room, else shortened in their middle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions
    from rich.measure import Measurement
    from rich.text import Text

_LEAST = 16
"""Letters that a column of names keeps, however narrow the terminal: fewer tell no layers apart."""


def shorten_middle(name: str, letters: int) -> str:
    """A name of at most so many letters: of a longer one a third of them from its beginning, the others from its end.

    The beginning says of which part of a network a layer is, the end which layer, with the number of its kernel.
    """
    if len(name) <= letters:
        return name
    head = max(0, letters - 1) // 3
    return f"{name[:head]}…{name[head + 1 - letters :]}" if letters > 1 else name[:letters]


@dataclass(frozen=True)
class FittedName:
    """A cell of rich's tables: a name that is never broken, and shortened where its column is narrower."""

    name: str

    def __str__(self) -> str:
        return self.name

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """At least a few letters, at most all."""
        from rich.measure import Measurement

        most = len(self.name)
        return Measurement(min(most, _LEAST), most).clamp(max_width=options.max_width)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        """The name on a line."""
        from rich.text import Text

        yield Text(shorten_middle(self.name, options.max_width), no_wrap=True)
