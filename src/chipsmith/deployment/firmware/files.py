"""The files of a deployed folder, by the name that they begin with."""

from __future__ import annotations

from pathlib import PurePath

from chipsmith.codegen.ctext import c_identifier
from chipsmith.deployment.firmware.makefile import board_files
from chipsmith.errors import BadInput

README = "README.md"


def list_files(name: str) -> tuple[str, ...]:
    """The paths of the files of a deployed folder."""
    sources = (f"{name}.h", f"{name}.c", f"{name}_predict.h", f"{name}_predict.c", "main.c")
    return (README, *sources, "Makefile", *board_files())


_HEADERS = """assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg
stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string strings tgmath threads time uchar wchar wctype unistd"""


def check_name(name: str) -> None:
    """Raise BadInput where `name` cannot begin the names of C, or its files would be others of the folder or of C."""
    if c_identifier(name) != name:
        raise BadInput(
            f"'{name}' cannot begin names in C: give letters, digits and underscores, a letter first, no underscore "
            "last, and no word of C"
        )
    if name.lower() in (*_HEADERS.split(), *(PurePath(path).stem for path in board_files())):
        raise BadInput(
            f"'{name}' cannot begin names of files: the C library or the folder has such files; give another"
        )
