"""How much memory this process may use."""

from __future__ import annotations

import os
from pathlib import Path

GIB = 1 << 30

_LIMIT_FILES = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
"""Where Linux says what a container may use: the second and the first form of control groups."""


def usable_memory() -> int | None:
    """Bytes of the machine, or of the container where it may use less; None where the system does not say."""
    limits = [size for file in _LIMIT_FILES if (size := _read_size(file)) is not None]
    if hasattr(os, "sysconf") and {"SC_PHYS_PAGES", "SC_PAGE_SIZE"} <= set(os.sysconf_names):
        limits.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return min(limits, default=None)


def _read_size(file: Path) -> int | None:
    try:
        text = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return int(text) if text.isdecimal() else None
