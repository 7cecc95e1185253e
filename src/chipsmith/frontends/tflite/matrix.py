"""Products of rows by the constant weights of a layer, as sums of int32."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from chipsmith.frontends.tflite.lowering import IntegerLowering
from chipsmith.tosa.builder import pointwise_attributes
from chipsmith.tosa.graph import DType


def multiply_matrix(
    lower: IntegerLowering,
    rows: str,
    weights: npt.NDArray[np.int8],
    *,
    zero_point: int,
    bias: npt.NDArray[np.int32] | None = None,
) -> str:
    """(rows, inputs) of int8 minus a zero point by weights (outputs, inputs), plus a bias: int32 (rows, outputs)."""
    build = lower.build
    count, (outputs, inputs) = build.shape(rows)[0], weights.shape
    operands = (
        build.reshape(rows, (count, 1, 1, inputs)),
        lower.constant(weights.reshape(outputs, 1, 1, inputs), DType.INT8),
        lower.constant([0] if bias is None else bias, DType.INT32),
        lower.constant([zero_point], DType.INT8),
        lower.constant([0], DType.INT8),
    )
    sums = build.emit("CONV2D", operands, (count, 1, 1, outputs), DType.INT32, pointwise_attributes("INT32"))
    return build.reshape(sums, (count, outputs))
