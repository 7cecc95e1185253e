"""What `chipsmith rtl` answers: the memories of a chip's RTL, the files that were written, what front ends say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from chipsmith.chip.description import Chip
from chipsmith.hardware.lint import Lint, report_of
from chipsmith.hardware.memories import RtlMemory
from chipsmith.schema import SCHEMA_VERSION, Json


@dataclass(frozen=True, kw_only=True)
class RtlResult:
    """A chip's RTL: the files in order, its memories, and a Lint for each front end and top level that was asked."""

    chip: Chip
    files: tuple[Path, ...]
    memories: tuple[RtlMemory, ...]
    lints: tuple[Lint, ...]

    @property
    def failure(self) -> str:
        """What the front ends have against the sources; empty where they have nothing, or were not asked."""
        return report_of(self.lints)

    def to_json(self) -> Json:
        """The object of `chipsmith rtl --json`."""
        return {
            "schema_version": SCHEMA_VERSION,
            **self.chip.identity,
            "files": [str(file) for file in self.files],
            "memories": [memory.to_json() for memory in self.memories],
            "lint": [lint.to_json() for lint in self.lints],
        }
