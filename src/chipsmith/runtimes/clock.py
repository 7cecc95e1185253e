"""The clock of this computer: single warm calls, one after the other."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter_ns

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.profile.host_latency import HostLatency

_FEWEST_WARM_CALLS = 3
_WARM_NS = 100_000_000
"""Caches, pages and the processor's clock settle within a tenth of a second of work."""


def time_calls(call: Callable[[], object], *, inferences: int) -> HostLatency:
    """The wall time of each of so many calls, each of one inference.

    Calls come first that are not among the samples: three, and more until a tenth of a second has passed. Python's
    garbage collector rests meanwhile. Raises BadInput where `inferences` is less than 1.
    """
    if inferences < 1:
        raise BadInput(f"{inferences} inferences cannot be timed: give 1 or more")
    with _garbage_left():
        warm_up(call)
        return HostLatency(samples_us=np.array([_time(call) for _ in range(inferences)], np.float64) / 1000)


def warm_up(call: Callable[[], object]) -> None:
    """Call three times, and more until a tenth of a second has passed."""
    end = perf_counter_ns() + _WARM_NS
    for _ in range(_FEWEST_WARM_CALLS):
        call()
    while perf_counter_ns() < end:
        call()


def _time(call: Callable[[], object]) -> int:
    """Nanoseconds."""
    start = perf_counter_ns()
    call()
    return perf_counter_ns() - start


@contextmanager
def _garbage_left() -> Iterator[None]:
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
