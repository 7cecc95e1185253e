"""Weights of a quantised file: which constants of the float graph are its integers, and by which scales."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from chipsmith.frontends.onnx.coded import CodedConst
from chipsmith.frontends.onnx.lowering import Lowering
from chipsmith.quantisation.plan import Quantisation, Reals
from chipsmith.tosa.graph import Graph

_FACTORS = {
    **dict.fromkeys(("CONV2D", "CONV3D", "DEPTHWISE_CONV2D", "TRANSPOSE_CONV2D"), (1,)),
    "MATMUL": (0, 1),
}
"""The operands that may be weights."""
_CLOSE = 1e-3
"""How far a real over its scale may be from an integer: float32 rounds it by a part of this."""


def plan_weights(lower: Lowering, graph: Graph) -> dict[str, Quantisation]:
    """The constants of products that are the file's own integers, with its scales.

    A form may have turned, cut or stacked them: the scales are those that give each element an integer.
    """
    coded = _list_coded(lower)
    plan: dict[str, Quantisation] = {}
    for operator in graph.operators if coded else ():
        candidates = coded.get(lower.build.origins.get(operator.name, ""), [])
        for name in (operator.inputs[index] for index in _FACTORS.get(operator.kind, ())):
            data = graph.constant(name)
            if data is not None:
                entry = next(_fit(data, candidates), None)
                plan.update({} if entry is None else {name: entry})
    return plan


def _list_coded(lower: Lowering) -> Mapping[str, list[CodedConst]]:
    """The quantised constants that each node reads, by the node's name."""
    nodes: dict[str, list[CodedConst]] = {}
    for node in lower.lowered:
        for name in node.inputs:
            value = lower.values.get(name)
            if isinstance(value, CodedConst):
                nodes.setdefault(node.name, []).append(value)
    return nodes


def _fit(data: npt.NDArray[Any], candidates: list[CodedConst]) -> Iterator[Quantisation]:
    """Quantisations by which each element is an integer of 8 bits."""
    for source in candidates:
        if source.scale.size == 1:
            if _are_integers(data, source.scale, source.zero_point):
                yield Quantisation(scale=source.scale, zero_point=source.zero_point)
            continue
        for axis, size in enumerate(data.shape):
            yield from _fit_axis(data, source, axis, size)


def _fit_axis(data: npt.NDArray[Any], source: CodedConst, axis: int, size: int) -> Iterator[Quantisation]:
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
