"""How many processors this process may use, and how long it has."""

from __future__ import annotations

import os


def processors() -> int:
    """Processors that the operating system lets this process use; all of the machine's where it does not say."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def total_processor_seconds() -> float:
    """Seconds of a processor of this process and of those of its processes that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
