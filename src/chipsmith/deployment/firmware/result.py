"""The noun Firmware: a network as a folder of C, with what was measured of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chipsmith.codegen.boards import Board
from chipsmith.codegen.module import CModule
from chipsmith.schema import SCHEMA_VERSION, Json
from chipsmith.shown import Shown
from chipsmith.witness.check.verdict import SourceCheck


@dataclass(frozen=True, kw_only=True)
class BoardFigures(Shown):
    """predict() on an emulated board, or why it was not run there (`reason`, with no figures).

    `flash_bytes` are code and constants, `ram_bytes` all variables and the stack; neither has what starts and tests it.
    `instructions` are those of each example of the test vector, whose outputs were right to the bit.
    """

    board: Board
    compiler: str = ""
    flash_bytes: int | None = None
    ram_bytes: int | None = None
    stack_bytes: int | None = None
    instructions: tuple[int, ...] = ()
    reason: str = ""

    def to_json(self) -> Json:
        """An entry of `boards` in `chipsmith deploy --json`."""
        return {
            "name": self.board.name,
            "core": self.board.core,
            "compiler": self.compiler,
            "flash_bytes": self.flash_bytes,
            "ram_bytes": self.ram_bytes,
            "stack_bytes": self.stack_bytes,
            "instructions": list(self.instructions),
            "reason": self.reason,
        }


@dataclass(frozen=True, kw_only=True)
class Firmware(Shown):
    """A network as a folder of C.

    `files` are paths in `folder`. `compilers` of this computer compiled the test without a warning and ran it well, on
    `examples` inputs of the kind `examples_kind`; empty where there is none. `check` is as that of a CompileResult, of
    the C on this computer. `caller_bytes` are those of the author's inputs and outputs, which the caller keeps.
    """

    network: str
    module: CModule
    folder: Path
    files: tuple[str, ...]
    compilers: tuple[str, ...]
    examples: int
    examples_kind: str
    caller_bytes: int
    boards: tuple[BoardFigures, ...]
    check: SourceCheck | None

    def _brief(self) -> str:
        module = self.module
        return (
            f"{self.network} in C: arena {module.arena_bytes:,} bytes, constants {module.constant_bytes:,} bytes; "
            f"{len(self.files)} files in {self.folder}"
        )

    def to_json(self) -> Json:
        """The object of `chipsmith deploy --json`."""
        return {
            "schema_version": SCHEMA_VERSION,
            "network": self.network,
            "target": "c",
            "folder": str(self.folder),
            "files": list(self.files),
            "arena_bytes": self.module.arena_bytes,
            "live_bytes": self.module.live_bytes,
            "constant_bytes": self.module.constant_bytes,
            "caller_bytes": self.caller_bytes,
            "flash_bytes": self._by_board({each.board.name: each.flash_bytes for each in self.boards}),
            "ram_bytes": self._by_board({each.board.name: each.ram_bytes for each in self.boards}),
            "boards": [each.to_json() for each in self.boards],
            "compilers": list(self.compilers),
            "examples": self.examples,
            "examples_kind": self.examples_kind,
            "check": None if self.check is None else self.check.to_json(),
        }

    def _by_board(self, values: Mapping[str, int | None]) -> Json:
        return {name: value for name, value in values.items() if value is not None}
