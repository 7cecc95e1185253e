"""Which operators of TOSA the compiler brings to the chip, and on which engine they run."""

from __future__ import annotations

from collections.abc import Mapping

from chipsmith.compiler.fuse.operators import (
    ANCHORS,
    BINARY,
    COPIED,
    EXPANDED,
    POOLS,
    REDUCTIONS,
    UNARY,
    VIEWS,
    WITH_IMMEDIATE,
)
from chipsmith.program.program import Placed
from chipsmith.tosa.operators import OPERATORS

_VECTOR = frozenset({"CLAMP", "RESCALE", "TABLE"}).union(BINARY, UNARY, WITH_IMMEDIATE, REDUCTIONS, POOLS, EXPANDED)


def supported_ops() -> Mapping[str, Placed | None]:
    """For each supported operator where it goes: TENSOR, VECTOR or VIEW (at most copies); None where nowhere."""
    return {kind: _engine(kind) for kind in OPERATORS}


def _engine(kind: str) -> Placed | None:
    if kind in ANCHORS:
        return Placed.TENSOR
    if kind in VIEWS or kind in COPIED:
        return Placed.VIEW
    return Placed.VECTOR if kind in _VECTOR else None
