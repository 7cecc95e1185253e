"""Random inputs of a Program: whatever its ports may hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from chipsmith.program.program import Port, Program


def draw_inputs(program: Program, *, seed: int) -> dict[str, npt.NDArray[Any]]:
    """Inputs of one inference by port name, over the whole range of each port's type; indices are those that exist."""
    random = np.random.default_rng(seed)
    return {port.name: _draw(random, port) for port in program.manifest.inputs}


def _draw(random: np.random.Generator, port: Port) -> npt.NDArray[Any]:
    low, high = _limits(port)
    return random.integers(low, high, port.shape, np.int64, endpoint=True).astype(port.dtype)


def _limits(port: Port) -> tuple[int, int]:
    if port.index_limit is not None:
        return 0, port.index_limit - 1
    if np.dtype(port.dtype).kind == "b":
        return 0, 1
    info = np.iinfo(port.dtype)
    return info.min, info.max
