"""Convolutions, matrix products and pooling: images with their channels second, as ONNX has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from chipsmith.errors import OperatorRefused
from chipsmith.runtimes.onnx_export.values import ExportedTensors, Exporters, ImageLayout, Weight, Written
from chipsmith.tosa.operators.convolution import convolution_window
from chipsmith.tosa.operators.pooling import pooling_window
from chipsmith.tosa.operators.row import Operation
from chipsmith.tosa.operators.windows import SlidingWindow


def is_dense_row(operation: Operation) -> bool:
    """Whether a CONV2D is a matrix product of rows: a kernel of a single element on images of a single pixel."""
    sizes = (*convolution_window(operation).kernel, *operation.shape("input")[1:-1], *operation.output.shape[1:-1])
    return operation.operator.kind == "CONV2D" and set(sizes) == {1}


def window_attributes(window: SlidingWindow) -> dict[str, Any]:
    """The attributes of ONNX's convolutions and poolings."""
    before, after = zip(*window.padding, strict=True)
    return {"kernel_shape": list(window.kernel), "strides": list(window.stride), "pads": [*before, *after]}


def convolution_attributes(operation: Operation) -> dict[str, Any]:
    """The attributes of ONNX's Conv for a CONV2D, CONV3D or DEPTHWISE_CONV2D."""
    window = convolution_window(operation)
    groups = operation.shape("weight")[2] if operation.operator.kind == "DEPTHWISE_CONV2D" else 1
    return {**window_attributes(window), "dilations": list(window.dilation), "group": groups}


def arrange_kernel(operation: Operation, weight: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The weights of a convolution as ONNX's Conv takes them: (out, in of a group, *kernel)."""
    if operation.operator.kind == "DEPTHWISE_CONV2D":
        height, width, channels, multiplier = weight.shape
        return weight.transpose(2, 3, 0, 1).reshape(channels * multiplier, 1, height, width)
    return np.moveaxis(weight, -1, 1)


def _convolve(tensors: ExportedTensors, operation: Operation) -> Written:
    if is_dense_row(operation):
        return _multiply_rows(tensors, operation)
    image = tensors.read(operation.operator.inputs[0], ImageLayout.SECOND)
    weight = Weight(values=arrange_kernel(operation, _constant_weight(operation)), axis=0)
    names = [image, *tensors.read_weights(operation, weight)]
    return Written(name=tensors.writer.add("Conv", names, convolution_attributes(operation)), layout=ImageLayout.SECOND)


def _multiply_rows(tensors: ExportedTensors, operation: Operation) -> Written:
    (batch, *_, channels), writer = operation.shape("input"), tensors.writer
    image = tensors.read(operation.operator.inputs[0])
    rows = writer.add("Reshape", [image, writer.constant([batch, channels], np.int64)])
    matrix = _constant_weight(operation).reshape(-1, channels).T
    product = writer.add("Gemm", [rows, *tensors.read_weights(operation, Weight(values=matrix, axis=1))])
    return Written(name=writer.add("Reshape", [product, writer.constant(operation.output.shape, np.int64)]))


def _constant_weight(operation: Operation) -> npt.NDArray[Any]:
    if "weight" not in operation.constants or "bias" not in operation.constants:
        operator = operation.operator
        raise OperatorRefused(
            f"{operator.kind} '{operator.name}': its weights are computed, which ONNX files do not take"
        )
    return operation.constants["weight"]


def _convolve_transposed(tensors: ExportedTensors, operation: Operation) -> Written:
    """Negative padding crops; positive padding is written behind, and the bias is added to it too."""
    image, writer = tensors.read(operation.operator.inputs[0], ImageLayout.SECOND), tensors.writer
    weight = Weight(values=np.moveaxis(_constant_weight(operation), -1, 0), axis=1)
    names = tensors.read_weights(operation, weight)
    top, bottom, left, right = operation.integers("out_pad")
    cropped = [max(0, -pad) for pad in (top, left, bottom, right)]
    widths = [0, 0, max(0, top), max(0, left), 0, 0, max(0, bottom), max(0, right)]
    attributes = {"strides": list(operation.integers("stride")), "pads": cropped}
    if not any(widths):
        return Written(name=writer.add("ConvTranspose", [image, *names], attributes), layout=ImageLayout.SECOND)
    sums = writer.add("ConvTranspose", [image, names[0]], attributes)
    padded = writer.add("Pad", [sums, writer.constant(widths, np.int64)])
    bias = writer.add("Reshape", [names[1], writer.constant([1, -1, 1, 1], np.int64)])
    return Written(name=writer.add("Add", [padded, bias]), layout=ImageLayout.SECOND)


def _multiply_matrices(tensors: ExportedTensors, operation: Operation) -> Written:
    """A constant right operand of a single batch meets all batches as a matrix."""
    factors = [_read_factor(tensors, operation, position) for position in (0, 1)]
    return Written(name=tensors.writer.add("MatMul", factors))


def _read_factor(tensors: ExportedTensors, operation: Operation, position: int) -> str:
    name = operation.operator.inputs[position]
    matrix = tensors.graph.constant(name)
    if matrix is None:
        return tensors.read(name)
    shared = position == 1 and len(matrix) == 1
    weight = Weight(values=matrix[0] if shared else matrix, axis=1 if shared else 0)
    return tensors.read_weight(operation, weight, position=position)


def _average(tensors: ExportedTensors, operation: Operation) -> Written:
    attributes = {**window_attributes(pooling_window(operation)), "count_include_pad": 0}
    return _pool(tensors, operation, "AveragePool", attributes)


def maximum_pool(tensors: ExportedTensors, operation: Operation) -> Written:
    """MAX_POOL2D of reals or of integers."""
    return _pool(tensors, operation, "MaxPool", window_attributes(pooling_window(operation)))


def _pool(tensors: ExportedTensors, operation: Operation, kind: str, attributes: Mapping[str, Any]) -> Written:
    image = tensors.read(operation.operator.inputs[0], ImageLayout.SECOND)
    return Written(name=tensors.writer.add(kind, [image], attributes), layout=ImageLayout.SECOND)


PRODUCTS: Exporters = {
    "AVG_POOL2D": _average,
    "CONV2D": _convolve,
    "CONV3D": _convolve,
    "DEPTHWISE_CONV2D": _convolve,
    "MATMUL": _multiply_matrices,
    "MAX_POOL2D": maximum_pool,
    "TRANSPOSE_CONV2D": _convolve_transposed,
}
"""Sums of products of reals, and pooling."""
