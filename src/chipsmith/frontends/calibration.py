"""The calibration of a float network: arrays of typical inputs, from which the int8 ranges are chosen."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.files import read_arrays
from chipsmith.frontends.quantized_io import AuthorTensor
from chipsmith.tosa.graph import Array

CalibrationSource: TypeAlias = str | os.PathLike[str] | Array | Mapping[str, Array]
"""A file of arrays, an array of inputs along axis 0, or such arrays by the names of the inputs."""
_RANDOM_BATCHES = 64
_LARGEST_INDEX = 1
"""Random integers are 0 and 1, which every table of two rows and more has."""


class MissingCalibration(BadInput):
    """A float network came without a calibration."""


def missing_calibration(model: str, *, layout: str = "") -> MissingCalibration:
    """The refusal of a float network that comes without a calibration; `layout` says how the inputs lie."""
    return MissingCalibration(
        f"{model} is a float network and needs --calibration x.npy: some hundred inputs as the network takes them"
        f"{layout}, from which the int8 ranges are chosen"
    )


class NeedlessCalibration(BadInput):
    """A calibration was given for a network that is quantised already."""


def needless_calibration(model: str) -> NeedlessCalibration:
    """The refusal of a calibration for a network that is quantised already."""
    return NeedlessCalibration(f"{model} is quantised already: leave --calibration out")


def read_calibration(source: CalibrationSource) -> Array | dict[str, Array]:
    """The arrays of a calibration: one, or by the inputs' names.

    Raises BadInput for a file that cannot be read, and for an array that is empty or holds others than finite numbers.
    """
    arrays = read_arrays(source) if isinstance(source, str | os.PathLike) else source
    place = f"{source}" if isinstance(source, str | os.PathLike) else "the calibration"
    if isinstance(arrays, Mapping):
        return {name: _as_input(np.asarray(array), f"'{name}' of {place}") for name, array in arrays.items()}
    return _as_input(np.asarray(arrays), place)


def order_calibration(arrays: Array | Mapping[str, Array], names: Sequence[str]) -> list[Array]:
    """The arrays of the inputs `names`, in their order; a single array is the only input's.

    Raises BadInput for other names.
    """
    if not isinstance(arrays, Mapping):
        return [arrays]
    if set(arrays) != set(names):
        raise BadInput(f"the calibration holds {', '.join(arrays) or 'nothing'} where {', '.join(names)} belong")
    return [arrays[name] for name in names]


def _as_input(array: Array, place: str) -> Array:
    """Floats as float32, integers and truth values as they are."""
    if array.ndim == 0 or len(array) == 0:
        raise BadInput(f"{place} holds no inputs: the first axis of {list(array.shape)} counts them")
    if array.dtype.kind in "iub":
        return array
    if array.dtype.kind != "f" or not np.isfinite(array).all():
        raise BadInput(f"{place} must hold finite numbers, and holds {array.dtype} with others among them")
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
