"""Random inputs, seeded."""

from __future__ import annotations

import numpy as np

from chipsmith.tosa.graph import Array
from doors.subject import Inference


def draw_like(inference: Inference, draw: np.random.Generator) -> Inference:
    """Inputs of the same shapes and types, evenly spread between the least and the largest finite value of each."""
    return tuple(_draw_array(array, draw) for array in inference)


def _draw_array(array: Array, draw: np.random.Generator) -> Array:
    finite = array[np.isfinite(array)]
    low, high = (finite.min(), finite.max()) if finite.size else (0, 1)
    if array.dtype.kind == "f":
        return np.asarray(draw.uniform(low, high, array.shape), array.dtype)
    return np.asarray(draw.integers(int(low), int(high) + 1, array.shape)).astype(array.dtype)
