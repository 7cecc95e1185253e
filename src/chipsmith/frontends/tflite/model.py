"""What a `.tflite` file holds: its tensors and operators as the first subgraph has them, under the file's own names."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chipsmith.errors import BadInput, OperatorRefused
from chipsmith.tosa.graph import Array

Shape = tuple[int, ...]

ABSENT = -1
"""The index of an operand that an operator leaves out."""
IDENTIFIER = b"TFL3"
UNSIGNED_OFFSET = 128
"""What uint8 integers are above the int8 integers that stand for the same reals."""
# What the flatbuffers library raises when offsets or lengths point outside of the file.
_DAMAGE = (struct.error, IndexError, ValueError, TypeError, AttributeError, KeyError, OverflowError, MemoryError)
_TYPES = {
    "INT8": "int8",
    "UINT8": "uint8",
    "INT16": "int16",
    "INT32": "int32",
    "INT64": "int64",
    "FLOAT32": "float32",
    "FLOAT16": "float16",
    "FLOAT64": "float64",
    "BOOL": "bool",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class FileTensor:
    """A tensor of the file: real = (q - zero_point) * scale, for the one scale or for each index of an axis.

    `type_name` is the schema's (INT8, FLOAT32). `scales` is float32 as the file has it, empty where the tensor is not
    quantised; `axis` is the one that several belong to. `data` holds a constant's values where numpy has their type. A
    variable keeps its value from one inference to the next.
    """

    index: int
    name: str
    shape: Shape
    type_name: str
    scales: npt.NDArray[np.float32]
    zero_points: npt.NDArray[np.int64]
    axis: int
    is_constant: bool
    data: Array | None
    is_variable: bool

    @property
    def scale(self) -> np.float32:
        """The one scale of the tensor."""
        return np.float32(self.scales[0])

    @property
    def zero_point(self) -> int:
        """The one zero point of the tensor."""
        return int(self.zero_points[0])

    @property
    def dtype(self) -> np.dtype[Any] | None:
        """The numpy type of an element; None of types that have none, such as a resource."""
        name = _TYPES.get(self.type_name)
        return None if name is None else np.dtype(name)

    @property
    def is_float(self) -> bool:
        """Whether the elements are floating-point numbers."""
        return self.type_name in ("FLOAT16", "FLOAT32", "FLOAT64", "BFLOAT16")

    @property
    def is_int8(self) -> bool:
        """Whether the elements are int8 of a single scale."""
        return self.type_name == "INT8" and self.scales.size == self.zero_points.size == 1

    def is_scaled_as(self, other: FileTensor) -> bool:
        """Whether the same integers of both, each of a single scale, are the same reals."""
        return (self.scale, self.zero_point) == (other.scale, other.zero_point)

    def __str__(self) -> str:
        return f"{self.type_name.lower()}{list(self.shape)}"


@dataclass(frozen=True, kw_only=True, eq=False)
class FileOperator:
    """An operator of the file: tensors by index, ABSENT where an operand is left out.

    `kind` is the schema's name (CONV_2D), or a custom operator's own. `options` is the schema's table of its settings,
    None where it has none.
    """

    index: int
    kind: str
    is_custom: bool
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    intermediates: tuple[int, ...]
    options: Any

    @property
    def operands(self) -> tuple[int, ...]:
        """The tensors that it reads."""
        return tuple(index for index in self.inputs if index != ABSENT)

    def option(self, name: str, default: Any = None) -> Any:
        """One of its settings."""
        return getattr(self.options, name, default)


@dataclass(frozen=True, kw_only=True, eq=False)
class FileGraph:
    """A subgraph of the file, of tensors that its operators read and make in the file's order."""

    tensors: tuple[FileTensor, ...]
    operators: tuple[FileOperator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    @cached_property
    def readers(self) -> Mapping[int, Sequence[FileOperator]]:
        """The operators that read each tensor."""
        readers: dict[int, list[FileOperator]] = {}
        for operator in self.operators:
            for index in set(operator.operands):
                readers.setdefault(index, []).append(operator)
        return readers

    @cached_property
    def producers(self) -> Mapping[int, FileOperator]:
        """The operator that makes each computed tensor."""
        return {index: operator for operator in self.operators for index in operator.outputs}

    def refuse(self, operator: FileOperator, reason: str, *, file: Path) -> OperatorRefused:
        """The refusal of an operator by the words of its file."""
        result = f" of tensor '{self.tensors[operator.outputs[0]].name}'" if operator.outputs else ""
        return OperatorRefused(f"{file}: operator {operator.index}, {operator.kind}{result}, is refused: {reason}")


@dataclass(frozen=True, kw_only=True, eq=False)
class ModelFile:
    """A file: `tables` is the schema's ModelT, `graphs` what its subgraphs hold.

    `unsigned` are the tensors of the network that are uint8 in the file.
    """

    file: Path
    tables: Any
    graphs: tuple[FileGraph, ...]
    unsigned: frozenset[int]

    @property
    def main(self) -> FileGraph:
        """The subgraph that is the network."""
        return self.graphs[0]


def parse_model(data: bytes, file: Path) -> ModelFile:
    """What the bytes of `file` hold, open sizes as the file records them and uint8 read as int8.

    A uint8 tensor with a scale is the int8 tensor of the same reals: its integers and zero points are 128 lower.
    Raises BadInput where the file is foreign, damaged or truncated.
    """
    if data[4:8] != IDENTIFIER:
        raise BadInput(f"{file} is not a TensorFlow Lite file (its identifier TFL3 is missing)")
    from ai_edge_litert import schema_py_generated as schema

    with name_damage(file):
        tables = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(data, 0))
        unsigned = [_make_signed(tables, graph) for graph in tables.subgraphs]
        graphs = tuple(_read_graph(tables, graph) for graph in tables.subgraphs)
        return ModelFile(file=file, tables=tables, graphs=graphs, unsigned=unsigned[0])


def describe_damage(file: Path) -> str:
    """What a damaged file is called."""
    return f"{file} is damaged or truncated: copy or export it again"


@contextmanager
def name_damage(file: Path) -> Iterator[None]:
    """Whatever reading damaged tables raises becomes BadInput with the file's name."""
    try:
        yield
    except _DAMAGE as error:
        raise BadInput(describe_damage(file)) from error


def _make_signed(tables: Any, graph: Any) -> frozenset[int]:
    """Turn each uint8 tensor that has a scale into the int8 tensor of the same reals; the indices of those turned."""
    from ai_edge_litert import schema_py_generated as schema

    turned = set()
    for index, tensor in enumerate(graph.tensors or ()):
        tensor.shapeSignature = None
        quantization = tensor.quantization
        if tensor.type == schema.TensorType.UINT8 and getattr(quantization, "scale", None) is not None:
            zero_points = _read_zero_points(quantization)
            tensor.type, quantization.zeroPoint = schema.TensorType.INT8, zero_points - UNSIGNED_OFFSET
            _turn_buffer(tables, tensor)
            turned.add(index)
    return frozenset(turned)


def _turn_buffer(tables: Any, tensor: Any) -> None:
    """Give a tensor a buffer of its own with the top bit of each byte turned: q - 128."""
    data = tables.buffers[tensor.buffer].data
    if data is not None and len(data):
        buffer = copy(tables.buffers[tensor.buffer])
        buffer.data = np.asarray(data, np.uint8) ^ UNSIGNED_OFFSET
        tensor.buffer = len(tables.buffers)
        tables.buffers.append(buffer)


def _read_zero_points(quantization: Any) -> npt.NDArray[np.int64]:
    scales, zero_points = getattr(quantization, "scale", None), getattr(quantization, "zeroPoint", None)
    count = 0 if scales is None else len(scales)
    return np.zeros(count, np.int64) if zero_points is None else np.asarray(zero_points, np.int64)


def _read_graph(tables: Any, graph: Any) -> FileGraph:
    tensors = tuple(_read_tensor(tables, index, tensor) for index, tensor in enumerate(graph.tensors or ()))
    operators = tuple(_read_operator(tables, index, table) for index, table in enumerate(graph.operators or ()))
    inputs, outputs = (_read_indices(indices) for indices in (graph.inputs, graph.outputs))
    for index in (*inputs, *outputs, *(index for op in operators for index in (*op.operands, *op.outputs))):
        if not 0 <= index < len(tensors):
            raise IndexError(index)
    return FileGraph(tensors=tensors, operators=operators, inputs=inputs, outputs=outputs)


def _read_tensor(tables: Any, index: int, tensor: Any) -> FileTensor:
    type_name = _names_of("TensorType")[tensor.type]
    scales = getattr(tensor.quantization, "scale", None)
    shape, stored = _read_indices(tensor.shape), tables.buffers[tensor.buffer].data
    return FileTensor(
        index=index,
        name=(tensor.name or b"").decode(errors="replace"),
        shape=shape,
        type_name=type_name,
        scales=np.zeros(0, np.float32) if scales is None else np.asarray(scales, np.float32),
        zero_points=_read_zero_points(tensor.quantization),
        axis=getattr(tensor.quantization, "quantizedDimension", 0),
        is_constant=stored is not None and len(stored) > 0,
        data=_read_data(stored, type_name, shape),
        is_variable=tensor.isVariable,
    )


def _read_data(stored: npt.NDArray[np.uint8] | None, type_name: str, shape: Shape) -> Array | None:
    name = _TYPES.get(type_name)
    if stored is None or not len(stored) or name is None:
        return None
    return np.frombuffer(np.asarray(stored, np.uint8).tobytes(), name).reshape(shape)


def _read_operator(tables: Any, index: int, table: Any) -> FileOperator:
    code = tables.operatorCodes[table.opcodeIndex]
    kind = _names_of("BuiltinOperator")[max(code.builtinCode, code.deprecatedBuiltinCode)]
    return FileOperator(
        index=index,
        kind=(code.customCode or b"?").decode(errors="replace") if kind == "CUSTOM" else kind,
        is_custom=kind == "CUSTOM",
        inputs=_read_indices(table.inputs),
        outputs=_read_indices(table.outputs),
        intermediates=_read_indices(table.intermediates),
        options=table.builtinOptions,
    )


def _read_indices(numbers: Any) -> tuple[int, ...]:
    return () if numbers is None else tuple(int(number) for number in numbers)


@cache
def _names_of(enumeration: str) -> Mapping[int, str]:
    """The names of one of the schema's enumerations by number."""
    from ai_edge_litert import schema_py_generated as schema

    return {number: name for name, number in vars(getattr(schema, enumeration)).items() if isinstance(number, int)}
