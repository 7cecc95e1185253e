"""How many threads a runtime may use."""

from __future__ import annotations

from chipsmith.errors import BadInput
from chipsmith.processors import processors

_MOST_THREADS = 64
"""So many are started on a computer of fewer processors; a runtime that is told to start a million never answers."""


def read_threads(threads: int | None) -> int:
    """A number of threads, by default all processors of this process.

    Raises BadInput for less than 1, and for more than 64 that are more than the processors.
    """
    if threads is not None and threads < 1:
        raise BadInput(f"{threads} threads compute nothing: give 1 or more")
    most = max(_MOST_THREADS, processors())
    if threads is not None and threads > most:
        raise BadInput(f"{threads} threads are more than {most}: the processors of this process are {processors()}")
    return threads or processors()


def thread_counts(cores: int) -> tuple[int, ...]:
    """1, 2, 4 and so on, and all: numbers of threads up to that of the cores."""
    powers = [1 << exponent for exponent in range(cores.bit_length()) if 1 << exponent < cores]
    return (*powers, cores)


def describe_threads(threads: int) -> str:
    """In words."""
    return "1 thread" if threads == 1 else f"{threads} threads"
