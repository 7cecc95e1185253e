"""Raw examples in memory: arrays of images, sounds, series and features in stated shapes, and rows of tables."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsmith.errors import BadInput
from chipsmith.learn.data.raw import RawExample
from chipsmith.learn.data.table_columns import TableColumns
from chipsmith.learn.preprocessing import ColumnsReader, ImageReader, SeriesReader, SoundReader
from chipsmith.learn.preprocessing.columns import number
from chipsmith.learn.preprocessing.step import Reader

_COLOURS = (1, 3)
_FULL_SCALE = {"int16": 2.0**15, "int32": 2.0**31}
"""What stands for 1 in sounds of whole numbers."""


def array_examples(reader: Reader, given: Any, *, name: str) -> Iterator[RawExample]:
    """The examples in an array, one or a stack of them. Raises BadInput, naming the shapes that are taken.

    Images: uint8 (height, width), (height, width, 1 or 3) or (1 or 3, height, width), from 0 to 255. Sounds: (samples),
    float from -1 to 1 or int16, at the rate of the network's reader. Series: (time, channels), or (time) for one,
    padded by NaN. Features: (values), in the order of the network's columns, which have to be numbers.
    Texts: str.
    """
    array = np.asarray(given)
    match reader:
        case ImageReader():
            items = list(_images(array, reader))
        case SoundReader():
            items = list(_sounds(array, reader))
        case SeriesReader():
            items = list(_series(array, reader))
        case ColumnsReader():
            items = list(_rows(array, reader))
        case _:
            items = list(_texts(array))
    alone = len(items) == 1
    for index, raw in enumerate(items):
        yield RawExample(name=name if alone else f"{name}, {index}", raw=raw)


def picture_examples(reader: Reader, picture: Any) -> Iterator[RawExample]:
    """A picture of PIL, which is read as its file would be. Raises BadInput where the network takes no images."""
    if not isinstance(reader, ImageReader):
        raise BadInput(f"a picture is given, and this network takes none: its inputs are for a {type(reader).__name__}")
    yield RawExample(name=str(getattr(picture, "filename", "") or "picture"), raw=picture)


def row_examples(reader: Reader, rows: Sequence[Mapping[Any, Any]], columns: TableColumns) -> Iterator[RawExample]:
    """Rows of a table in memory, with their labels. Raises BadInput where the network takes no rows."""
    if not isinstance(reader, ColumnsReader):
        raise BadInput("a table or a row is given, and this network takes none; give files or arrays")
    for index, row in enumerate(rows):
        known = [row[name] for name in columns.targets if name in row]
        label = None
        if known and len(known) == len(columns.targets):
            label = str(known[0]) if len(known) == 1 else tuple(number(cell, column="target") for cell in known)
        yield RawExample(name=f"row {index}", raw={str(name): cell for name, cell in row.items()}, label=label)


def label_examples(
    examples: Sequence[RawExample], labels: NDArray[Any], class_names: Sequence[str]
) -> Iterator[RawExample]:
    """Examples with their labels (n): names or numbers of classes, or the numbers of a regression (n) or (n, k)."""
    if len(labels) != len(examples):
        raise BadInput(f"there are {len(labels)} labels for {len(examples)} examples")
    for example, label in zip(examples, labels, strict=True):
        yield replace(example, label=_label(label, class_names))


def _label(label: Any, class_names: Sequence[str]) -> str | tuple[float, ...]:
    """A label as a word, or several numbers; a whole number that names no class is its place among the classes."""
    values = np.atleast_1d(label)
    if len(values) > 1:
        return tuple(float(value) for value in values)
    text = str(values[0])
    is_place = values.dtype.kind in "iu" and text not in class_names and 0 <= int(values[0]) < len(class_names)
    return class_names[int(values[0])] if is_place else text


def _images(array: NDArray[Any], reader: ImageReader) -> Iterator[Any]:
    shapes = "(height, width), (height, width, 3) or (3, height, width), or a stack of such"
    if array.dtype.kind == "f" or array.dtype == bool:
        raise BadInput(
            f"images are whole numbers from 0 to 255 (uint8), and these are {array.dtype}; for values from 0 to 1 give "
            "(255 * x).round().astype('uint8')"
        )
    if array.dtype.kind not in "iu" or array.size == 0 or array.min() < 0 or array.max() > 255:
        raise BadInput(f"images are numbers from 0 to 255, uint8 {shapes}; {_told(array)} is given")
    for image in _stacked(array, reader):
        if image.ndim != 3 or image.shape[2] not in _COLOURS:
            raise BadInput(f"{_told(array)} is no image: give uint8 {shapes}")
        yield _encoded(image.astype(np.uint8))


def _stacked(array: NDArray[Any], reader: ImageReader) -> Iterator[NDArray[Any]]:
    """Images (height, width, channels), of one or of a stack."""
    own = (reader.channels, reader.height, reader.width)
    if array.ndim == 2:
        yield array[..., None]
    elif array.ndim == 3 and (array.shape == own or (array.shape[0] in _COLOURS and array.shape[2] not in _COLOURS)):
        yield np.moveaxis(array, 0, 2)
    elif array.ndim == 3 and array.shape[2] in _COLOURS:
        yield array
    elif array.ndim == 3:
        yield from array[..., None]
    elif array.ndim == 4:
        first = array.shape[1:] == own or array.shape[3] not in _COLOURS
        yield from np.moveaxis(array, 1, 3) if first else array
    else:
        yield array


def _encoded(image: NDArray[np.uint8]) -> bytes:
    """As the bytes of a file, so that sizes and colours are brought to the network's as those of files are."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[2] == 1 else image).save(buffer, "BMP")
    return buffer.getvalue()


def _sounds(array: NDArray[Any], reader: SoundReader) -> Iterator[Any]:
    shapes = f"(samples) at {reader.rate_hz:,} Hz, or a stack of such (n, samples)"
    if array.dtype.kind == "f":
        samples = array.astype(np.float32)
    elif array.dtype.name in _FULL_SCALE:
        samples = (array / _FULL_SCALE[array.dtype.name]).astype(np.float32)
    else:
        raise BadInput(f"sounds are float from -1 to 1 or int16 {shapes}; {_told(array)} is given")
    if samples.ndim not in (1, 2) or samples.size == 0:
        raise BadInput(f"{_told(array)} is no sound: give {shapes}")
    yield from samples[None] if samples.ndim == 1 else samples


def _series(array: NDArray[Any], reader: SeriesReader) -> Iterator[Any]:
    channels = len(reader.channels)
    shapes = f"(time, {channels}), or a stack of such (n, time, {channels})"
    values = _numbers(array, f"series are numbers {shapes}")
    if values.ndim == 1 and channels == 1:
        values = values[:, None]
    if values.ndim not in (2, 3) or values.shape[-1] != channels:
        raise BadInput(f"{_told(array)} is no series of {channels} channels: give {shapes}")
    for series in values[None] if values.ndim == 2 else values:
        yield series[~np.isnan(series).all(axis=1)]


def _rows(array: NDArray[Any], reader: ColumnsReader) -> Iterator[Any]:
    names = reader.names
    if reader.worded_names:
        raise BadInput(f"an array cannot say the words of {', '.join(reader.worded_names)}: give a table (CSV, pandas)")
    shapes = f"({len(names)}) or (n, {len(names)}), in the order {', '.join(names)}"
    values = np.atleast_2d(_numbers(array, f"features are numbers {shapes}"))
    if values.ndim != 2 or values.shape[1] != len(names):
        raise BadInput(f"{_told(array)} are no rows of this network: give {shapes}")
    for row in values.tolist():
        yield dict(zip(names, row, strict=True))


def _texts(array: NDArray[Any]) -> Iterator[Any]:
    if array.dtype.kind != "U" or array.ndim > 1:
        raise BadInput(f"texts are given as str, or as an array of them; {_told(array)} is given")
    yield from np.atleast_1d(array).tolist()


def _numbers(array: NDArray[Any], expected: str) -> NDArray[np.float64]:
    if array.dtype.kind not in "iuf" or array.size == 0:
        raise BadInput(f"{expected}; {_told(array)} is given")
    return array.astype(np.float64)


def _told(array: NDArray[Any]) -> str:
    return f"{array.dtype} of shape {list(array.shape)}"
