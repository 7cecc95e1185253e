"""Angles of a few examples, drawn with a seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chipsmith.quantum.circuit import LayeredCircuit


def draw_angles(circuit: LayeredCircuit, *, examples: int, seed: int = 0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).uniform(-np.pi, np.pi, (examples, *circuit.angles_shape))
