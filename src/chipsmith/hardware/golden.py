"""Golden vectors: a Program with the inputs of an inference, and what the machine must show for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from chipsmith.program.program import Program

Arrays = Mapping[str, npt.NDArray[np.generic]]


@dataclass(frozen=True, kw_only=True)
class PortScale:
    """What an element of a port stands for: the real number (element - zero_point) * scale."""

    scale: float
    zero_point: int


@dataclass(frozen=True, kw_only=True)
class GoldenVector:
    """A Program with the inputs of one inference, and the outputs and latencies that the machine must show.

    `name` is an identifier of C, no other vector of a folder has it. `warm_latency_cycles`: of an inference that
    follows one of the same Program. `scales`: of those ports, by name, that stand for real numbers.
    """

    name: str
    program: Program
    inputs: Arrays
    outputs: Arrays
    latency_cycles: int
    warm_latency_cycles: int
    scales: Mapping[str, PortScale] = field(default_factory=dict)


def list_names(vectors: Sequence[GoldenVector]) -> str:
    """The names of vectors with spaces between, as a Makefile takes them."""
    return " ".join(vector.name for vector in vectors)
