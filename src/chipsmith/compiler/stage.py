"""The names of the compiler's stages."""

from __future__ import annotations

import enum
from collections.abc import Iterable

from chipsmith.errors import BadInput


class CompilerStage(enum.StrEnum):
    """The stages in order; each takes what those before it made."""

    CANONICALIZE = "canonicalize"
    FUSE = "fuse"
    LOWER = "lower"
    SPILL = "spill"
    ALLOCATE = "allocate"
    SCHEDULE = "schedule"
    EMIT = "emit"


def parse_stages(names: Iterable[str]) -> tuple[CompilerStage, ...]:
    """The stages of those names, each once, in the compiler's order; BadInput lists all where there is none such."""
    asked = set(names)
    unknown = sorted(asked - set(CompilerStage))
    if unknown:
        raise BadInput(
            f"there is no stage {', '.join(unknown)}; there are quantise, and the compiler's {', '.join(CompilerStage)}"
        )
    return tuple(stage for stage in CompilerStage if stage in asked)
