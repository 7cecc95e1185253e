"""A small float and a small int8 `.tflite` network."""

from __future__ import annotations

from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

_TYPES = {"float32": schema.TensorType.FLOAT32, "int8": schema.TensorType.INT8, "int32": schema.TensorType.INT32}
_IMAGE, _OUT = (1, 4, 4, 2), (1, 4, 4, 3)


def float_network() -> bytes:
    """A convolution of reals."""
    rng = np.random.default_rng(0)
    weights, bias = rng.normal(size=(3, 3, 3, 2)).astype(np.float32), rng.normal(size=3).astype(np.float32)
    x, y = _tensor("float_x", _IMAGE, "float32"), _tensor("float_y", _OUT, "float32")
    return _write([x, (weights, None), (bias, None), y])


def int8_network() -> bytes:
    """The same form in int8."""
    rng = np.random.default_rng(0)
    weights, bias = rng.integers(-99, 99, (3, 3, 3, 2)).astype(np.int8), rng.integers(-99, 99, 3).astype(np.int32)
    x, y = _tensor("x", _IMAGE, "int8", 0.1), _tensor("y", _OUT, "int8", 0.2)
    return _write([x, (weights, [0.01] * 3), (bias, [0.001] * 3), y])


def _tensor(name: str, shape: tuple[int, ...], dtype: str, scale: float | None = None) -> Any:
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.type, tensor.buffer = name, np.array(shape, np.int32), _TYPES[dtype], 0
    if scale is not None:
        tensor.quantization = _scales([scale])
    return tensor


def _scales(scales: list[float]) -> Any:
    table = schema.QuantizationParametersT()
    table.scale, table.zeroPoint = np.array(scales, np.float32), np.zeros(len(scales), np.int64)
    table.quantizedDimension = 0
    return table


def _write(items: list[Any]) -> bytes:
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.buffers, model.subgraphs = 3, [schema.BufferT()], [graph]
    graph.name, graph.tensors = "main", [_store(model, item) for item in items]
    graph.inputs, graph.outputs = np.array([0], np.int32), np.array([3], np.int32)
    graph.operators = [_convolution()]
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CONV_2D
    code.version, model.operatorCodes = 1, [code]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _store(model: Any, item: Any) -> Any:
    """A tensor as it is, or that of a constant and its scales."""
    if not isinstance(item, tuple):
        return item
    data: NDArray[Any]
    data, scales = item
    tensor = _tensor(f"c{len(model.buffers)}", data.shape, data.dtype.name)
    tensor.quantization = None if scales is None else _scales(scales)
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(data.tobytes(), np.uint8)
    model.buffers.append(buffer)
    tensor.buffer = len(model.buffers) - 1
    return tensor


def _convolution() -> Any:
    operator, options = schema.OperatorT(), schema.Conv2DOptionsT()
    options.padding, options.strideH, options.strideW = schema.Padding.SAME, 1, 1
    options.dilationHFactor = options.dilationWFactor = 1
    operator.opcodeIndex = 0
    operator.inputs, operator.outputs = np.array([0, 1, 2], np.int32), np.array([3], np.int32)
    operator.builtinOptionsType, operator.builtinOptions = schema.BuiltinOptions.Conv2DOptions, options
    return operator
