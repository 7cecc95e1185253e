"""How many processors this process may use."""

from __future__ import annotations

import os


def processors() -> int:
    """Processors that the operating system lets this process use; all of the machine's where it does not say."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
