"""What was found of a graph once, for all chips alike."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

Found = TypeVar("Found")


class Memo:
    """Values by keys that name all that they depend on beside the graph."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Any] = {}

    def recall(self, key: Hashable, find: Callable[[], Found]) -> Found:
        """The value of a key: what `find` returns when it is asked for first. Of an error nothing is kept."""
        if key not in self._known:
            self._known[key] = find()
        value: Found = self._known[key]
        return value
