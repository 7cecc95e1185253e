"""Inferences apart and together: (n x first, ...) as a graph's ports hold them, (n, first, ...) one after the other."""

from __future__ import annotations

from collections.abc import Mapping

from chipsmith.errors import BadInput
from chipsmith.tosa.graph import Array

Shape = tuple[int, ...]


def split_inferences(arrays: Mapping[str, Array], shapes: Mapping[str, Shape]) -> dict[str, Array]:
    """The array of each shape's name, (n x first, ...), as (n, first, ...); for a shape of rank 0 [n], as it is.

    Raises BadInput where an array is missing or no multiple of its shape, or where the numbers of inferences differ.
    """
    split = {name: _split(name, arrays, shape) for name, shape in shapes.items()}
    counts = {name: len(array) for name, array in split.items()}
    if len(set(counts.values())) > 1:
        texts = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise BadInput(f"the inputs hold different numbers of inferences: {texts}; give each the same number")
    return split


def _split(name: str, arrays: Mapping[str, Array], shape: Shape) -> Array:
    if name not in arrays:
        raise BadInput(f"input {name} is missing")
    array, first = arrays[name], shape[0] if shape else 1
    if array.ndim == 0 or array.shape[1:] != shape[1:] or not len(array) or len(array) % first:
        raise BadInput(
            f"input {name} has the shape {list(array.shape)}; one inference takes {list(shape)}, n of them n times as "
            "many along the first axis"
        )
    return array.reshape(-1, *shape)


def join_inferences(array: Array) -> Array:
    """What split_inferences took apart: (n, first, ...) as (n x first, ...), and [n] as it is."""
    return array.reshape(-1, *array.shape[2:])
