"""The pieces that a stream brings: what every source of them has, and arrays and iterators as sources."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

STANDARD_INPUT = "-"
"""As the name of a file: what is piped in."""


@dataclass(frozen=True, kw_only=True)
class StreamPiece:
    """What came in one hop: `raw` as the source has it, and the time at which it was there, in seconds.

    The time counts from the start of the stream; None where the source has no rate.
    """

    raw: Any
    time_s: float | None


class Feed(ABC):
    """A source of pieces, one a hop; `unit` names what they are made of, such as samples.

    `notes` are sentences on how the source is taken, such as that its channels are averaged; more may come while it is
    read. `hop_s` is the time of a hop in seconds, None without a rate.
    """

    name: str
    unit: str
    hop_s: float | None
    notes: list[str]

    @abstractmethod
    def pieces(self) -> Iterator[StreamPiece]:
        """The pieces as they come. Raises BadInput, naming the source."""

    @abstractmethod
    def convert(self, raw: Any) -> Any:
        """What the window takes of a piece; this is work of the host, and timed as such."""

    def finish(self) -> Any:
        """What is left to push after the last piece; None where there is nothing."""
        return None
