"""CIFAR-10 from files on this machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from chipsmith.errors import BadInput
from chipsmith.files import read_arrays
from chipsmith.learn.data.decoded import DecodedSection, Undecoded
from chipsmith.learn.data.examples import Indices
from chipsmith.learn.data.files import find, naming
from chipsmith.learn.data.images import Pixels, undecoded_images
from chipsmith.learn.data.origin import Origin
from chipsmith.learn.data.splits import Split, cut_validation, stratified_order
from chipsmith.learn.limits import MOST_EXAMPLES
from chipsmith.learn.preprocessing import ImageReader

CLASS_NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_SHAPE = (3, 32, 32)
_RECORD_BYTES = 1 + 3 * 32 * 32
_BINARY = ("data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin")
_TEST = "test_batch.bin"
_ENCODED = ("train_bytes", "train_offsets", "train_labels", "test_bytes", "test_offsets", "test_labels")


class Cifar10Data(DecodedSection):
    """CIFAR-10, 3 x 32 x 32. Recipe: `data: {kind: cifar10, path: $CHIPSMITH_DATA/cifar10_jpg}`.

    `path` is the folder of the binary version (data_batch_1.bin to _5.bin, test_batch.bin), or an `.npz` file of JPEG
    images, or a folder with one: `train_bytes` (the files one after another), `train_offsets` (n + 1), `train_labels`
    and the same of `test`. The test part is the set's own; every leading stretch of it has the classes in proportion.
    `validation` images are cut from its training part, stratified.
    """

    kind: Literal["cifar10"] = "cifar10"
    path: str
    validation: int = Field(
        default=5_000, ge=1, le=MOST_EXAMPLES, description="images of the training part that choose the epoch"
    )
    pixels: Pixels = "standardised"

    def open(self, *, seed: int) -> Undecoded:
        """As DecodedSection.open. Raises BadInput where the files are missing or others."""
        path = find(self.path)
        stored = _binary(path) if path.is_dir() and not list(path.glob("*.npz")) else _encoded(path)
        with naming(path):
            train, validation = cut_validation(stored.labels[: stored.training], self.validation, seed=seed)
        # Sets made of folders have their classes one after another: mixed, the first images stand for all of them.
        mixed = stratified_order(stored.labels[stored.training :], np.random.default_rng(seed))
        test = stored.training + mixed
        reader = ImageReader(height=_SHAPE[1], width=_SHAPE[2], channels=3, resize=True)
        return undecoded_images(
            name="cifar10",
            source=f"CIFAR-10 (Krizhevsky 2009), {stored.form}; its own test part, validation cut from training",
            class_names=CLASS_NAMES,
            decode=stored.decode,
            encoded=stored.encoded,
            labels=stored.labels,
            origin=Origin(
                split=Split(train=train, validation=validation, test=test),
                name_item=stored.name_item,
                raw=stored.decode,
            ),
            reader=reader,
            pixels=self.pixels,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Stored:
    """Images, the first `training` of them for training."""

    form: str
    decode: Callable[[int], NDArray[np.uint8]]
    encoded: Callable[[int], bytes]
    labels: Indices
    training: int

    def name_item(self, item: int) -> str:
        """Where an image stands in the files."""
        return f"training image {item}" if item < self.training else f"test image {item - self.training}"


def _encoded(path: Path) -> _Stored:
    """JPEG images in an `.npz`."""
    file = path if path.is_file() else sorted(path.glob("*.npz"))[0]
    arrays = read_arrays(file)
    if not isinstance(arrays, dict) or not set(_ENCODED) <= arrays.keys():
        raise BadInput(f"{file} is no CIFAR-10: it must hold {', '.join(_ENCODED)}")
    parts = [_images(arrays, part, file) for part in ("train", "test")]
    encoded = parts[0] + parts[1]
    reader = ImageReader(height=_SHAPE[1], width=_SHAPE[2], channels=3)
    labels = np.concatenate([arrays["train_labels"], arrays["test_labels"]]).astype(np.int64)
    if len(labels) != len(encoded):
        raise BadInput(f"{file} has {len(labels)} labels for {len(encoded)} images")
    return _Stored(
        form="JPEG (lossy)",
        decode=lambda item: _read_image(reader, encoded[item], file, item),
        encoded=lambda item: encoded[item],
        labels=labels,
        training=len(parts[0]),
    )


def _read_image(reader: ImageReader, data: bytes, file: Path, item: int) -> NDArray[np.uint8]:
    with naming(f"{file}, image {item}"):
        return reader.read(data)


def _images(arrays: Mapping[str, NDArray[Any]], part: str, file: Path) -> list[bytes]:
    data, offsets = arrays[f"{part}_bytes"].astype(np.uint8).tobytes(), arrays[f"{part}_offsets"].astype(np.int64)
    if offsets.ndim != 1 or len(offsets) < 2 or offsets[0] != 0 or offsets[-1] != len(data):
        raise BadInput(f"{file}: {part}_offsets do not cut {part}_bytes into images")
    return [data[start:end] for start, end in pairwise(offsets.tolist())]


def _binary(folder: Path) -> _Stored:
    """The binary version: a byte of label, then 3,072 of red, green and blue, for each image."""
    missing = [name for name in (*_BINARY, _TEST) if not (folder / name).is_file()]
    if missing:
        raise BadInput(f"{folder} is no CIFAR-10: there is neither an .npz file nor {', '.join(missing)}")
    parts = [_records(folder / name) for name in (*_BINARY, _TEST)]
    records = np.concatenate(parts)
    images = records[:, 1:].reshape(-1, *_SHAPE)
    return _Stored(
        form="binary version",
        decode=lambda item: images[item],
        encoded=lambda item: images[item].tobytes(),
        labels=records[:, 0].astype(np.int64),
        training=len(records) - len(parts[-1]),
    )


def _records(file: Path) -> NDArray[np.uint8]:
    data = np.fromfile(file, np.uint8)
    if len(data) == 0 or len(data) % _RECORD_BYTES:
        raise BadInput(f"{file} is truncated: {len(data)} bytes are no multiple of {_RECORD_BYTES}")
    return data.reshape(-1, _RECORD_BYTES)
