"""Images at another size: the nearest element, or a weighted sum of neighbours, along any axes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from chipsmith.frontends.forms.movement import take
from chipsmith.frontends.forms.resampling import multiply_along
from chipsmith.frontends.forms.sampling import Indices, Matrix, Positions, linear_weights
from chipsmith.frontends.forms.values import GraphValue, arrange
from chipsmith.frontends.forms.windows import channels_last
from chipsmith.tosa.builder import GraphBuilder

_NUMERATORS = np.arange(1, (1 << 11) + 1)
_LARGEST_ENLARGEMENT, _LARGEST_SHRINK, _LARGEST_SIZE = 256, 16, 16383
_TOLERANCE = 1e-5
"""How far, in elements, a position by integers may lie from the author's by float32."""


@dataclass(frozen=True, kw_only=True)
class _IntegerSteps:
    """Element i of `count` reads the source's (i * denominator + offset) / numerator."""

    count: int
    numerator: int
    denominator: int
    offset: int
    border: int


def resize_nearest(
    build: GraphBuilder, value: GraphValue, chosen: Mapping[int, tuple[Positions, Indices]]
) -> GraphValue:
    """For each axis in `chosen`, the elements at these indices, which are the roundings of these positions.

    A RESIZE where its integers say the same, else elements are moved.
    """
    steps = {}
    for axis, (positions, indices) in chosen.items():
        if not np.array_equal(indices, np.arange(value.shape[axis])):
            integers = _fit_indices(positions, indices, value.shape[axis]) if axis > 1 else None
            if integers is None:
                value = take(build, value, axis, indices.tolist())
            else:
                steps[axis] = integers
    return _resize(build, value, steps, "NEAREST")


def resize_linear(build: GraphBuilder, value: GraphValue, chosen: Mapping[int, Positions]) -> GraphValue:
    """For each axis in `chosen`, the elements at these positions, between two neighbours by their distance.

    A RESIZE where its integers say the same, else a product with a constant matrix.
    """
    steps = {}
    for axis, positions in chosen.items():
        if not np.array_equal(positions, np.arange(value.shape[axis])):
            integers = _fit_positions(positions, value.shape[axis]) if axis > 1 else None
            if integers is None:
                value = multiply_along(build, value, axis, linear_weights(positions, value.shape[axis]))
            else:
                steps[axis] = integers
    return _resize(build, value, steps, "BILINEAR")


def resize_weighted(build: GraphBuilder, value: GraphValue, matrices: Mapping[int, Matrix]) -> GraphValue:
    """For each axis in `matrices`, weighted sums of its elements."""
    for axis, matrix in matrices.items():
        if not np.array_equal(matrix, np.eye(value.shape[axis])):
            value = multiply_along(build, value, axis, matrix)
    return value


def _fit_positions(positions: Positions, size: int) -> _IntegerSteps | None:
    """The smallest numbers that give the positions; None where RESIZE does not take any such."""
    start, step = _read_line(positions)
    for numerator in _list_numerators(step, len(positions)):
        offset = round(start * numerator)
        if abs(offset / numerator - start) < _TOLERANCE:
            return _check_limits(len(positions), size, numerator, round(step * numerator), offset)
    return None


def _fit_indices(positions: Positions, indices: Indices, size: int) -> _IntegerSteps | None:
    """The smallest numbers whose positions round to the indices; beyond the ends they may lie where they will."""
    _, step = _read_line(positions)
    index = np.arange(len(indices))
    for half in _list_numerators(step, len(positions))[:4]:
        numerator, denominator = 2 * half, round(step * 2 * half)
        lowest = indices * numerator - half - index * denominator
        least = max(lowest[indices > 0], default=-numerator)
        most = min(lowest[indices < size - 1] + numerator - 1, default=_LARGEST_SHRINK * numerator - 1)
        if least <= most:
            offset = int(np.clip(0, least, most))
            return _check_limits(len(positions), size, numerator, denominator, offset)
    return None


def _read_line(positions: Positions) -> tuple[float, float]:
    """The first position, and the distance between two."""
    first, last = float(positions[0]), float(positions[-1])
    return first, (last - first) / (len(positions) - 1) if len(positions) > 1 else 1.0


def _list_numerators(step: float, count: int) -> list[int]:
    """Numbers of which `step` times each is whole, as far as `count` steps tell."""
    error = np.abs(np.round(step * _NUMERATORS) / _NUMERATORS - step) * max(count - 1, 1)
    return [int(number) for number in _NUMERATORS[error < _TOLERANCE]]


def _check_limits(count: int, size: int, numerator: int, denominator: int, offset: int) -> _IntegerSteps | None:
    border = (count - 1) * denominator + offset - (size - 1) * numerator
    legal = (
        0 < denominator < _LARGEST_SHRINK * numerator
        and numerator <= min(_LARGEST_ENLARGEMENT * denominator, _NUMERATORS[-1])
        and -numerator <= offset < _LARGEST_SHRINK * numerator
        and -_LARGEST_SHRINK * numerator <= border < numerator
        and max(count, size) <= _LARGEST_SIZE
    )
    if not legal:
        return None
    return _IntegerSteps(count=count, numerator=numerator, denominator=denominator, offset=offset, border=border)


def _resize(build: GraphBuilder, value: GraphValue, steps: Mapping[int, _IntegerSteps], mode: str) -> GraphValue:
    """RESIZE over two neighbouring spatial axes at once where both change, else over a single axis."""
    axes = sorted(steps)
    while axes:
        pair = axes[:2] if axes[1:2] == [axes[0] + 1] else axes[:1]
        value = _resize_axes(build, value, pair, [steps[axis] for axis in pair], mode)
        axes = axes[len(pair) :]
    return value


def _resize_axes(
    build: GraphBuilder, value: GraphValue, axes: Sequence[int], steps: Sequence[_IntegerSteps], mode: str
) -> GraphValue:
    """RESIZE of (all before, y, x, all behind) with channels last; a single axis is y, and x has size 1."""
    order = channels_last(len(value.shape))
    plain = arrange(build, value, order)
    first = order.index(axes[0])
    shape = build.shape(plain.tensor)
    outer, inner = shape[:first], shape[first + len(axes) :]
    alone = _IntegerSteps(count=1, numerator=1, denominator=1, offset=0, border=0)
    y, x = (*steps, alone)[:2]
    sizes = (*shape[first : first + len(axes)], 1)[:2]
    image = build.reshape(plain.tensor, (math.prod(outer), *sizes, math.prod(inner)))
    operands = (
        image,
        build.shape_constant((y.numerator, y.denominator, x.numerator, x.denominator)),
        build.shape_constant((y.offset, x.offset)),
        build.shape_constant((y.border, x.border)),
    )
    result = (math.prod(outer), y.count, x.count, math.prod(inner))
    tensor = build.emit("RESIZE", operands, result, build.dtype(image), {"mode": mode})
    counts = [step.count for step in steps]
    whole = build.reshape(tensor, (*outer, *counts, *inner))
    sizes_by_axis = dict(zip(axes, counts, strict=True))
    return GraphValue(
        tensor=whole, shape=tuple(sizes_by_axis.get(axis, size) for axis, size in enumerate(value.shape)), axes=order
    )
