"""The Makefile of a deployed folder, and the files of the boards that it builds for."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources

from chipsmith.codegen.boards import BOARDS, Board
from chipsmith.codegen.boards.emulate import emulator_command
from chipsmith.codegen.boards.image import COMPILE_FLAGS, LINK_FLAGS
from chipsmith.codegen.boards.support import LINKER_SCRIPT, support_files
from chipsmith.deployment.firmware.measure import STRICT

ARM, RISCV = "mps2-an386", "riscv32-virt"
"""The boards of `make arm` and `make riscv`."""
_FOLDERS = ("-Iboards/include", "-Iboards", "-I.")
_TEMPLATES = resources.files("chipsmith.deployment.firmware") / "templates"


def write_makefile(name: str) -> str:
    """The Makefile of sources whose names begin with `name`."""
    words = {
        "NAME": name,
        "STRICT": " ".join(STRICT),
        "BARE": " ".join((*COMPILE_FLAGS, *_FOLDERS)),
        "LINK": " ".join(LINK_FLAGS),
        "ARM": ARM,
        "RISCV": RISCV,
    }
    return "".join((fill_template("Makefile", words), *map(_write_rules, BOARDS.values())))


def fill_template(file: str, words: Mapping[str, str]) -> str:
    """A template's text with each @WORD@ replaced."""
    text = (_TEMPLATES / file).read_text(encoding="utf-8")
    for word, value in words.items():
        text = text.replace(f"@{word}@", value)
    return text


def _write_rules(board: Board) -> str:
    words = {
        "BOARD": board.name,
        "CORE": board.core,
        "ARCHITECTURE": board.architecture.value,
        "COMPILER": board.compiler.name,
        "FLAGS": " ".join(board.flags),
        "EMULATOR": " ".join(emulator_command(board)),
        "SIZE": board.compiler.name.replace("gcc", "size"),
    }
    return fill_template("board.mk", words)


def board_files() -> dict[str, str]:
    """The boards' own files by their paths in the folder."""
    files: dict[str, str] = {}
    for board in BOARDS.values():
        for name, text in support_files(board).items():
            files[f"boards/{board.name}.ld" if name == LINKER_SCRIPT else f"boards/{name}"] = text
    return files
