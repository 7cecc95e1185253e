"""Properties of the RTL that a simulation violates (docs/proofs.md)."""

from __future__ import annotations

import ctypes
import re

from chipsmith.errors import BadInput
from chipsmith.hardware.sources import shipped_source

_LABEL = re.compile(r"^\s*(\w+): (?:assert|assume) \(")


class PropertyViolated(BadInput):
    """The RTL did what its properties exclude: a fault of the RTL, or a memory or bus that breaks the rules."""


def raise_violation(library: ctypes.CDLL) -> None:
    """Raise PropertyViolated where a simulation of this library has violated a property since the last call."""
    library.bench_violation.restype = ctypes.c_char_p
    place = library.bench_violation().decode()
    if place:
        library.bench_forget_violation()
        raise PropertyViolated(f"the RTL violates its property {_name(place)} ({place}); please report this")


def _name(place: str) -> str:
    """The module and the label of the property that stands in a line of a source."""
    file, _, line = place.partition(":")
    lines = shipped_source(file).splitlines()[: int(line)]
    label = next((match[1] for text in reversed(lines) if (match := _LABEL.match(text))), "of no name")
    return f"{file.removesuffix('.sv')}.{label}"
