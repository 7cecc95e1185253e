"""Raw examples in folders, lists of files and files of arrays, with their labels; what cannot be read is left out."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

from numpy.typing import NDArray

from chipsmith.errors import BadInput
from chipsmith.files import read_arrays
from chipsmith.learn.data.files import Row, find, naming, read_table
from chipsmith.learn.data.images import SUFFIXES as IMAGE_SUFFIXES
from chipsmith.learn.data.raw import TABLE_SUFFIXES, RawExample, read_raw
from chipsmith.learn.data.raw_arrays import array_examples, label_examples, picture_examples, row_examples
from chipsmith.learn.data.table_columns import TableColumns
from chipsmith.learn.preprocessing import ImageReader, Preprocessing, SoundReader, TextReader
from chipsmith.learn.preprocessing.images import is_picture
from chipsmith.learn.preprocessing.step import Reader, named

SOUND_SUFFIXES = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".aif", ".aiff", ".au")
ARRAY_SUFFIXES = (".npy", ".npz")
FILE_COLUMNS = ("file", "path", "filename", "image", "sound")
"""Names of the column of files in a list of files with their labels."""
LABEL_COLUMNS = ("label", "class", "target")
"""Names of the column of labels in such a list; the first that there is."""
_LABEL_ARRAYS = ("y", "label", "labels", "target", "targets")
"""Names of the array of labels in an `.npz` file."""


@dataclass(frozen=True, kw_only=True)
class SkippedFile:
    """A file in a folder that could not be read, and why."""

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class RawFound:
    """Raw examples, and the files that were skipped."""

    examples: tuple[RawExample, ...]
    skipped: tuple[SkippedFile, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RawForm:
    """How raw data are read: the preprocessing, the columns of tables, and the classes that folders may be named by."""

    preprocessing: Preprocessing
    columns: TableColumns
    class_names: tuple[str, ...] = ()

    @property
    def reader(self) -> Reader:
        """What takes a raw example."""
        return self.preprocessing.reader

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Of the files that are taken from a folder."""
        match self.reader:
            case ImageReader():
                own: tuple[str, ...] = IMAGE_SUFFIXES
            case SoundReader():
                own = SOUND_SUFFIXES
            case TextReader():
                own = (".txt", *(TABLE_SUFFIXES if self.columns.text else ()))
            case _:
                own = TABLE_SUFFIXES
        return (*own, *ARRAY_SUFFIXES)


def find_raw(form: RawForm, given: Any) -> RawFound:
    """The raw examples in a file, a folder of files (with its folders), an array, a table in memory, or a text.

    A folder that is named as a class labels what is in it; a table labels its rows by the training data's target
    columns; a list of files (columns `file` and `label`) labels these. In a folder what cannot be read is skipped.
    Raises BadInput where a file that is named itself cannot be read, or a folder has nothing to read.
    """
    if not isinstance(given, str | os.PathLike):
        return RawFound(examples=tuple(_in_memory(form, given)))
    text = os.fspath(given)
    folder = _as_folder(text)
    if folder is not None:
        return _find_in_folder(form, folder)
    return RawFound(examples=tuple(_read_file(form, text)))


def _in_memory(form: RawForm, given: Any) -> Iterator[RawExample]:
    if hasattr(given, "columns") and hasattr(given, "to_dict"):  # a table of pandas or of what looks like it
        return row_examples(form.reader, given.to_dict("records"), form.columns)
    if isinstance(given, dict):
        return row_examples(form.reader, [given], form.columns)
    if is_picture(given):
        return picture_examples(form.reader, given)
    return array_examples(form.reader, given, name="array")


def _as_folder(text: str) -> Path | None:
    try:
        path = Path(text).expanduser()
        return find(text) if path.is_dir() or ("$" in text and find(text).is_dir()) else None
    except (OSError, BadInput):  # a text that is too long for a name, or a file that is not there
        return None


def _read_file(form: RawForm, text: str) -> Iterator[RawExample]:
    suffix = PurePath(text).suffix.lower()
    if suffix in ARRAY_SUFFIXES:
        yield from _read_arrays(form, find(text))
    elif suffix in TABLE_SUFFIXES and isinstance(form.reader, ImageReader | SoundReader):
        yield from _listed(form, find(text))
    else:
        yield from read_raw(form.preprocessing, text, form.columns)


def _read_arrays(form: RawForm, file: Path) -> Iterator[RawExample]:
    arrays = read_arrays(file)
    with naming(file):
        if not isinstance(arrays, dict):
            yield from array_examples(form.reader, arrays, name=str(file))
            return
        labels = next((arrays[name] for name in _LABEL_ARRAYS if name in arrays), None)
        rest: dict[str, NDArray[Any]] = {name: array for name, array in arrays.items() if name not in _LABEL_ARRAYS}
        if labels is not None and len(rest) != 1:
            raise BadInput(f"labels are for one array of inputs, and there are {len(rest)}: {', '.join(rest)}")
        for name, array in rest.items():
            examples = list(array_examples(form.reader, array, name=f"{file}, {name}"))
            yield from examples if labels is None else label_examples(examples, labels, form.class_names)


def _listed(form: RawForm, file: Path) -> Iterator[RawExample]:
    """The files that a table names, from its own folder on, with the labels beside them."""
    table = read_table(file)
    column = next((name for name in FILE_COLUMNS if name in table[0]), None)
    if column is None:
        raise BadInput(
            f"{named(file)} has no column of files: name one {' or '.join(FILE_COLUMNS[:3])}, and for the accuracy one "
            f"{LABEL_COLUMNS[0]}"
        )
    for row, cells in enumerate(table, start=2):
        path = file.parent / cells[column]
        if not path.is_file():
            raise BadInput(f"{named(file)}, row {row}: there is no file {named(path)}")
        yield RawExample(name=str(path), raw=path, label=_listed_label(cells, form.columns), skippable=True)


def _listed_label(cells: Row, columns: TableColumns) -> str | None:
    names = (*columns.targets, *LABEL_COLUMNS)
    return next((cells[name] for name in names if cells.get(name)), None)


def _find_in_folder(form: RawForm, folder: Path) -> RawFound:
    files = _walk(folder, form.suffixes)
    if not files:
        raise BadInput(
            f"{named(folder)} has no files that this network reads ({', '.join(form.suffixes)}), nor have its folders"
        )
    examples: list[RawExample] = []
    skipped: list[SkippedFile] = []
    for file in files:
        label = _folder_label(file.relative_to(folder).parts[:-1], form.class_names)
        try:
            read = list(_read_file(form, str(file)))
        except BadInput as fault:
            skipped.append(SkippedFile(name=str(file), reason=str(fault)))
            continue
        examples += [replace(each, skippable=True, label=label if each.label is None else each.label) for each in read]
    return RawFound(examples=tuple(examples), skipped=tuple(skipped))


def _walk(folder: Path, suffixes: Sequence[str]) -> list[Path]:
    """The files with these suffixes in a folder and its folders; not hidden ones, nor behind links to folders."""
    files: list[Path] = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        kept = (name for name in sorted(names) if not name.startswith("."))
        files += [Path(place) / name for name in kept if PurePath(name).suffix.lower() in suffixes]
    return files


def _folder_label(folders: Sequence[str], class_names: Sequence[str]) -> str | None:
    """The innermost folder that is named as a class."""
    return next((name for name in reversed(folders) if name in class_names), None)
