"""Raw examples outside of data sets: what a file or a text holds, in the form that a reader takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chipsmith.learn.data.files import find, naming, read_table, read_text
from chipsmith.learn.data.series import row_series
from chipsmith.learn.data.targets import read_numbers
from chipsmith.learn.preprocessing import ColumnsReader, Preprocessing, SeriesReader, TextReader


@dataclass(frozen=True, kw_only=True)
class RawExample:
    """What a reader takes, and how a message names it."""

    name: str
    raw: Any


def read_raw(preprocessing: Preprocessing, given: str) -> list[RawExample]:
    """The examples in one argument of a command: for images and sounds a file; for text a file, or the text itself.

    For features a CSV file with one example a row. For series a CSV file with one example, whose columns are the
    channels, or with one a row, where the network was trained on such rows. Raises BadInput, naming the file.
    """
    reader = preprocessing.reader
    if isinstance(reader, TextReader):
        return [_text(given)]
    file = find(given)
    if isinstance(reader, ColumnsReader):
        table = read_table(file, columns=reader.names)
        return [RawExample(name=f"{file}, row {row}", raw=cells) for row, cells in enumerate(table, start=2)]
    if isinstance(reader, SeriesReader):
        return list(_series(file, reader))
    return [RawExample(name=str(file), raw=file)]


def apply_raw(preprocessing: Preprocessing, example: RawExample) -> Any:
    """The network's input of one example. Raises BadInput that names it."""
    with naming(example.name):
        return preprocessing.apply(example.raw)


def _text(given: str) -> RawExample:
    return RawExample(name=given, raw=read_text(Path(given)) if _is_file(given) else given)


def _is_file(given: str) -> bool:
    try:
        return Path(given).is_file()
    except OSError:  # a text that is too long for the name of a file
        return False


def _series(file: Path, reader: SeriesReader) -> Iterator[RawExample]:
    if not reader.columns:
        table = read_table(file, columns=reader.channels)
        numbers = read_numbers(table, reader.channels, file=file, rows=range(2, len(table) + 2))
        yield RawExample(name=str(file), raw=numbers)
        return
    for row, cells in enumerate(read_table(file, columns=reader.columns), start=2):
        series = row_series(cells, reader.columns, file=file, row=row)
        yield RawExample(name=f"{file}, row {row}", raw=series)
