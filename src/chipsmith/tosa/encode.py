"""From a Graph to the bytes of a TOSA 1.0.0 flatbuffer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.tosa.elements import to_bytes
from chipsmith.tosa.graph import AttributeValue, DType, Graph, Operator, Tensor
from chipsmith.tosa.locations import format_location
from chipsmith.tosa.schema import (
    AttributeField,
    Form,
    attribute_class_of,
    attribute_fields,
    enum_class_of,
    generated_module,
    numbers_of,
)

_FILE_IDENTIFIER = b"TOSA"
_VERSION = {"_Major": 1, "_Minor": 0, "_Patch": 0, "_Draft": False}
_DATA_ALIGNMENT_BYTES = 8


def encode_graph(graph: Graph, operator_names: Mapping[str, str]) -> bytes:
    """The file of `graph`: constants as CONST and CONST_SHAPE operators first, then its operators in order.

    The operators' locations hold their author's names, where `operator_names` has one.
    """
    import flatbuffers

    encoder = _Encoder(flatbuffers.Builder(1 << 16), operator_names)
    return encoder.file(graph)


class _Encoder:
    """Writes one flatbuffer; offsets (int) are the library's handles of what has been written."""

    def __init__(self, builder: Any, operator_names: Mapping[str, str]) -> None:
        self._builder = builder
        self._names = operator_names

    def file(self, graph: Graph) -> bytes:
        block = self._table("TosaBasicBlock", self._block_fields(graph))
        blocks = self._offsets([block])
        region = self._table("TosaRegion", {"Name": self._string("main"), "Blocks": blocks})
        regions = self._offsets([region])
        version = self._table("Version", _VERSION)
        root = self._table("TosaGraph", {"Version": version, "Regions": regions})
        self._builder.Finish(root, file_identifier=_FILE_IDENTIFIER)
        return bytes(self._builder.Output())

    def _block_fields(self, graph: Graph) -> dict[str, int]:
        shapes = [tensor for tensor in graph.tensors.values() if tensor.dtype is DType.SHAPE]
        tensors = [tensor for tensor in graph.tensors.values() if tensor.dtype is not DType.SHAPE]
        constants = [_constant_operator(graph.tensors[name]) for name in graph.constants]
        return {
            "Name": self._string("main"),
            "Operators": self._offsets([self._operator(op, graph) for op in (*constants, *graph.operators)]),
            "Tensors": self._offsets([self._tensor(tensor, graph) for tensor in tensors]),
            "Inputs": self._strings(graph.inputs),
            "Outputs": self._strings(graph.outputs),
            "Shapes": self._offsets([self._shape(shape, graph) for shape in shapes]),
        }

    def _tensor(self, tensor: Tensor, graph: Graph) -> int:
        fields = {
            "Name": self._string(tensor.name),
            "Shape": self._integers(tensor.shape),
            "Type": numbers_of("DType")[tensor.dtype.name],
        }
        if tensor.name in graph.constants:
            fields["Data"] = self._bytes(to_bytes(graph.constants[tensor.name], tensor.dtype))
        return self._table("TosaTensor", fields)

    def _shape(self, tensor: Tensor, graph: Graph) -> int:
        fields = {
            "Name": self._string(tensor.name),
            "Rank": tensor.elements,
            "Data": self._bytes(to_bytes(graph.constants[tensor.name], DType.SHAPE)),
        }
        return self._table("TosaShape", fields)

    def _operator(self, operator: Operator, graph: Graph) -> int:
        number = _operator_number(operator)
        return self._table(
            "TosaOperator",
            {
                "Op": number,
                "AttributeType": number,
                "Attribute": self._attributes(operator, graph),
                "Inputs": self._strings(operator.inputs),
                "Outputs": self._strings(operator.outputs),
                **self._location(operator),
            },
        )

    def _location(self, operator: Operator) -> dict[str, int]:
        name = self._names.get(operator.name)
        if not name:
            return {}
        return {"Location": self._table("OpLocation", {"Text": self._string(format_location(name))})}

    def _attributes(self, operator: Operator, graph: Graph) -> int:
        class_name = attribute_class_of(operator.kind)
        fields = {
            field.generated_name: self._attribute(field, operator, graph)
            for field in attribute_fields(class_name)
            if field.name in operator.attributes
        }
        return self._table(class_name, fields)

    def _attribute(self, field: AttributeField, operator: Operator, graph: Graph) -> AttributeValue:
        value = operator.attributes[field.name]
        match field.form:
            case Form.INTEGERS:
                return self._integers(_integers_of(value))
            case Form.BYTES:
                dtype = graph.tensors[operator.inputs[0]].dtype
                return self._bytes(to_bytes(np.asarray(value, dtype.numpy), dtype))
            case Form.TEXT:
                return self._string(str(value))
            case Form.ENUM:
                return _enum_number(field.name, str(value), operator)
            case Form.SCALAR:
                return value

    def _table(self, class_name: str, fields: dict[str, Any]) -> int:
        module = generated_module(class_name)
        module.Start(self._builder)
        for name, value in fields.items():
            getattr(module, f"Add{name}")(self._builder, value)
        return int(module.End(self._builder))

    def _string(self, text: str) -> int:
        return int(self._builder.CreateSharedString(text))

    def _strings(self, texts: Sequence[str]) -> int:
        return self._offsets([self._string(text) for text in texts])

    def _offsets(self, offsets: Sequence[int]) -> int:
        self._builder.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            self._builder.PrependUOffsetTRelative(offset)
        return int(self._builder.EndVector())

    def _integers(self, values: Sequence[int]) -> int:
        return int(self._builder.CreateNumpyVector(np.asarray(values, np.int32)))

    def _bytes(self, data: bytes) -> int:
        """A byte vector that starts at a multiple of 8, as the schema's force_align asks."""
        self._builder.StartVector(1, len(data), _DATA_ALIGNMENT_BYTES)
        self._builder.head -= len(data)
        self._builder.Bytes[self._builder.head : self._builder.head + len(data)] = data
        return int(self._builder.EndVector())


def _constant_operator(tensor: Tensor) -> Operator:
    kind = "CONST_SHAPE" if tensor.dtype is DType.SHAPE else "CONST"
    return Operator(kind=kind, name=tensor.name, inputs=(), outputs=(tensor.name,))


def _operator_number(operator: Operator) -> int:
    try:
        return numbers_of("Op")[operator.kind]
    except KeyError:
        raise BadInput(f"operator '{operator.name}': TOSA has no operator {operator.kind}") from None


def _enum_number(attribute: str, name: str, operator: Operator) -> int:
    numbers = numbers_of(enum_class_of(attribute))
    if name not in numbers:
        allowed = ", ".join(numbers)
        raise BadInput(f"{operator.kind} '{operator.name}': attribute {attribute} is {name}; allowed are {allowed}")
    return numbers[name]


def _integers_of(value: AttributeValue) -> tuple[int, ...]:
    return value if isinstance(value, tuple) else (int(value),)
