"""Builds an image for a board by its cross compiler; builds are kept by their content."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chipsmith.cache import cache_folder, content_key
from chipsmith.codegen.boards.board import Board, Tool
from chipsmith.codegen.boards.elf import read_sections
from chipsmith.codegen.boards.support import LINKER_SCRIPT, support_files
from chipsmith.errors import BadInput

WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Werror")
_COMPILE = (
    *("-std=c11", "-O2", "-ffreestanding", "-ffunction-sections", "-fdata-sections", "-ffp-contract=off"),
    *("-fno-tree-loop-distribute-patterns", "-Iinclude", "-I."),
)
_LINK = ("-nostdlib", "-nostartfiles", "-Wl,--gc-sections", "-Wl,--no-warn-rwx-segments", f"-Wl,-T,{LINKER_SCRIPT}")
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
    image = cache_folder() / "boards" / f"{_name(board, files)}.elf"
    if not image.exists():
        _build(board, files, image)
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


def compile_flags(board: Board) -> tuple[str, ...]:
    """The options by which a source is compiled for a board, in a folder that has its support files."""
    return (*board.flags, *_COMPILE, *WARNINGS)


def link_flags(board: Board) -> tuple[str, ...]:
    """The options by which objects are linked for a board; `-lgcc` stands behind the objects."""
    return (*board.flags, *_LINK)


def name_version(tool: Tool) -> str:
    """The first line of what a tool that is on the path says of its version."""
    done = subprocess.run((tool.name, "--version"), capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[0]


def _name(board: Board, files: Mapping[str, str]) -> str:
    texts = (f"{name}\n{text}" for name, text in sorted(files.items()))
    words = " ".join((name_version(board.compiler), *compile_flags(board), *link_flags(board)))
    return content_key(text.encode() for text in (words, *texts))


def _build(board: Board, files: Mapping[str, str], image: Path) -> None:
    try:
        image.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=image.parent) as name:
            folder = Path(name)
            write_files(folder, files)
            _compile(board, folder)
            (folder / "image.elf").replace(image)
    except OSError as error:
        raise BadInput(f"cannot build an image in {image.parent}: {error.strerror or error}") from error


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write texts by their paths in a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _compile(board: Board, folder: Path) -> None:
    sources = sorted(path.name for path in folder.glob("*.c"))
    for source in sources:
        object_file = f"{Path(source).stem}.o"
        _run(board, (board.compiler.name, *compile_flags(board), "-c", source, "-o", object_file), folder)
    objects = [f"{Path(source).stem}.o" for source in sources]
    _run(board, (board.compiler.name, *link_flags(board), *objects, "-lgcc", "-o", "image.elf"), folder)


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
