"""Reading and writing `.tosa` files: the flatbuffer of TOSA 1.0 and 1.1 to a Graph, and a Graph to 1.0.0."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from chipsmith.errors import BadInput, OperatorRefused
from chipsmith.files import read_ordinary, write_whole
from chipsmith.tosa.decode import StoredBlock, StoredOperator, StoredTensor, decode_block
from chipsmith.tosa.elements import from_bytes, stored_size_bytes
from chipsmith.tosa.encode import encode_graph
from chipsmith.tosa.graph import Array, AttributeValue, DType, Graph, Operator, Tensor
from chipsmith.tosa.locations import parse_location

_CONSTANT_KINDS = ("CONST", "CONST_SHAPE")
_NO_NAMES: Mapping[str, str] = {}


def read_tosa(path: str | os.PathLike[str]) -> Graph:
    """The network in the file `path`; its name is the file's without the ending.

    Raises BadInput where the file is missing, foreign, truncated, has more than one basic block or shapes that
    are not fixed, and OperatorRefused where it holds an element type that Chipsmith does not know. Whether the
    operators are legal and supported is `verify`'s question.
    """
    graph, _ = read_named_tosa(path)
    return graph


def read_named_tosa(path: str | os.PathLike[str]) -> tuple[Graph, dict[str, str]]:
    """As read_tosa, with the author's names of the graph's operators, where the file holds them."""
    file = Path(path)
    try:
        data = read_ordinary(file)
    except OSError as error:
        raise BadInput(f"cannot read {file}: {error.strerror or error}") from error
    block = decode_block(data, name=file.stem)
    return _graph(block, file.stem), dict(_author_names(block))


def parse_tosa(data: bytes, name: str) -> Graph:
    """The network in the bytes of a `.tosa` file; `name` names it in messages. Raises as read_tosa does."""
    return _graph(decode_block(data, name=name), name)


def _graph(block: StoredBlock, name: str) -> Graph:
    tensors = {tensor.name: _tensor(tensor, name) for tensor in _distinct(block.tensors, name)}
    _check_names(block, tensors, name)
    return Graph(
        name=name,
        tensors=tensors,
        operators=tuple(_operator(op, tensors, name) for op in block.operators if op.kind not in _CONSTANT_KINDS),
        constants=_constants(block, tensors, name),
        inputs=block.inputs,
        outputs=block.outputs,
    )


def _author_names(block: StoredBlock) -> Iterable[tuple[str, str]]:
    """The names of the operators that are no constants, in the file's locations."""
    for operator in block.operators:
        name = parse_location(operator.location)
        if name and operator.outputs and operator.kind not in _CONSTANT_KINDS:
            yield operator.outputs[0], name


def write_tosa(graph: Graph, path: str | os.PathLike[str], *, operator_names: Mapping[str, str] = _NO_NAMES) -> None:
    """Write `graph` to the file `path` as TOSA 1.0.0; BadInput where it cannot be written. Names as serialize_tosa."""
    write_whole(path, serialize_tosa(graph, operator_names=operator_names))


def serialize_tosa(graph: Graph, *, operator_names: Mapping[str, str] = _NO_NAMES) -> bytes:
    """The bytes of a TOSA 1.0.0 file that parse_tosa reads back as an equal Graph (but for its name).

    `operator_names`: the author's names by those of the graph's operators; read_named_tosa gives them back.
    """
    return encode_graph(graph, operator_names)


def _distinct(tensors: Iterable[StoredTensor], file: str) -> Iterable[StoredTensor]:
    seen: set[str] = set()
    for tensor in tensors:
        if tensor.name in seen:
            raise BadInput(f"{file}: two tensors are named '{tensor.name}'")
        seen.add(tensor.name)
        yield tensor


def _tensor(stored: StoredTensor, file: str) -> Tensor:
    dtype = _dtype(stored, file)
    if stored.unranked or (dtype is not DType.SHAPE and min(stored.shape, default=1) < 1):
        raise BadInput(f"{file}: tensor '{stored.name}' has no fixed shape {list(stored.shape)}; export it with one")
    return Tensor(name=stored.name, shape=stored.shape, dtype=dtype)


def _dtype(stored: StoredTensor, file: str) -> DType:
    try:
        return DType[stored.type_name]
    except KeyError:
        supported = ", ".join(dtype.name for dtype in DType)
        message = f"{file}: tensor '{stored.name}' has element type {stored.type_name}; supported are {supported}"
        raise OperatorRefused(message) from None


def _check_names(block: StoredBlock, tensors: dict[str, Tensor], file: str) -> None:
    operands = [name for op in block.operators for name in (*op.inputs, *op.outputs)]
    for name in (*block.inputs, *block.outputs, *operands):
        if name not in tensors:
            raise BadInput(f"{file}: tensor '{name}' is used but not declared")


def _constants(block: StoredBlock, tensors: dict[str, Tensor], file: str) -> dict[str, Array]:
    stored = {tensor.name: tensor for tensor in block.tensors}
    names = [name for op in block.operators if op.kind in _CONSTANT_KINDS for name in op.outputs]
    return {name: _constant(stored[name], tensors[name], file) for name in names}


def _constant(stored: StoredTensor, tensor: Tensor, file: str) -> Array:
    size_bytes = stored_size_bytes(tensor.elements, tensor.dtype)
    size = 0 if stored.data is None else len(stored.data)
    # tosa-opt pads data to eight bytes; ExecuTorch stores a zero weight zero point per channel in a tensor of one.
    if stored.data is None or size < size_bytes or stored.data[size_bytes:].any():
        raise BadInput(f"{file}: constant '{tensor.name}' has {size} bytes of data where {size_bytes} belong")
    return from_bytes(stored.data[:size_bytes], tensor.shape, tensor.dtype)


def _operator(stored: StoredOperator, tensors: dict[str, Tensor], file: str) -> Operator:
    if not stored.outputs:
        raise BadInput(f"{file}: a {stored.kind} operator has no output")
    return Operator(
        kind=stored.kind,
        name=stored.outputs[0],
        inputs=stored.inputs,
        outputs=stored.outputs,
        attributes={key: _attribute(value, stored, tensors, file) for key, value in stored.attributes.items()},
    )


def _attribute(
    value: AttributeValue | bytes, stored: StoredOperator, tensors: dict[str, Tensor], file: str
) -> AttributeValue:
    """Bytes (CLAMP's limits) become one element of the first input's type."""
    if not isinstance(value, bytes):
        return value
    dtype = tensors[stored.inputs[0]].dtype if stored.inputs else DType.INT8
    size_bytes = stored_size_bytes(1, dtype)
    if len(value) < size_bytes:
        raise BadInput(f"{file}: {stored.kind} '{stored.outputs[0]}' has a limit that is not one {dtype.value}")
    element: AttributeValue = from_bytes(np.frombuffer(value[:size_bytes], np.uint8), (), dtype).item()
    return element
