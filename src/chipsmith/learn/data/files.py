"""Finding and reading the files of data sets: one clear message where one is missing, empty or foreign."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chipsmith.errors import BadInput

Row = Mapping[str, str]

FEWEST = 3
"""Examples that a class needs: one for each part."""

_VARIABLE = re.compile(r"\$\{?(\w+)")


def find(path: str) -> Path:
    """The file or folder of a path, in which `~` and variables such as $CHIPSMITH_DATA may stand. Raises BadInput."""
    expanded = os.path.expandvars(Path(path).expanduser())
    unset = _VARIABLE.search(expanded)
    if unset:
        raise BadInput(f"{path}: the variable {unset[1]} is not set; set it to the folder of your data sets")
    location = Path(expanded)
    if not location.exists():
        raise BadInput(f"there is no file or folder {expanded}")
    return location


def find_folder(path: str) -> Path:
    """As `find`, of a folder alone."""
    folder = find(path)
    if not folder.is_dir():
        raise BadInput(f"{folder} is no folder")
    return folder


@contextmanager
def naming(name: str | Path) -> Iterator[None]:
    """Says of which file or row a fault is, where its message does not."""
    try:
        yield
    except BadInput as fault:
        if str(name) in str(fault):
            raise
        raise BadInput(f"{name}: {fault}") from fault


def read_bytes(path: Path) -> bytes:
    """The bytes of a file. Raises BadInput, naming it."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from error


def read_text(path: Path) -> str:
    """A text file in UTF-8, with or without a byte order mark. Raises BadInput, with the place of a wrong byte."""
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        mend = "convert it, for example with iconv"
        raise BadInput(
            f"{path} is no text in UTF-8 (byte {error.start} is {error.object[error.start]:#x}); {mend}"
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
        raise BadInput(f"{path} has no column {', '.join(missing)}; it has {', '.join(header) or 'none'}")
    if len(set(header)) != len(header):
        raise BadInput(f"{path}: two columns have the same name")
    rows = list(_rows(path, header, lines))
    if not rows:
        raise BadInput(f"{path} has no rows")
    return rows


def _cells(path: Path, separator: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(io.StringIO(read_text(path), newline=""), delimiter=separator)
    except csv.Error as error:
        raise BadInput(f"{path} is no table of cells between '{separator}' ({error})") from error


def _rows(path: Path, header: Sequence[str], lines: Iterator[list[str]]) -> Iterator[Row]:
    for number, cells in enumerate(lines, start=2):
        if not cells:
            continue
        if len(cells) != len(header):
            raise BadInput(f"{path}, row {number}: {len(cells)} cells where the first row names {len(header)} columns")
        yield dict(zip(header, (cell.strip() for cell in cells), strict=True))


@dataclass(frozen=True, kw_only=True, eq=False)
class ClassFiles:
    """Files with their classes: `labels` int64 (n) number `class_names`; `left_out` files were copies of others."""

    files: tuple[Path, ...]
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    left_out: int


def find_class_files(folder: Path, suffixes: Sequence[str], *, what: str) -> ClassFiles:
    """The files with these suffixes (small letters) in the class folders within `folder`, in the order of their names.

    A class folder may have folders. Files with the same contents count once. Raises BadInput for fewer than two
    classes, or one without files; `what` names the files.
    """
    names = tuple(sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith(".")))
    if len(names) < 2:
        raise BadInput(f"{folder} has {len(names)} class folders; put the {what} of each class in a folder of its own")
    by_class = [_files_of(folder / name, suffixes, what) for name in names]
    files = [file for class_files in by_class for file in class_files]
    labels = np.repeat(np.arange(len(names)), [len(class_files) for class_files in by_class])
    kept = _distinct(files)
    _check_counts(folder, names, np.bincount(labels[kept], minlength=len(names)), what)
    return ClassFiles(
        files=tuple(files[index] for index in kept),
        labels=labels[kept],
        class_names=names,
        left_out=len(files) - len(kept),
    )


def _check_counts(folder: Path, names: Sequence[str], counts: NDArray[np.int64], what: str) -> None:
    for name, count in zip(names, counts, strict=True):
        if count < FEWEST:
            raise BadInput(f"class folder {folder / name} has {count} different {what}; {FEWEST} or more are needed")


def _files_of(folder: Path, suffixes: Sequence[str], what: str) -> list[Path]:
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in suffixes and file.is_file())
    if not files:
        raise BadInput(f"class folder {folder} has no {what} ({', '.join(suffixes)})")
    return files


def _distinct(files: Sequence[Path]) -> list[int]:
    """The places of files of which no earlier one has the same contents; only files of one size are read."""
    by_size: dict[int, list[int]] = defaultdict(list)
    for index, file in enumerate(files):
        by_size[file.stat().st_size].append(index)
    kept: list[int] = []
    for places in by_size.values():
        kept += places if len(places) == 1 else _first_of_each(files, places)
    return sorted(kept)


def _first_of_each(files: Sequence[Path], places: Sequence[int]) -> list[int]:
    first: dict[bytes, int] = {}
    for index in places:
        first.setdefault(hashlib.sha256(files[index].read_bytes()).digest(), index)
    return list(first.values())
