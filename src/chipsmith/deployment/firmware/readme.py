"""README.md of a deployed folder: how the C is used, its size, how it was checked."""

from __future__ import annotations

from collections.abc import Iterator

import chipsmith
from chipsmith.codegen.boards import BOARDS
from chipsmith.codegen.boards.board import Board
from chipsmith.deployment.firmware.files import README
from chipsmith.deployment.firmware.makefile import fill_template
from chipsmith.deployment.firmware.predict_source import PredictSource
from chipsmith.deployment.firmware.result import BoardFigures, Firmware
from chipsmith.witness.check.text import describe_check


def write_readme(firmware: Firmware, predict: PredictSource) -> str:
    """The page of a deployed network."""
    module = firmware.module
    words = {
        "TITLE": firmware.network,
        "VERSION": chipsmith.__version__,
        "EXAMPLES": _count(firmware.examples, "example"),
        "SIGNATURE": predict.signature,
        "CONTRACT": "\n".join(predict.contract),
        "BOARD_COMMANDS": "make run-arm\nmake run-riscv",
        "TOOLS": ";\n".join(dict.fromkeys(map(_name_tools, BOARDS.values()))),
        "MEMORY": f"The arena has {module.arena_bytes:,} bytes, the constants {module.constant_bytes:,}.",
        "TABLE": "\n".join(_table(firmware.boards)),
        "CALLER": f"{firmware.caller_bytes:,}",
        "CHECKED": "\n".join(f"- {line}" for line in _checks(firmware)),
        "NAME": module.name,
    }
    return fill_template(README, words)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _name_tools(board: Board) -> str:
    names = " and ".join(f"`{tool.name}`" for tool in board.tools)
    return f"{names} (`sudo apt install {' '.join(tool.package for tool in board.tools)}`)"


def _table(figures: tuple[BoardFigures, ...]) -> Iterator[str]:
    yield "| board | core | flash, bytes | RAM, bytes | of it stack | instructions | compiler |"
    yield "|---|---|---|---|---|---|---|"
    for each in figures:
        cells = (each.board.name, each.board.core, *_cells(each))
        yield f"| {' | '.join(cells)} |"


def _cells(figures: BoardFigures) -> tuple[str, ...]:
    if figures.reason:
        return ("not measured", "", "", "", figures.reason)
    sizes = (figures.flash_bytes, figures.ram_bytes, figures.stack_bytes, max(figures.instructions))
    return (*(f"{size:,}" for size in sizes), figures.compiler)


def _checks(firmware: Firmware) -> Iterator[str]:
    examples = f"{_count(firmware.examples, 'example')} ({firmware.examples_kind})"
    yield f"The outputs for {examples} are those of Chipsmith's reference interpreter of TOSA, which `main.c` holds."
    if firmware.compilers:
        yield f"`main.c` was compiled here without a warning, and said ok, by: {', '.join(firmware.compilers)}."
    else:
        yield "Nothing was compiled for this computer: there was neither gcc nor clang. `make test` does it."
    run = [each for each in firmware.boards if not each.reason]
    if run:
        boards = ", ".join(f"{each.board.name} ({each.board.core})" for each in run)
        yield f"The same outputs came, bit for bit, from the emulated boards {boards}."
    if firmware.check is not None:
        yield f"The author's own network beside the C code: {describe_check(firmware.check)}."
