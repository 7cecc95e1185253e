"""Elements around a tensor: a constant, or its own elements again."""

from __future__ import annotations

import enum
from collections.abc import Sequence

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.frontends.forms.movement import take
from chipsmith.frontends.forms.operands import slice_axis
from chipsmith.frontends.forms.values import GraphValue
from chipsmith.tosa.builder import GraphBuilder


class PaddingMode(enum.StrEnum):
    """Which elements stand around a tensor; the values are the names that numpy.pad has for them."""

    CONSTANT = "constant"
    REFLECT = "reflect"
    EDGE = "edge"
    WRAP = "wrap"


def pad(
    build: GraphBuilder,
    value: GraphValue,
    widths: Sequence[tuple[int, int]],
    *,
    mode: PaddingMode = PaddingMode.CONSTANT,
    level: float = 0.0,
) -> GraphValue:
    """So many elements before and after each axis; negative ones are cut off. `level` is the constant.

    Raises BadInput where the widths do not fit the value's axes or cut off all of one.
    """
    if len(widths) != len(value.shape):
        raise BadInput(f"'{build.scope}': padding of {len(widths)} axes does not fit {list(value.shape)}")
    for axis, (before, after) in enumerate(widths):
        value = _crop(build, value, axis, max(-before, 0), max(-after, 0))
    added = [(max(before, 0), max(after, 0)) for before, after in widths]
    if mode is PaddingMode.CONSTANT:
        return _surround(build, value, added, level)
    for axis, pair in enumerate(added):
        if any(pair):
            indices = np.pad(np.arange(value.shape[axis]), pair, mode=mode.value)  # type: ignore[call-overload]
            value = take(build, value, axis, indices.tolist())
    return value


def _crop(build: GraphBuilder, value: GraphValue, axis: int, before: int, after: int) -> GraphValue:
    size = value.shape[axis] - before - after
    if size < 1:
        raise BadInput(f"'{build.scope}': padding leaves nothing of axis {axis} of size {value.shape[axis]}")
    return slice_axis(build, value, axis=axis, start=before, size=size)


def _surround(build: GraphBuilder, value: GraphValue, widths: Sequence[tuple[int, int]], level: float) -> GraphValue:
    if not any(map(any, widths)):
        return value
    tensor = build.pad(value.tensor, [widths[axis] for axis in value.axes], level)
    shape = tuple(size + sum(pair) for size, pair in zip(value.shape, widths, strict=True))
    return GraphValue(tensor=tensor, shape=shape, axes=value.axes)
