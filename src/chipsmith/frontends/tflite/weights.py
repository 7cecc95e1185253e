"""Weights of a float network that a `.tflite` file keeps in fewer bits: in float16, or in int8 beside reals."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from chipsmith.frontends.tflite.model import FileOperator, FileTensor, ModelFile

_FLOAT = "FLOAT32"


def restore_weights(model: ModelFile) -> ModelFile:
    """The network with each such constant in float32, by its own scales, and without the DEQUANTIZE of constants."""
    main = model.main
    unpacked = {op.outputs[0]: op.inputs[0] for op in main.operators if _unpacks(model, op)}
    read = (index for op in main.operators if _makes_reals(model, op) for index in op.operands)
    real = {index: index for index in read if _is_coded(main.tensors[index])}
    real |= {source: result for result, source in unpacked.items()}
    tensors = list(main.tensors)
    tables = copy(model.tables)
    tables.buffers, tables.subgraphs = list(tables.buffers), [copy(tables.subgraphs[0]), *tables.subgraphs[1:]]
    tables.subgraphs[0].tensors = list(tables.subgraphs[0].tensors)
    for source, result in real.items():
        values = _to_reals(main.tensors[source])
        tensors[result] = replace(tensors[result], type_name=_FLOAT, data=values, is_constant=True)
        _store(tables, result, values)
    operators = tuple(op for op in main.operators if unpacked.keys().isdisjoint(op.outputs))
    graph = replace(main, tensors=tuple(tensors), operators=operators)
    return replace(model, tables=tables, graphs=(graph, *model.graphs[1:]))


def _unpacks(model: ModelFile, operator: FileOperator) -> bool:
    return operator.kind == "DEQUANTIZE" and model.main.tensors[operator.inputs[0]].data is not None


def _is_coded(tensor: FileTensor) -> bool:
    return tensor.data is not None and (tensor.type_name == "FLOAT16" or tensor.type_name == "INT8")


def _makes_reals(model: ModelFile, operator: FileOperator) -> bool:
    return any(model.main.tensors[index].type_name == _FLOAT for index in operator.outputs)


def _to_reals(tensor: FileTensor) -> npt.NDArray[np.float32]:
    assert tensor.data is not None
    if not tensor.scales.size:
        return tensor.data.astype(np.float32)
    shape = [1] * len(tensor.shape)
    if tensor.scales.size > 1:
        shape[tensor.axis] = -1
    steps = tensor.data.astype(np.float32) - tensor.zero_points.astype(np.float32).reshape(shape)
    reals: npt.NDArray[np.float32] = steps * tensor.scales.reshape(shape)
    return reals


def _store(tables: Any, index: int, values: npt.NDArray[np.float32]) -> None:
    from ai_edge_litert import schema_py_generated as schema

    buffer, tensor = schema.BufferT(), copy(tables.subgraphs[0].tensors[index])
    buffer.data = np.frombuffer(values.tobytes(), np.uint8)
    tensor.type, tensor.quantization, tensor.buffer = schema.TensorType.FLOAT32, None, len(tables.buffers)
    tables.buffers.append(buffer)
    tables.subgraphs[0].tensors[index] = tensor
