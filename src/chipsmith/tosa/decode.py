"""From the bytes of a TOSA flatbuffer to plain values: one basic block, nothing interpreted yet."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.tosa.elements import Bytes
from chipsmith.tosa.graph import AttributeValue
from chipsmith.tosa.schema import AttributeField, Form, attribute_fields, enum_class_of, generated, names_of

# What the flatbuffers library raises when offsets or lengths point outside of the file.
_DAMAGE = (struct.error, IndexError, ValueError, TypeError, AttributeError, KeyError, OverflowError, MemoryError)


class _WholeSlices(bytes):
    """The file's bytes; unlike plain bytes, a slice that reaches past the end is an error and not shorter."""

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice) and key.stop > len(self):
            raise IndexError("slice reaches past the end of the file")
        return super().__getitem__(key)


@dataclass(frozen=True, kw_only=True)
class StoredTensor:
    """A tensor or shape as the file declares it; `data` is None where the file holds no bytes for it."""

    name: str
    shape: tuple[int, ...]
    type_name: str
    data: Bytes | None
    unranked: bool = False


@dataclass(frozen=True, kw_only=True)
class StoredOperator:
    """An operator as the file declares it; attributes of form BYTES are still bytes.

    `location` is whatever the file's writer says of where the operator comes from, empty where it says nothing.
    """

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, AttributeValue | bytes]
    location: str


@dataclass(frozen=True, kw_only=True)
class StoredBlock:
    """The one basic block of a file."""

    tensors: tuple[StoredTensor, ...]
    operators: tuple[StoredOperator, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def decode_block(data: bytes, *, name: str) -> StoredBlock:
    """Read the one basic block of the file `name`; BadInput where it is foreign, damaged, or has several blocks."""
    if len(data) < 8 or data[4:8] != b"TOSA":
        raise BadInput(f"{name}: is not a TOSA file (bytes 4 to 7 are not 'TOSA')")
    try:
        return _decode(_WholeSlices(data), name)
    except _DAMAGE as error:
        raise BadInput(f"{name}: the TOSA file is truncated or damaged; write or copy it again") from error


def _decode(data: bytes, name: str) -> StoredBlock:
    root = generated("TosaGraph").GetRootAs(data, 0)
    _check_version(root.Version(), name)
    block = _only_block(root, name)
    _text(block.Name())  # written first, hence last in the file: tells a truncated one
    tensors = [_tensor(block.Tensors(i), data) for i in range(block.TensorsLength())]
    shapes = [_shape(block.Shapes(i)) for i in range(block.ShapesLength())]
    return StoredBlock(
        tensors=(*tensors, *shapes),
        operators=tuple(_operator(block.Operators(i)) for i in range(block.OperatorsLength())),
        inputs=_names(block, "Inputs"),
        outputs=_names(block, "Outputs"),
    )


def _check_version(version: Any, name: str) -> None:
    major, minor = version._Major(), version._Minor()
    if major != 1 or minor not in (0, 1):
        raise BadInput(f"{name}: is TOSA version {major}.{minor}; versions 1.0 and 1.1 can be read")


def _only_block(root: Any, name: str) -> Any:
    blocks = [root.Regions(i).BlocksLength() for i in range(root.RegionsLength())]
    if blocks != [1]:
        raise BadInput(
            f"{name}: has {sum(blocks)} basic blocks in {len(blocks)} regions; "
            "a network is one block: remove control flow (COND_IF, WHILE_LOOP)"
        )
    return root.Regions(0).Blocks(0)


def _tensor(table: Any, file: bytes) -> StoredTensor:
    return StoredTensor(
        name=_text(table.Name()),
        shape=tuple(int(table.Shape(i)) for i in range(table.ShapeLength())),
        type_name=names_of("DType")[table.Type()],
        data=_tensor_data(table, file),
        unranked=table.IsUnranked(),
    )


def _tensor_data(table: Any, file: bytes) -> Bytes | None:
    """Bytes in the flatbuffer, or behind it where a file of over 2 GB gives an offset."""
    if not table.DataIsNone():
        return np.asarray(table.DataAsNumpy(), np.uint8)
    if table.Offset() > 1:
        return np.frombuffer(file, np.uint8, count=table.Size(), offset=table.Offset())
    return None


def _shape(table: Any) -> StoredTensor:
    """A shape's values are int64; writers pad those of rank 0 to one element, which is dropped."""
    data = np.zeros(0, np.uint8) if table.DataIsNone() else np.asarray(table.DataAsNumpy(), np.uint8)
    rank = table.Rank()
    return StoredTensor(name=_text(table.Name()), shape=(rank,), type_name="SHAPE", data=data[: 8 * rank])


def _operator(table: Any) -> StoredOperator:
    location = table.Location()
    return StoredOperator(
        kind=names_of("Op")[table.Op()],
        inputs=_names(table, "Inputs"),
        outputs=_names(table, "Outputs"),
        attributes=_attributes(table),
        location=_text(location.Text()) if location else "",
    )


def _attributes(operator: Any) -> dict[str, AttributeValue | bytes]:
    class_name = names_of("Attribute")[operator.AttributeType()]
    if class_name == "NONE":
        return {}
    union, attribute = operator.Attribute(), generated(class_name)()
    attribute.Init(union.Bytes, union.Pos)
    return {field.name: _value(attribute, field) for field in attribute_fields(class_name)}


def _value(attribute: Any, field: AttributeField) -> AttributeValue | bytes:
    read = getattr(attribute, field.generated_name)
    if field.form is Form.INTEGERS:
        return tuple(int(read(i)) for i in range(getattr(attribute, f"{field.generated_name}Length")()))
    if field.form is Form.BYTES:
        return bytes(read(i) for i in range(getattr(attribute, f"{field.generated_name}Length")()))
    if field.form is Form.TEXT:
        return _text(read())
    if field.form is Form.ENUM:
        return names_of(enum_class_of(field.name))[read()]
    value: AttributeValue = read()
    return value


def _names(table: Any, field: str) -> tuple[str, ...]:
    read = getattr(table, field)
    return tuple(_text(read(i)) for i in range(getattr(table, f"{field}Length")()))


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8")
