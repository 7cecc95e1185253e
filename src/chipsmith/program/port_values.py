"""What the input ports of a Program may hold: random values, and the first index that does not exist."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from chipsmith.program.program import Port, Program


def draw_inputs(program: Program, *, seed: int) -> dict[str, npt.NDArray[Any]]:
    """Inputs of one inference by port name, over the whole range of each port's type; indices are those that exist."""
    random = np.random.default_rng(seed)
    return {port.name: _draw(random, port) for port in program.manifest.inputs}


def find_stray_index(port: Port, array: npt.NDArray[Any]) -> int | None:
    """The first element of an input that is outside of its port's indices; None where there is none."""
    if port.index_range is None:
        return None
    least, greatest = port.index_range
    outside = array[(array < least) | (array > greatest)]
    return int(outside[0]) if outside.size else None


def describe_stray_inputs(program: Program, inputs: Mapping[str, npt.NDArray[Any]]) -> tuple[str, ...]:
    """A sentence for each given input with an index that does not exist."""
    strays = (
        (port, find_stray_index(port, inputs[port.name])) for port in program.manifest.inputs if port.name in inputs
    )
    return tuple(
        f"input {port.name}: index {stray} is outside of {port.index_range[0]} to {port.index_range[1]} and reads zeros"
        for port, stray in strays
        if stray is not None and port.index_range is not None
    )


def _draw(random: np.random.Generator, port: Port) -> npt.NDArray[Any]:
    low, high = _limits(port)
    return random.integers(low, high, port.shape, np.int64, endpoint=True).astype(port.dtype)


def _limits(port: Port) -> tuple[int, int]:
    if port.index_range is not None:
        return port.index_range
    if np.dtype(port.dtype).kind == "b":
        return 0, 1
    info = np.iinfo(port.dtype)
    return info.min, info.max
