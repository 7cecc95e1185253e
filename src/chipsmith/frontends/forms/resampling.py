"""Products with a constant matrix along an axis: resizing, adaptive pooling, sums over neighbouring channels."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from chipsmith.frontends.forms.convolution import convolve
from chipsmith.frontends.forms.values import Const, GraphValue, arrange, natural_value, permute
from chipsmith.frontends.forms.windows import make_window
from chipsmith.tosa.builder import GraphBuilder


def multiply_along(build: GraphBuilder, value: GraphValue, axis: int, matrix: npt.NDArray[np.float64]) -> GraphValue:
    """Along an axis, result i is the sum over j of matrix[i, j] times element j: a convolution of 1 x 1.

    The matrix is its weights, so that each result has a scale of its own where they are quantised.
    """
    outer = tuple(index for index in value.axes if index != axis)
    last = arrange(build, value, (*outer, axis)).tensor
    sizes = build.shape(last)[:-1]
    rows = natural_value(build, build.reshape(last, (math.prod(sizes), 1, 1, value.shape[axis])))
    image = permute(rows, (0, 3, 1, 2))
    weights = Const(values=matrix.astype(np.float32)[:, :, None, None])
    products = convolve(build, image, weights, window=make_window(build, sizes=(1, 1), kernel=(1, 1)))
    tensor = build.reshape(products.tensor, (*sizes, len(matrix)))
    shape = tuple(len(matrix) if index == axis else size for index, size in enumerate(value.shape))
    return GraphValue(tensor=tensor, shape=shape, axes=(*outer, axis))
