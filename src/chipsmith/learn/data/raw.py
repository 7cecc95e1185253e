"""Raw examples outside of data sets: what a file or a text holds, in the form that a reader takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chipsmith.learn.data.files import Row, find, naming, read_table, read_text
from chipsmith.learn.data.series import row_series
from chipsmith.learn.data.table_columns import NO_COLUMNS, TableColumns
from chipsmith.learn.data.targets import read_numbers
from chipsmith.learn.preprocessing import ColumnsReader, Preprocessing, SeriesReader, TextReader

TABLE_SUFFIXES = (".csv", ".tsv")

Label = str | tuple[float, ...]
"""The class of an example, or the numbers of a regression, that are known."""


@dataclass(frozen=True, kw_only=True)
class RawExample:
    """What a reader takes, and how a message names it; `label` is the answer that is right, where it is known.

    `skippable`: it was found in a folder, and may be left out where it cannot be read.
    """

    name: str
    raw: Any
    label: Label | None = None
    skippable: bool = False


def read_raw(preprocessing: Preprocessing, given: str, columns: TableColumns = NO_COLUMNS) -> list[RawExample]:
    """The examples in one argument of a command: for images and sounds a file; for text a file, or the text itself.

    For features a CSV file with one example a row. For series a CSV file with one example, whose columns are the
    channels, or with one a row, where the network was trained on such rows. Labels are read where a table has the
    columns of the training data's targets. Raises BadInput, naming the file.
    """
    reader = preprocessing.reader
    if isinstance(reader, TextReader):
        return _texts(given, columns)
    file = find(given)
    if isinstance(reader, ColumnsReader):
        table = read_table(file, columns=reader.names)
        return [
            RawExample(name=f"{file}, row {row}", raw=cells, label=_label(cells, columns, file, row))
            for row, cells in enumerate(table, start=2)
        ]
    if isinstance(reader, SeriesReader):
        return list(_series(file, reader, columns))
    return [RawExample(name=str(file), raw=file)]


def _label(cells: Row, columns: TableColumns, file: Path, row: int) -> Label | None:
    """What a row's target columns hold: a word for one column that is no number, else numbers; None where empty."""
    given = [cells.get(name, "") for name in columns.targets]
    if not given or not all(given):
        return None
    return given[0] if len(given) == 1 else tuple(read_numbers([cells], columns.targets, file=file, rows=[row])[0])


def apply_raw(preprocessing: Preprocessing, example: RawExample) -> Any:
    """The network's input of one example. Raises BadInput that names it."""
    with naming(example.name):
        return preprocessing.apply(example.raw)


def _texts(given: str, columns: TableColumns) -> list[RawExample]:
    if not _is_file(given):
        return [RawExample(name=given, raw=given)]
    file = Path(given)
    if columns.text is None or file.suffix.lower() not in TABLE_SUFFIXES:
        return [RawExample(name=given, raw=read_text(file))]
    return [
        RawExample(name=f"{file}, row {row}", raw=cells[columns.text], label=_label(cells, columns, file, row))
        for row, cells in enumerate(read_table(file, columns=(columns.text,)), start=2)
    ]


def _is_file(given: str) -> bool:
    try:
        return Path(given).is_file()
    except OSError:  # a text that is too long for the name of a file
        return False


def _series(file: Path, reader: SeriesReader, columns: TableColumns) -> Iterator[RawExample]:
    if not reader.columns:
        table = read_table(file, columns=reader.channels)
        numbers = read_numbers(table, reader.channels, file=file, rows=range(2, len(table) + 2))
        yield RawExample(name=str(file), raw=numbers, label=_label(table[0], columns, file, 2))
        return
    for row, cells in enumerate(read_table(file, columns=reader.columns), start=2):
        series = row_series(cells, reader.columns, file=file, row=row)
        yield RawExample(name=f"{file}, row {row}", raw=series, label=_label(cells, columns, file, row))
