"""Files that end in a checksum of their name and contents: a single bit that has flipped since is seen.

A sealed file is its contents, the SHA-256 of name and contents, and a mark. What reads ELF, `.npy` or zip files takes
no notice of bytes behind the end, so that such a file can be loaded or mapped where it lies. The checksum shows damage;
who may write to a folder is another matter (`chipsmith.private_folders`).
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import BinaryIO

from chipsmith.errors import BadInput
from chipsmith.files import write_whole

_MARK = b"\nchipsmith sum 1\n"
_SUM_BYTES = hashlib.sha256().digest_size
SEAL_BYTES = _SUM_BYTES + len(_MARK)
"""What a seal adds to a file."""
_BLOCK_BYTES = 1 << 20


class Damaged(BadInput):
    """A file is not what was written: its checksum is another, or is missing."""


def seal(contents: bytes, *, name: str) -> bytes:
    """The contents of a sealed file called `name`."""
    digest = _begin(name)
    digest.update(contents)
    return contents + digest.digest() + _MARK


def seal_file(path: Path, *, name: str) -> None:
    """Add the seal to a file that lies under any path and is to be called `name`. Raises OSError."""
    with path.open("r+b") as file:
        digest = _hash_contents(file, path.stat().st_size, name)
        file.write(digest + _MARK)


def unseal(data: bytes, *, name: str) -> bytes:
    """The contents in the bytes of a sealed file. Raises Damaged."""
    contents, checksum, mark = data[:-SEAL_BYTES], data[-SEAL_BYTES : -len(_MARK)], data[-len(_MARK) :]
    digest = _begin(name)
    digest.update(contents)
    if mark != _MARK or digest.digest() != checksum:
        raise _damaged(name)
    return contents


def check_seal(path: Path, *, name: str) -> None:
    """Read a sealed file once, a piece at a time. Raises Damaged, and OSError where it cannot be read."""
    with path.open("rb") as file:
        length = os.fstat(file.fileno()).st_size - SEAL_BYTES
        if length < 0 or _hash_contents(file, length, name) + _MARK != file.read():
            raise _damaged(name)


# --- folders ---------------------------------------------------------------------------------------------------------

SUMS = "SHA256SUMS"
"""The file with the checksums of a folder's other files, in the form of the tool sha256sum."""


def write_sums(folder: Path) -> None:
    """Write the checksums of all files in a folder, of those in its folders too: the last file of a finished folder."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.name != SUMS)
    lines = (f"{_sum_file(file)}  {file.relative_to(folder).as_posix()}\n" for file in files)
    write_whole(folder / SUMS, "".join(lines).encode())


def check_sums(folder: Path) -> None:
    """Compare a folder's files with their checksums. Raises Damaged, naming the first that differs or is missing."""
    try:
        *lines, end = (folder / SUMS).read_bytes().decode().split("\n")
    except (OSError, ValueError) as error:
        raise Damaged(f"{folder / SUMS} is missing or damaged") from error
    for line in (*lines, *filter(None, [end])):
        checksum, _, name = line.partition("  ")
        file = folder / name
        if not name or not file.is_file() or _sum_file(file) != checksum:
            raise Damaged(f"{file} is missing or damaged: its checksum in {SUMS} is another")


def _sum_file(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


# --- seals -----------------------------------------------------------------------------------------------------------


def _begin(name: str) -> hashlib._Hash:
    encoded = name.encode()
    return hashlib.sha256(len(encoded).to_bytes(8, "little") + encoded)


def _hash_contents(file: BinaryIO, length: int, name: str) -> bytes:
    digest = _begin(name)
    while length > 0:
        block = file.read(min(length, _BLOCK_BYTES))
        if not block:
            break
        digest.update(block)
        length -= len(block)
    return digest.digest()


def _damaged(name: str) -> Damaged:
    return Damaged(f"{name} is damaged: its checksum is not that of its contents")
