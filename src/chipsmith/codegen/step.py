"""A step of the generated code: one call that stands for one operator or for several that are computed together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chipsmith.codegen.unit import Unit
from chipsmith.tosa.graph import Operator

Write = Callable[[Unit, int | None], str]
"""Adds to the unit what a call needs and gives its text, for scratch memory from a byte of the arena on or for none."""


@dataclass(frozen=True, kw_only=True)
class CStep:
    """A call.

    `reads` and `writes` are tensors; a tensor of `in_place` may lie where the first written one does. A step that asks
    for `scratch_bytes` does with less speed without them.
    """

    operators: tuple[Operator, ...]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    write: Write
    in_place: tuple[str, ...] = ()
    scratch_bytes: int = 0
