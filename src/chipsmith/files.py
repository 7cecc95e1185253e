"""Writing files so that a reader meets the old contents or the new, never a part."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from chipsmith.errors import BadInput


def write_whole(path: str | os.PathLike[str], data: bytes) -> None:
    """Write `data` to `path` at once: to a temporary file in the same folder, which then takes its name.

    Raises BadInput where the folder is missing or may not be written; the old file is then untouched.
    """
    target = Path(path)
    try:
        _replace(target, data)
    except OSError as error:
        raise BadInput(f"cannot write {target}: {error.strerror or error}") from error


def _replace(target: Path, data: bytes) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(temporary).chmod(_new_file_mode())
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _new_file_mode() -> int:
    """The permissions that an ordinary new file gets (mkstemp's are for the owner alone)."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
