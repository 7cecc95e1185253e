"""Operators that ONNX itself defines by others: the nodes of that definition, in the place of a node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from chipsmith.frontends.onnx.model import Node, parse_node
from chipsmith.tosa.graph import DType

if TYPE_CHECKING:
    import onnx

_ELEMENT_TYPES = {DType.FP32: 1, DType.INT32: 7, DType.BOOL: 9}
"""ONNX's numbers of the types that values have: float, int64, bool."""


TensorType: TypeAlias = tuple[DType, tuple[int, ...]]


def expand_definition(node: Node, types: Sequence[TensorType | None], opset: int, file: Path) -> list[Node] | None:
    """The nodes by which ONNX of that version defines a node; None where it does not. They bear the node's name.

    `types` are those of its inputs, None where an input is left out.
    """
    function = _find_function(node, types, opset)
    if function is None or node.proto is None or not function.node:
        return None
    names = {
        inner: node.inputs[index] if index < len(node.inputs) else "" for index, inner in enumerate(function.input)
    }
    names |= dict(zip(function.output, node.outputs, strict=False))
    attributes = {attribute.name: attribute for attribute in function.attribute_proto}
    attributes |= {attribute.name: attribute for attribute in node.proto.attribute}
    prefix = f"{node.name}/{node.outputs[0]}/"
    nodes = [_rewrite(inner, names, attributes, prefix) for inner in function.node]
    return [replace(parse_node(inner, file), name=node.name) for inner in nodes]


def _find_function(node: Node, types: Sequence[TensorType | None], opset: int) -> onnx.FunctionProto | None:
    import onnx

    if node.proto is None or node.proto.domain not in ("", "ai.onnx") or not onnx.defs.has(node.kind):
        return None
    try:
        schema = onnx.defs.get_schema(node.kind, opset)
        if schema.has_function:
            return schema.function_body
        if not schema.has_context_dependent_function:
            return None
        told = [_write_type(tensor) for tensor in types]
        return onnx.FunctionProto.FromString(
            schema.get_context_dependent_function(node.proto.SerializeToString(), told)
        )
    except Exception:  # of a node for whose attributes there is no definition
        return None


def _write_type(tensor: TensorType | None) -> bytes:
    import onnx

    if tensor is None:
        return b""
    dtype, shape = tensor
    told: bytes = onnx.helper.make_tensor_type_proto(_ELEMENT_TYPES[dtype], shape).SerializeToString()
    return told


def _rewrite(
    inner: onnx.NodeProto, names: dict[str, str], attributes: Mapping[str, onnx.AttributeProto], prefix: str
) -> onnx.NodeProto:
    """A node of a definition with the caller's names and attributes."""
    import onnx

    node = onnx.NodeProto()
    node.CopyFrom(inner)
    del node.input[:], node.output[:], node.attribute[:]
    node.input.extend(_rename(name, names, prefix) for name in inner.input)
    node.output.extend(_rename(name, names, prefix) for name in inner.output)
    for attribute in inner.attribute:
        if not attribute.ref_attr_name:
            node.attribute.append(attribute)
        elif attribute.ref_attr_name in attributes:
            given = node.attribute.add()
            given.CopyFrom(attributes[attribute.ref_attr_name])
            given.name = attribute.name
    for attribute in node.attribute:
        if attribute.HasField("g"):
            _rewrite_branch(attribute.g, names, attributes, prefix)
    return node


def _rewrite_branch(
    branch: onnx.GraphProto, names: dict[str, str], attributes: Mapping[str, onnx.AttributeProto], prefix: str
) -> None:
    nodes = [_rewrite(inner, names, attributes, prefix) for inner in branch.node]
    del branch.node[:]
    branch.node.extend(nodes)
    for port in branch.output:
        port.name = _rename(port.name, names, prefix)


def _rename(name: str, names: dict[str, str], prefix: str) -> str:
    return names.setdefault(name, f"{prefix}{name}") if name else ""
