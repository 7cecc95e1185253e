"""A folder of files, written whole or not at all."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path

from chipsmith.errors import BadInput
from chipsmith.files import write_texts

BUILD = "build"
"""What the folder's own Makefile leaves in it."""


def check_target(folder: Path, files: Collection[str]) -> None:
    """Raise BadInput where a folder of these files cannot be written: ask before the work.

    A folder that holds nothing but such files, of an earlier deployment, is replaced.
    """
    parent = folder.resolve().parent
    if not parent.is_dir():
        raise BadInput(f"cannot write {folder}: there is no folder {parent}")
    if folder.exists() and not folder.is_dir():
        raise BadInput(f"cannot write {folder}: it is a file; name a folder with --output")
    if folder.is_dir():
        _refuse_foreign(folder, files)


def _refuse_foreign(folder: Path, files: Collection[str]) -> None:
    paths = (path.relative_to(folder) for path in sorted(folder.rglob("*")) if not path.is_dir())
    foreign = [str(path) for path in paths if path.as_posix() not in files and path.parts[0] != BUILD]
    if foreign:
        raise BadInput(f"{folder} holds other files, such as {foreign[0]}: name a new folder with --output")


def write_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Write texts by their paths to a folder that check_target takes: beside it, and then under its name.

    Raises BadInput where that fails; what was there is then as it was.
    """
    try:
        target = folder.resolve()
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as name:
            fresh, old = Path(name) / "new", Path(name) / "old"
            write_texts(fresh, files)
            if target.exists():
                target.rename(old)
            _rename(fresh, target, old)
    except OSError as error:
        raise BadInput(f"cannot write {folder}: {error.strerror or error}") from error


def _rename(fresh: Path, target: Path, old: Path) -> None:
    try:
        fresh.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
