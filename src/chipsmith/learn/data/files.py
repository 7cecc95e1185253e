"""Finding and reading the files of data sets: one clear message where one is missing, empty or foreign."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from chipsmith.errors import BadInput
from chipsmith.files import open_ordinary
from chipsmith.learn.preprocessing.step import named

Row = Mapping[str, str]

FEWEST = 3
"""Examples that a class needs: one for each part."""

MOST_BYTES = 256 * 2**20
"""The largest table or text that is read, in bytes: its rows take up to fifteen times as much memory."""

_SHOWN = 50
"""Names of columns in a message."""
_VARIABLE = re.compile(r"\$\{?(\w+)")
_INTO_A_FILE = "put what it gives into a file, and give that in its place"


def find(path: str) -> Path:
    """The file or folder of a path, in which `~` and variables such as $CHIPSMITH_DATA may stand. Raises BadInput."""
    expanded = os.path.expandvars(Path(path).expanduser())
    unset = _VARIABLE.search(expanded)
    if unset:
        raise BadInput(f"{path}: the variable {unset[1]} is not set; set it to the folder of your data sets")
    location = Path(expanded)
    if not location.exists():
        raise BadInput(f"there is no file or folder {named(expanded)}")
    return location


def find_file(path: str) -> Path:
    """As `find`, of a file alone: a device or a pipe has no end, or no contents to come back to."""
    file = find(path)
    require_ordinary(file)
    return file


def require_ordinary(file: Path) -> None:
    """Raise BadInput for what is no file, such as a device or a pipe."""
    mode = file.stat().st_mode
    if not stat.S_ISREG(mode):
        what, mend = ("folder", "name a file in it") if stat.S_ISDIR(mode) else ("device or a pipe", _INTO_A_FILE)
        raise BadInput(f"{named(file)} is a {what}, not a file; {mend}")


def find_folder(path: str) -> Path:
    """As `find`, of a folder alone."""
    folder = find(path)
    if not folder.is_dir():
        raise BadInput(f"{named(folder)} is no folder")
    return folder


@contextmanager
def naming(name: str | Path) -> Iterator[None]:
    """Says of which file or row a fault is, where its message does not."""
    try:
        yield
    except BadInput as fault:
        if named(name) in str(fault):
            raise
        raise BadInput(f"{named(name)}: {fault}") from fault


def digest_file(path: Path) -> bytes:
    """The SHA-256 of a file's contents, read block by block. Raises BadInput, naming it."""
    try:
        with open_ordinary(path) as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError as error:
        raise BadInput(f"cannot read {named(path)}: {error.strerror}") from error


def read_text(path: Path) -> str:
    """A text file in UTF-8, with or without a byte order mark, of at most MOST_BYTES.

    Raises BadInput, with the place of a wrong byte.
    """
    return _decode(_read_bytes(path), path)


def _read_bytes(path: Path) -> bytes:
    try:
        with open_ordinary(path) as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise BadInput(f"cannot read {named(path)}: {error.strerror}") from error
    if len(data) > MOST_BYTES:
        raise BadInput(
            f"{named(path)} has more than {MOST_BYTES // 2**20} MiB, the most of a text or a table; take a part of it"
        )
    return data


def _decode(data: bytes, path: Path) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        mend = "convert it, for example with iconv"
        raise BadInput(
            f"{named(path)} is no text in UTF-8 (byte {error.start} is {error.object[error.start]:#x}); {mend}"
        ) from error


def read_table(path: Path, *, columns: Sequence[str] = ()) -> list[Row]:
    """The rows of a CSV file (.tsv: tabs) whose first line names its columns.

    Raises BadInput where `columns` are not among these, a row has another number of cells, or there is no row.
    """
    separator = "\t" if path.suffix == ".tsv" else ","
    lines = _cells(path, separator)
    header = [name.strip() for name in next(lines, [])]
    missing = [name for name in columns if name not in header]
    if missing:
        raise BadInput(f"{named(path)} has no column {_shown(missing)}; it has {_shown(header) or 'none'}")
    if len(set(header)) != len(header):
        raise BadInput(f"{named(path)}: two columns have the same name")
    rows = list(_rows(path, header, lines))
    if not rows:
        raise BadInput(f"{named(path)} has no rows")
    return rows


def _shown(names: Sequence[str]) -> str:
    """The first of some names."""
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _cells(path: Path, separator: str) -> Iterator[list[str]]:
    data = _read_bytes(path)
    lines = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline="")
    try:
        yield from csv.reader(lines, delimiter=separator)
    except UnicodeDecodeError:
        _decode(data, path)
    except csv.Error as error:
        raise BadInput(f"{named(path)} is no table of cells between '{separator}' ({error})") from error


def _rows(path: Path, header: Sequence[str], lines: Iterator[list[str]]) -> Iterator[Row]:
    for number, cells in enumerate(lines, start=2):
        if not cells:
            continue
        if len(cells) != len(header):
            raise BadInput(
                f"{named(path)}, row {number}: {len(cells)} cells where the first row names {len(header)} columns"
            )
        yield dict(zip(header, (cell.strip() for cell in cells), strict=True))
