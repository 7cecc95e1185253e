"""Properties of the RTL that a simulation violates (docs/proofs.md)."""

from __future__ import annotations

import ctypes

from chipsmith.errors import BadInput
from chipsmith.hardware.formal.properties import last_label
from chipsmith.hardware.sources import shipped_source


class PropertyViolated(BadInput):
    """The RTL did what its properties exclude: a fault of the RTL, or a memory or bus that breaks the rules."""


def raise_violation(library: ctypes.CDLL) -> None:
    """Raise PropertyViolated where a simulation of a bench's library has violated a property since the last call."""
    place = library.bench_violation().decode()
    if place:
        library.bench_forget_violation()
        raise PropertyViolated(f"the RTL violates its property {_name(place)} ({place}); please report this")


def _name(place: str) -> str:
    """The module and the label of the property that stands in a line of a source."""
    file, _, line = place.partition(":")
    label = last_label(shipped_source(file).splitlines()[: int(line)])
    return f"{file.removesuffix('.sv')}.{label or 'of no name'}"
