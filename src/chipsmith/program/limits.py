"""How much memory and work a Program may ask of the computer that reads, verifies or executes it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from chipsmith.errors import BadInput
from chipsmith.memory import GIB
from chipsmith.shown import Shown
from chipsmith.units import format_bytes

MEMORY_VARIABLE = "CHIPSMITH_MEMORY_LIMIT"
WORK_VARIABLE = "CHIPSMITH_WORK_LIMIT"
MEMORY_FLAG = "--memory-limit"
WORK_FLAG = "--work-limit"
_UNITS = {"": 1, "B": 1, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": GIB, "KB": 10**3, "MB": 10**6, "GB": 10**9}
_MOST = 1 << 62


@dataclass(frozen=True, kw_only=True)
class Limits(Shown):
    """What a Program may take at most: bytes beyond those of Chipsmith itself, and cycles of one inference.

    The default of the cycles is what an array of 256 multipliers does to 2.6 x 10^11 multiply-accumulates.
    """

    memory_bytes: int = 2 * GIB
    work_cycles: int = 10**9

    def check_memory(self, memory_bytes: int, action: str) -> None:
        """Raise BadInput where an `action`, such as "executing it", takes more bytes than are allowed."""
        if memory_bytes > self.memory_bytes:
            raise BadInput(
                f"{action} takes about {format_bytes(memory_bytes)}, more than the {format_bytes(self.memory_bytes)} "
                f"that it may: allow more by {MEMORY_FLAG} or {MEMORY_VARIABLE}, such as "
                f"{_gib_above(memory_bytes)}GiB"
            )

    def check_work(self, work_cycles: int, clock_mhz: int) -> None:
        """Raise BadInput where an inference has more cycles than are executed; `clock_mhz` says how long they are."""
        if work_cycles > self.work_cycles:
            raise BadInput(
                f"an inference has up to {work_cycles:,} cycles ({work_cycles / clock_mhz / 1e6:,.3g} s on the chip), "
                f"more than the {self.work_cycles:,} that are executed: allow more by {WORK_FLAG} or {WORK_VARIABLE}"
            )


def read_memory(text: str) -> int:
    """Bytes, of a number with or without a unit: "3GiB", "500 MB", "1048576". Raises BadInput."""
    match = re.fullmatch(r"\s*(\d{1,18}(?:\.\d{1,9})?)\s*([A-Za-z]*)\s*", text, re.ASCII)
    unit = _UNITS.get(match[2].upper()) if match else None
    if match is None or unit is None or not 1 <= float(match[1]) * unit <= _MOST:
        raise BadInput(f"a limit of memory is a number of bytes, or such as 3GiB or 500MB; '{text}' is given")
    return int(float(match[1]) * unit)


def read_work(text: str) -> int:
    """Cycles, of a whole number above 0. Raises BadInput."""
    if not re.fullmatch(r"\d{1,18}", text, re.ASCII) or int(text) < 1:
        raise BadInput(f"a limit of work is a number of cycles above 0, such as 5000000000; '{text}' is given")
    return int(text)


def environment_limits(environment: Mapping[str, str] | None = None) -> Limits:
    """The limits of the environment's variables (default this process's), where they are set. Raises BadInput."""
    variables = os.environ if environment is None else environment
    memory, work = variables.get(MEMORY_VARIABLE), variables.get(WORK_VARIABLE)
    limits = Limits()
    return Limits(
        memory_bytes=read_memory(memory) if memory else limits.memory_bytes,
        work_cycles=read_work(work) if work else limits.work_cycles,
    )


def read_limits(memory: str | None, work: str | None) -> Limits | None:
    """The limits that a user writes, the environment's where one of the two is missing; None without both."""
    if memory is None and work is None:
        return None
    others = environment_limits()
    return Limits(
        memory_bytes=others.memory_bytes if memory is None else read_memory(memory),
        work_cycles=others.work_cycles if work is None else read_work(work),
    )


def _gib_above(memory_bytes: int) -> int:
    return memory_bytes // GIB + 1
