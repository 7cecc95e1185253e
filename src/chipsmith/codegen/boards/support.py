"""The few lines of C and the linker script that a program on bare metal needs: no C library is used."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources

from chipsmith.codegen.boards.board import Board

LEAST_STACK_BYTES = 16 << 10
"""What an image leaves to its stack at least."""
LINKER_SCRIPT = "image.ld"
_SHARED = ("board.h", "semihosting.h", "harness_board.c", "memory.c", "include/string.h", "include/stdio.h")
_FOLDER = resources.files("chipsmith.codegen.boards") / "support"


def support_files(board: Board) -> dict[str, str]:
    """The texts of a board's files by their paths in a folder: headers, sources and the linker script."""
    names = (*_SHARED, f"harness_{board.architecture}.c")
    return {**{name: read_support(name) for name in names}, LINKER_SCRIPT: _link(board)}


def read_support(name: str) -> str:
    """The text of a file of the folder `support`."""
    return (_FOLDER / name).read_text(encoding="utf-8")


def _link(board: Board) -> str:
    values: Mapping[str, int] = {
        "FLASH_ORIGIN": board.flash.origin,
        "FLASH_BYTES": board.flash.bytes,
        "RAM_ORIGIN": board.ram.origin,
        "RAM_BYTES": board.ram.bytes,
        "LEAST_STACK_BYTES": LEAST_STACK_BYTES,
    }
    text = read_support(LINKER_SCRIPT)
    for name, value in values.items():
        text = text.replace(f"@{name}@", f"{value:#x}")
    return text
