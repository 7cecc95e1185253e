"""Products with a constant matrix along an axis: resizing, adaptive pooling, sums over neighbouring channels."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from chipsmith.frontends.forms.matrix import apply_linear
from chipsmith.frontends.forms.values import GraphValue, permute
from chipsmith.tosa.builder import GraphBuilder


def multiply_along(build: GraphBuilder, value: GraphValue, axis: int, matrix: npt.NDArray[Any]) -> GraphValue:
    """Along an axis, result i is the sum over j of matrix[i, j] times element j.

    The matrix is a convolution's weights, so that each result has a scale of its own where they are quantised.
    """
    order = (*(index for index in value.axes if index != axis), axis)
    products = apply_linear(build, permute(value, order), matrix.astype(np.float32))
    return permute(products, tuple(order.index(index) for index in range(len(order))))
