"""The files of a deployed folder, by the name that they begin with."""

from __future__ import annotations

from chipsmith.deployment.firmware.makefile import board_files
from chipsmith.errors import BadInput

README = "README.md"


def list_files(name: str) -> tuple[str, ...]:
    """The paths of the files of a deployed folder."""
    sources = (f"{name}.h", f"{name}.c", f"{name}_predict.h", f"{name}_predict.c", "main.c")
    return (README, *sources, "Makefile", *board_files())


def check_name(name: str) -> None:
    """Raise BadInput where `name` cannot begin the names of C."""
    if not (name.isascii() and name.isidentifier()):
        raise BadInput(f"'{name}' cannot begin names in C: give letters, digits and underscores, a letter first")
