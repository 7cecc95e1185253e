"""The calibration of a float network: arrays of typical inputs, from which the int8 ranges are chosen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.frontends.quantized_io import AuthorTensor
from chipsmith.tosa.graph import Array

_RANDOM_BATCHES = 64
_LARGEST_INDEX = 1
"""Random integers are 0 and 1, which every table of two rows and more has."""


def missing_calibration(model: str, *, layout: str = "") -> BadInput:
    """The refusal of a float network that comes without a calibration; `layout` says how the inputs lie."""
    return BadInput(
        f"{model} is a float network and needs --calibration x.npy: some hundred inputs as the network takes them"
        f"{layout}, from which the int8 ranges are chosen"
    )


def needless_calibration(model: str) -> BadInput:
    """The refusal of a calibration for a network that is quantised already."""
    return BadInput(f"{model} is quantised already: leave --calibration out")


def as_input(array: Array, file: Path) -> Array:
    """Inputs (n, ...) from `file`, floats as float32 and integers as int32: the types that a graph's host side holds.

    Raises BadInput where there are none, or they are no finite numbers.
    """
    if array.ndim == 0 or len(array) == 0:
        raise BadInput(f"{file} holds no inputs: the first axis of {list(array.shape)} counts them")
    if array.dtype.kind in "iub":
        return array.astype(np.int32)
    if array.dtype.kind != "f" or not np.isfinite(array).all():
        raise BadInput(f"{file} must hold finite numbers, and holds {array.dtype} with others among them")
    return array.astype(np.float32)


def draw_inputs(inputs: Sequence[AuthorTensor]) -> dict[str, Array]:
    """Random inputs of a network by name, batches along axis 0, always the same: normal values, or integers 0 and 1."""
    random = np.random.default_rng(0)
    return {tensor.name: _draw(random, tensor) for tensor in inputs}


def _draw(random: np.random.Generator, tensor: AuthorTensor) -> Array:
    first, *rest = tensor.shape or (1,)
    shape = (_RANDOM_BATCHES * first, *rest)
    if tensor.dtype.kind in "iub":
        return random.integers(0, _LARGEST_INDEX, shape, endpoint=True).astype(tensor.dtype)
    return random.normal(size=shape).astype(tensor.dtype)
