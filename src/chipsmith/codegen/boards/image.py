"""Builds an image for a board by its cross compiler; builds are kept by their content."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chipsmith.cache import build_entry, content_key
from chipsmith.codegen.boards.board import Board
from chipsmith.codegen.boards.elf import read_sections
from chipsmith.codegen.boards.support import LINKER_SCRIPT, support_files
from chipsmith.codegen.host import WARNINGS
from chipsmith.errors import BadInput
from chipsmith.files import write_texts

COMPILE_FLAGS = (
    *(*WARNINGS, "-O2", "-ffreestanding", "-ffp-contract=off", "-ffunction-sections", "-fdata-sections"),
    "-fno-tree-loop-distribute-patterns",
)
"""How every source is compiled for bare metal, beside the flags of the board and the folders of headers."""
LINK_FLAGS = ("-nostdlib", "-nostartfiles", "-Wl,--gc-sections", "-Wl,--no-warn-rwx-segments", "-Wl,--fatal-warnings")
"""How objects are linked for bare metal, beside the flags of the board and its linker script."""
_FOLDERS = ("-Iinclude", "-I.")
_SCRIPT = f"-Wl,-T,{LINKER_SCRIPT}"
_OVERFLOW = re.compile(r"region `(\w+)' overflowed by (\d+) bytes")


@dataclass(frozen=True, kw_only=True)
class BoardImage:
    """A program for a board, linked.

    `flash_bytes` are code, constants and initial values of the network and of what it asks for (memcpy, the compiler's
    own functions), `static_bytes` its variables, the arena among them. `harness_flash_bytes` and `harness_bytes` are
    the same of what runs it: start, files, the buffers of inputs and outputs.
    """

    path: Path
    flash_bytes: int
    static_bytes: int
    harness_flash_bytes: int
    harness_bytes: int


def build_image(board: Board, sources: Mapping[str, str]) -> BoardImage:
    """The image of these files (.c and .h) by name; what belongs to no network begins with `harness_`.

    Raises BadInput where a tool is missing, where the compiler refuses a source, and where the board's memory does not
    hold the image.
    """
    require_tools(board)
    files = {**support_files(board), **sources}
    name = f"{_name(board, files)}.elf"
    image = build_entry("boards", name, lambda folder: _build(board, files, folder), what="an image")
    sections = read_sections(image.read_bytes())
    return BoardImage(
        path=image,
        flash_bytes=sections[".text"] + sections.get(".data", 0),
        static_bytes=sections.get(".data", 0) + sections.get(".bss", 0),
        harness_flash_bytes=sections[".harness_text"],
        harness_bytes=sections.get(".harness_bss", 0),
    )


def require_tools(board: Board) -> None:
    """Raise BadInput where a tool of the board is missing, with the command that mends it."""
    missing = board.missing_tools
    if missing:
        names = " and ".join(tool.name for tool in missing)
        packages = " ".join(tool.package for tool in missing)
        raise BadInput(f"board {board.name} needs {names}: sudo apt install {packages}")


def name_version(tool: str) -> str:
    """The first line of what a tool that is on the path says of its version."""
    done = subprocess.run((tool, "--version"), capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[0]


def _name(board: Board, files: Mapping[str, str]) -> str:
    texts = (f"{name}\n{text}" for name, text in sorted(files.items()))
    words = " ".join((name_version(board.compiler.name), *_compile_words(board), *_link_words(board)))
    return content_key(text.encode() for text in (words, *texts))


def _build(board: Board, files: Mapping[str, str], folder: Path) -> Path:
    write_texts(folder, files)
    stems = sorted(path.stem for path in folder.glob("*.c"))
    for stem in stems:
        _run(board, (*_compile_words(board), "-c", f"{stem}.c", "-o", f"{stem}.o"), folder)
    objects = (f"{stem}.o" for stem in stems)
    _run(board, (*_link_words(board), *objects, "-lgcc", "-o", "image.elf"), folder)
    return folder / "image.elf"


def _compile_words(board: Board) -> tuple[str, ...]:
    return (board.compiler.name, *board.flags, *COMPILE_FLAGS, *_FOLDERS)


def _link_words(board: Board) -> tuple[str, ...]:
    return (board.compiler.name, *board.flags, *LINK_FLAGS, _SCRIPT)


def _run(board: Board, command: tuple[str, ...], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BadInput(_explain(board, done.stderr))


def _explain(board: Board, report: str) -> str:
    memories = {"FLASH": ("flash", board.flash.bytes), "RAM": ("RAM", board.ram.bytes)}
    over = dict(_OVERFLOW.findall(report))
    if not over:
        return f"{board.compiler.name} refuses the sources:\n{report.strip()[:4000]}"
    needs = (
        f"{memories[region][1] + int(count):,} bytes of {memories[region][0]}, and it has {memories[region][1]:,}"
        for region, count in over.items()
    )
    return f"board {board.name} is too small: the image needs {'; '.join(needs)}"
