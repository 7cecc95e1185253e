"""How many bits of two arrays differ."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from chipsmith.tosa.graph import Array


def count_mismatching_bits(expected: Array, output: Array) -> int:
    """Bits in which two arrays of as many bytes differ."""
    return int(np.unpackbits(_bytes(expected) ^ _bytes(output)).sum())


def _bytes(array: Array) -> npt.NDArray[np.uint8]:
    return np.frombuffer(np.ascontiguousarray(array).tobytes(), np.uint8)
