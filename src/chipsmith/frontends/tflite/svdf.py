"""SVDF in int8 with a state in int16, to the bits of TensorFlow Lite's reference kernels."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from chipsmith.frontends.tflite.lowering import Handler, IntegerLowering
from chipsmith.frontends.tflite.matrix import multiply_matrix
from chipsmith.frontends.tflite.model import FileOperator, FileTensor
from chipsmith.frontends.tflite.scales import quantize_multiplier
from chipsmith.tosa.graph import DType


def _svdf(lower: IntegerLowering, operator: FileOperator) -> str:
    """The kernel saturates to int8 and no further, whatever activation the file names."""
    source, features, times = (lower.operand(operator, place) for place in range(3))
    state, result = lower.operand(operator, 4), lower.result(operator)
    build, batch, (filters, memory) = lower.build, source.shape[0], times.shape
    rank, units = operator.option("rank"), result.shape[-1]
    newest = _filter(lower, source, features, state)
    before = build.reshape(lower.read(state), (batch, filters, memory))
    kept = [build.slice(before, (0, 0, 1), (batch, filters, memory - 1))] if memory > 1 else []
    after = build.concat([*kept, build.reshape(newest, (batch, filters, 1))], 2)
    lower.updates[state.index] = build.reshape(after, state.shape)
    assert times.data is not None
    weights = lower.constant(times.data[None], DType.INT16)
    products = build.emit(
        "MUL", (after, weights, lower.constant([0], DType.INT8)), (batch, filters, memory), DType.INT32
    )
    sums = build.reduce("REDUCE_SUM", products, 2)
    sums = build.reduce("REDUCE_SUM", build.reshape(sums, (batch, units, rank)), 2)
    total = _add_bias(lower, operator, build.reshape(sums, (batch, units)))
    scale = quantize_multiplier(float(state.scale) * float(times.scale) / float(result.scale))
    narrow = lower.rescale(total, DType.INT8, scale, output_zero_point=result.zero_point)
    return build.reshape(narrow, result.shape)


def _filter(lower: IntegerLowering, source: FileTensor, features: FileTensor, state: FileTensor) -> str:
    """The newest value of each filter, in int16."""
    assert features.data is not None
    sums = multiply_matrix(lower, lower.read(source), features.data.astype(np.int8), zero_point=source.zero_point)
    scale = quantize_multiplier(float(source.scale) * float(features.scale) / float(state.scale))
    return lower.rescale(sums, DType.INT16, scale)


def _add_bias(lower: IntegerLowering, operator: FileOperator, sums: str) -> str:
    bias = lower.tensor(operator, 3)
    if bias is None:
        return sums
    assert bias.data is not None
    return lower.build.binary("ADD", sums, lower.constant(bias.data[None], DType.INT32))


HANDLERS: Mapping[str, Handler] = {"SVDF": _svdf}
