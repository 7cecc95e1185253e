"""Which element types the definition of an operator takes: a file may say a type that its operator does not."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from chipsmith.errors import BadInput
from chipsmith.frontends.forms.values import GraphValue
from chipsmith.tosa.graph import DType

if TYPE_CHECKING:
    from chipsmith.frontends.onnx.lowering import Lowering
    from chipsmith.frontends.onnx.model import Node

_KINDS: Mapping[DType, tuple[str, frozenset[str]]] = MappingProxyType(
    {
        DType.FP32: ("real numbers", frozenset({"float16", "float", "double", "bfloat16"})),
        DType.INT32: ("integers", frozenset(f"{sign}int{bits}" for sign in ("", "u") for bits in (4, 8, 16, 32, 64))),
        DType.BOOL: ("truth values", frozenset({"bool"})),
    }
)


def check_element_types(lower: Lowering, node: Node) -> None:
    """Raise BadInput where a computed input of a node of ONNX itself is of a kind that the operator does not take."""
    if node.proto is None or node.proto.domain not in ("", "ai.onnx"):
        return
    for index, name in enumerate(node.inputs):
        value = lower.values.get(name)
        if not isinstance(value, GraphValue):
            continue
        taken, kind = _taken_kinds(node.kind, lower.opset(), index), lower.build.dtype(value.tensor)
        if taken and kind not in taken:
            words = " or ".join(_KINDS[dtype][0] for dtype in taken)
            raise BadInput(f"{node.kind} '{node.name}': its input '{name}' is of {_KINDS[kind][0]}; it takes {words}")


@lru_cache(maxsize=1024)
def _taken_kinds(operator: str, opset: int, index: int) -> tuple[DType, ...]:
    """The kinds of elements of an operator's input; none where there is no definition, or it is of no tensors."""
    import onnx

    try:
        inputs = onnx.defs.get_schema(operator, opset).inputs
    except onnx.defs.SchemaError:
        return ()
    variadic = bool(inputs) and inputs[-1].option is onnx.defs.OpSchema.FormalParameterOption.Variadic
    if index >= len(inputs) and not variadic:
        return ()
    types = {word.removeprefix("tensor(").removesuffix(")") for word in inputs[min(index, len(inputs) - 1)].types}
    return tuple(dtype for dtype, (_, names) in _KINDS.items() if names & types)
