"""A step of the generated code: one call that stands for one operator or for several that are computed together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chipsmith.codegen.unit import Unit
from chipsmith.tosa.graph import Operator

Pointers = Mapping[str, str]
"""The C text of the pointer to each tensor's first element."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """A call.

    `reads` and `writes` are tensors; a tensor of `in_place` may lie where the first written one does. `write` adds what
    the call needs to the unit and gives its text, for pointers to all tensors and, under the name "", to the scratch
    memory of `scratch_bytes`.
    """

    operators: tuple[Operator, ...]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    write: Callable[[Unit, Pointers], str]
    in_place: tuple[str, ...] = ()
    scratch_bytes: int = 0
