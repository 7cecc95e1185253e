"""What a signature covers: the name of a file or folder, and the SHA-256 of every file in it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from chipsmith.errors import BadInput
from chipsmith.files import open_ordinary

FOLDER_SIGNATURE = "run.sig"
"""The file of a folder that holds its signature, and the only one that is not covered."""
WHOLE_FILE = "."
"""What model-signing calls the only file of contents that are a file and no folder."""


@dataclass(frozen=True, kw_only=True)
class Contents:
    """The name of a file or folder, and the SHA-256 of each file by its path there, with `/`; WHOLE_FILE of a file."""

    name: str
    digests: Mapping[str, bytes]


def name_of(path: Path) -> str:
    """The name that a path gives to what it leads to; links are not followed, for who sets a link would choose it."""
    return Path(os.path.abspath(path)).name  # noqa: PTH100 Path.resolve follows links


def contents_of_bytes(path: Path, data: bytes) -> Contents:
    """Those of a file that was read from `path`."""
    return Contents(name=name_of(path), digests={WHOLE_FILE: hashlib.sha256(data).digest()})


def contents_of(path: Path) -> Contents:
    """Those of a file, or of a folder and all that is in it, hidden files too; read as a stream.

    Raises BadInput for what is not readable or no signature could cover: a link in a folder, a device, an empty folder,
    a name that is no text. Its message names what is in a folder by its name there.
    """
    try:
        if not path.is_dir():
            return Contents(name=name_of(path), digests={WHOLE_FILE: _hash(path, follow=True)})
        digests = {name: _hash(file, follow=False) for name, file in _walk(path)}
    except OSError as error:
        raise BadInput(f"{error.filename} cannot be read: {error.strerror}") from error
    if not digests:
        raise BadInput("it holds no file that could be signed")
    return Contents(name=name_of(path), digests=digests)


def describe_names(names: list[str]) -> str:
    """A few names in words, and how many more there are; characters that a terminal would obey are escaped."""
    shown = [name if name.isprintable() else ascii(name) for name in names[:_SHOWN]]
    return ", ".join([*shown, *([f"{len(names) - _SHOWN} more"] if len(names) > _SHOWN else [])])


_SHOWN = 5


def _walk(folder: Path) -> Iterator[tuple[str, Path]]:
    """Each file to be covered by its name in the folder; without recursion, for folders may be nested deeply."""
    waiting = [folder]
    while waiting:
        current = waiting.pop()
        entries = sorted(os.scandir(current), key=lambda entry: entry.name)
        if not entries and current != folder:
            shown = describe_names([current.relative_to(folder).as_posix()])
            raise BadInput(f"{shown} is an empty folder, which no signature covers; remove it")
        for entry in entries:
            path = Path(entry.path)
            name = path.relative_to(folder).as_posix()
            if name == FOLDER_SIGNATURE:
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append(path)
                continue
            _check_entry(entry, name)
            yield name, path


def _check_entry(entry: os.DirEntry[str], name: str) -> None:
    shown = describe_names([name])
    if entry.is_symlink():
        raise BadInput(f"{shown} is a symbolic link, which no signature covers; put the file itself there")
    if not entry.is_file(follow_symlinks=False):
        raise BadInput(f"{shown} is no ordinary file, and no signature covers it; remove it")
    if any("\udc80" <= letter <= "\udcff" for letter in name):
        raise BadInput(f"{shown} is a name that is not UTF-8, which no signature covers; rename it")


def _hash(path: Path, *, follow: bool) -> bytes:
    with open_ordinary(path, follow=follow) as file:
        return hashlib.file_digest(file, "sha256").digest()
