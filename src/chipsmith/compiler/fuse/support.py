"""Which operators of TOSA the compiler brings to the chip, and on which engine they run."""

from __future__ import annotations

from collections.abc import Mapping

from chipsmith.compiler.fuse.graph_index import VIEW_KINDS
from chipsmith.compiler.fuse.match import ANCHORS, BINARY, COPIED, EXPANDED, POOLS, REDUCTIONS, UNARY, WITH_IMMEDIATE
from chipsmith.tosa.operators import OPERATORS

_VECTOR = frozenset({"CLAMP", "RESCALE", "TABLE"}).union(BINARY, UNARY, WITH_IMMEDIATE, REDUCTIONS, POOLS, EXPANDED)


def held_operators() -> Mapping[str, str | None]:
    """For each supported operator the engine that computes it: 'tensor', 'vector', 'view' (at most copies), or None."""
    return {kind: _engine(kind) for kind in OPERATORS}


def _engine(kind: str) -> str | None:
    if kind in ANCHORS:
        return "tensor"
    if kind in VIEW_KINDS or kind in COPIED:
        return "view"
    return "vector" if kind in _VECTOR else None
