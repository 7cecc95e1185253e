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
