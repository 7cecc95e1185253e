"""What is attacked: a format's real files, how they are changed, what reads them and what then uses them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mutations.mutators import Mutate


class CodeExecuted(BaseException):
    """A file ran code, or reached outside of its folder: whoever catches errors must not catch this."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A format as it is attacked.

    `samples` are whole files; `mutate` changes one; the result is written to a file called `file`, which `parse`
    reads, and `use` takes what that gave: it is reached only by files that passed. Both may raise ChipsmithError and
    nothing else. `commands` are beginnings of the command lines that using such a file starts by design. A file may
    take `most_cpu_s` seconds of the processor, and `most_bytes` of memory beyond what is resident before.
    """

    file: str
    samples: Sequence[bytes]
    mutate: Mutate
    parse: Callable[[Path], Any]
    use: Callable[[Any], object]
    commands: Sequence[Sequence[str]] = ()
    most_cpu_s: float = 20.0
    most_bytes: int = 2 << 30


Prepare = Callable[[Path], Target]
"""Makes the target of a format; the folder is for files that it needs beside."""
