"""Float reductions along an axis, which stays with size 1."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from chipsmith.tosa.floating.row import FloatRow
from chipsmith.tosa.operators.row import Operation, Values


def _reduction(kind: str, function: Callable[..., Values]) -> FloatRow:
    def meaning(operation: Operation, values: Sequence[Values]) -> Values:
        # the axis of inferences stands in front of the graph's axes
        return function(values[0], axis=operation.integer("axis") + 1, keepdims=True)

    return FloatRow(kind=kind, operands=("input",), meaning=meaning)


ROWS = (
    _reduction("REDUCE_SUM", np.sum),
    _reduction("REDUCE_MAX", np.max),
    _reduction("REDUCE_MIN", np.min),
    _reduction("REDUCE_PRODUCT", np.prod),
)
