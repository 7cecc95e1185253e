"""Small `.tflite` files, written operator by operator, and what LiteRT's reference kernels make of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType

_TYPES = {
    "int8": schema.TensorType.INT8,
    "uint8": schema.TensorType.UINT8,
    "int16": schema.TensorType.INT16,
    "int32": schema.TensorType.INT32,
    "int64": schema.TensorType.INT64,
    "float32": schema.TensorType.FLOAT32,
    "float16": schema.TensorType.FLOAT16,
    "bool": schema.TensorType.BOOL,
    "resource": schema.TensorType.RESOURCE,
}


@dataclass(frozen=True)
class Scaled:
    """How a tensor's integers stand for reals: scales (one, or one for each index of `axis`) and zero points."""

    scale: float | Sequence[float]
    zero_point: int | Sequence[int] = 0
    axis: int = 0

    def table(self) -> Any:
        table = schema.QuantizationParametersT()
        table.scale = np.atleast_1d(np.asarray(self.scale, np.float32))
        table.zeroPoint = np.broadcast_to(np.asarray(self.zero_point, np.int64), table.scale.shape).copy()
        table.quantizedDimension = self.axis
        return table


class FileWriter:
    """A network in the making; methods that add a tensor return its index."""

    def __init__(self) -> None:
        self._model = schema.ModelT()
        self._model.version = 3
        self._model.buffers = [schema.BufferT()]
        self._model.operatorCodes = []
        self._model.subgraphs = []
        self._codes: dict[tuple[int, str], int] = {}
        self.open_subgraph()

    def open_subgraph(self) -> None:
        """What follows goes into a further subgraph, which reads and gives nothing."""
        graph = schema.SubGraphT()
        graph.name, graph.tensors, graph.operators = "main", [], []
        graph.inputs = graph.outputs = np.zeros(0, np.int32)
        self._model.subgraphs.append(graph)

    def tensor(
        self,
        shape: Sequence[int],
        dtype: str = "int8",
        scaled: Scaled | None = None,
        *,
        name: str | None = None,
        data: Any = None,
        variable: bool = False,
    ) -> int:
        """A tensor; `data` makes it a constant. Reals have no scale."""
        graph = self._model.subgraphs[-1]
        tensor = schema.TensorT()
        tensor.name = f"t{len(graph.tensors)}" if name is None else name
        tensor.shape = np.array(shape, np.int32)
        tensor.type, tensor.isVariable = _TYPES[dtype], variable
        tensor.quantization = None if scaled is None or dtype == "float32" else scaled.table()
        tensor.buffer = self._store(data, dtype)
        graph.tensors.append(tensor)
        return len(graph.tensors) - 1

    def constant(self, data: Any, dtype: str = "int8", scaled: Scaled | None = None) -> int:
        """A constant tensor."""
        return self.tensor(np.shape(data), dtype, scaled, data=data)

    def operator(
        self,
        kind: str,
        inputs: Sequence[int],
        outputs: Sequence[int],
        options: str | None = None,
        fields: Mapping[str, Any] | None = None,
        intermediates: Sequence[int] = (),
    ) -> int:
        """An operator with the table `options` of its settings; returns its first output, or -1."""
        operator = schema.OperatorT()
        operator.opcodeIndex = self._code(kind)
        operator.inputs, operator.outputs = np.array(inputs, np.int32), np.array(outputs, np.int32)
        operator.intermediates = np.array(intermediates, np.int32)
        if options is not None:
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, options)
            operator.builtinOptions = getattr(schema, f"{options}T")()
            for name, value in (fields or {}).items():
                assert hasattr(operator.builtinOptions, name)
                setattr(operator.builtinOptions, name, value)
        self._model.subgraphs[-1].operators.append(operator)
        return outputs[0] if outputs else -1

    def write(self, path: Path, inputs: Sequence[int], outputs: Sequence[int]) -> Path:
        """The file, whose network (the first subgraph) reads and gives these tensors."""
        main = self._model.subgraphs[0]
        main.inputs, main.outputs = np.array(inputs, np.int32), np.array(outputs, np.int32)
        builder = flatbuffers.Builder(1024)
        builder.Finish(self._model.Pack(builder), file_identifier=b"TFL3")
        path.write_bytes(bytes(builder.Output()))
        return path

    def _store(self, data: Any, dtype: str) -> int:
        if data is None:
            return 0
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(np.ascontiguousarray(data, dtype).tobytes(), np.uint8)
        self._model.buffers.append(buffer)
        return len(self._model.buffers) - 1

    def _code(self, kind: str) -> int:
        number = getattr(schema.BuiltinOperator, kind, schema.BuiltinOperator.CUSTOM)
        key = (number, kind)
        if key not in self._codes:
            code = schema.OperatorCodeT()
            code.builtinCode, code.deprecatedBuiltinCode, code.version = number, min(number, 127), 1
            code.customCode = kind if number == schema.BuiltinOperator.CUSTOM else None
            self._model.operatorCodes.append(code)
            self._codes[key] = len(self._model.operatorCodes) - 1
        return self._codes[key]


def run_reference(path: Path, *inputs: np.ndarray) -> list[np.ndarray]:
    """Outputs of LiteRT's reference kernels in the file's order, for inputs with a leading axis of inferences.

    One interpreter runs them in order, so that it keeps the network's state.
    """
    interpreter = Interpreter(str(path), experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    interpreter.allocate_tensors()
    calls = []
    for batch in zip(*inputs, strict=True):
        for port, array in zip(interpreter.get_input_details(), batch, strict=True):
            interpreter.set_tensor(port["index"], array)
        interpreter.invoke()
        calls.append([interpreter.get_tensor(port["index"]) for port in interpreter.get_output_details()])
    return [np.stack(parts) for parts in zip(*calls, strict=True)]
