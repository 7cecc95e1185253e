"""What deploy shows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from chipsmith.console.presentation import Presentation, new_table, print_tables
from chipsmith.console.programs import explain_check, print_check

if TYPE_CHECKING:
    from chipsmith.deployment.firmware.result import BoardFigures, Firmware


def present_firmware(result: Firmware) -> Presentation:
    """Arena, constants, flash, RAM and instructions on each board; where the folder is; the check."""
    return Presentation(
        to_json=result.to_json, print_text=partial(_print_firmware, result), failure=explain_check(result.check)
    )


def _print_firmware(result: Firmware) -> None:
    table = new_table(f"{result.network} in C", "board", "core", "flash bytes", "RAM bytes", "instructions")
    for figures in result.boards:
        table.add_row(figures.board.name, figures.board.core, *_cells(figures))
    table.caption = "emulated; instructions of one inference are counted and say nothing of time"
    print_tables(table)
    for figures in result.boards:
        if figures.reason:
            print(f"not measured: {figures.reason}")
    module = result.module
    print(f"arena {module.arena_bytes:,} bytes, constants {module.constant_bytes:,} bytes")
    tested = f"tested by {' and '.join(result.compilers)}" if result.compilers else "not compiled: no gcc or clang here"
    print(f"{len(result.files)} files in {result.folder}; {tested}; `make test` there does it again")
    print_check(result.check)


def _cells(figures: BoardFigures) -> tuple[str, ...]:
    if figures.reason:
        return ("", "", "not measured")
    return (f"{figures.flash_bytes:,}", f"{figures.ram_bytes:,}", f"{max(figures.instructions):,}")
