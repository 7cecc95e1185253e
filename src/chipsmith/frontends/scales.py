"""Scales that come with a network: which constants of its float graph are integers already, and by which scales."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from chipsmith.quantisation.plan import Quantisation, Reals
from chipsmith.tosa.graph import Graph, Operator

GivenScales: TypeAlias = Callable[[Operator], Sequence[Quantisation]]
"""The quantised constants that the author's operator reads from which an operator of the graph comes."""

_FACTORS = {
    **dict.fromkeys(("CONV2D", "CONV3D", "DEPTHWISE_CONV2D", "TRANSPOSE_CONV2D"), (1,)),
    "MATMUL": (0, 1),
}
"""The operands that may be weights."""
_CLOSE = 1e-3
"""How far a real over its scale may be from an integer: float32 rounds it by a part of this."""


def recover_weights(graph: Graph, given: GivenScales) -> dict[str, Quantisation]:
    """The constants of products that are integers of 8 bits by one of the scales that are `given`, whatever its axis.

    A form may have turned, cut or stacked them: the scales are those that give each element an integer.
    """
    plan: dict[str, Quantisation] = {}
    for operator in graph.operators:
        for name in (operator.inputs[index] for index in _FACTORS.get(operator.kind, ())):
            data = graph.constant(name)
            if data is not None:
                entry = next(_fit(data, given(operator)), None)
                plan.update({} if entry is None else {name: entry})
    return plan


def _fit(data: npt.NDArray[Any], candidates: Sequence[Quantisation]) -> Iterator[Quantisation]:
    """Quantisations by which each element is an integer of 8 bits."""
    for source in candidates:
        if source.scale.size == 1:
            if _are_integers(data, source.scale, source.zero_point):
                yield Quantisation(scale=source.scale, zero_point=source.zero_point)
            continue
        for axis, size in enumerate(data.shape):
            yield from _fit_axis(data, source, axis, size)


def _fit_axis(data: npt.NDArray[Any], source: Quantisation, axis: int, size: int) -> Iterator[Quantisation]:
    """Scales along an axis: all of the source's, or, where it holds a group of the channels, so many in a row."""
    if size < 2 or source.scale.size % size:
        return
    spread = tuple(-1 if index == axis else 1 for index in range(data.ndim))
    for first in range(0, source.scale.size, size):
        scale, zero_point = source.scale[first : first + size], source.zero_point[first : first + size]
        if _are_integers(data, scale.reshape(spread), zero_point.reshape(spread)):
            yield Quantisation(scale=scale, zero_point=zero_point, axis=axis)


def _are_integers(data: npt.NDArray[Any], scale: Reals, zero_point: npt.NDArray[np.int64]) -> bool:
    steps = data.astype(np.float64) / scale
    rounded = np.rint(steps)
    integers = rounded + zero_point
    fits = integers.min(initial=0) >= -128 and integers.max(initial=0) <= 127
    return bool(fits and np.abs(steps - rounded).max(initial=0) < _CLOSE)
