"""How many threads a runtime may use."""

from __future__ import annotations

from chipsmith.errors import BadInput
from chipsmith.processors import processors


def read_threads(threads: int | None) -> int:
    """A number of threads, by default all processors of this process. Raises BadInput for less than 1."""
    if threads is not None and threads < 1:
        raise BadInput(f"{threads} threads compute nothing: give 1 or more")
    return threads or processors()


def describe_threads(threads: int) -> str:
    """In words."""
    return "1 thread" if threads == 1 else f"{threads} threads"
