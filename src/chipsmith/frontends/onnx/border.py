"""Inputs of an ONNX network: how they enter the graph, and what a quantised file says of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from chipsmith.errors import OperatorRefused
from chipsmith.frontends.forms.values import GraphValue
from chipsmith.frontends.onnx.coded import CodedTensor, Coding
from chipsmith.frontends.onnx.lowering import Lowering, Value
from chipsmith.frontends.onnx.model import OnnxInput
from chipsmith.quantisation.network import NetworkInput
from chipsmith.quantisation.plan import INT16_WIDTH, Quantisation, quantise_tensor
from chipsmith.tosa.graph import DType, Graph, Operator

_TYPES = {
    **dict.fromkeys(("float16", "float32", "float64", "bfloat16"), DType.FP32),
    **dict.fromkeys(("int16", "int32", "int64", "uint16", "uint32", "uint64"), DType.INT32),
    "bool": DType.BOOL,
}
_CODED_TYPES = {"int8": 0, "uint8": 128}
_MOVING = frozenset(
    ("TRANSPOSE", "RESHAPE", "SLICE", "CONCAT", "PAD", "MAX_POOL2D", "GATHER", "TILE", "REVERSE", "CLAMP", "IDENTITY")
)
"""Operators behind which the rounding of an input may stand as well as before them."""
_INT16_LIMIT = 32767


def enter_input(lower: Lowering, port: OnnxInput) -> Value:
    """An input of the network. Integers of 8 bits count as themselves until a DequantizeLinear says what they mean."""
    kind = port.dtype.name
    axes = tuple(range(len(port.shape)))
    if kind in _CODED_TYPES:
        offset = _CODED_TYPES[kind]
        real = GraphValue(tensor=lower.build.enter(port.name, port.shape, DType.FP32), shape=port.shape, axes=axes)
        return CodedTensor(real=real, coding=Coding(scale=1.0, zero_point=-offset, width=8, offset=offset))
    if kind not in _TYPES:
        raise OperatorRefused(f"input '{port.name}' is {kind}; real numbers, integers and truth values are held")
    return GraphValue(tensor=lower.build.enter(port.name, port.shape, _TYPES[kind]), shape=port.shape, axes=axes)


def name_inputs(lower: Lowering) -> tuple[NetworkInput, ...]:
    """The network's inputs, with what their own integers stand for."""
    return tuple(
        NetworkInput(name=port.name, dtype=port.dtype, shape=port.shape, encoding=_read_encoding(lower, port))
        for port in lower.model.inputs
    )


def _read_encoding(lower: Lowering, port: OnnxInput) -> Quantisation | None:
    value = lower.values[port.name]
    return lower.coding_of(value).quantisation if isinstance(value, CodedTensor) else None


def plan_inputs(lower: Lowering, graph: Graph, plan: Mapping[str, Quantisation]) -> dict[str, Quantisation]:
    """The rounding of a quantised file's inputs: that of the QuantizeLinear that reads them, at once or moved.

    Where several read an input in different ways, it has 16 bits. Raises OperatorRefused, naming the node, where a
    quantised file computes with an input in floating point.
    """
    coded = {entry.name: entry.encoding for entry in name_inputs(lower) if entry.encoding is not None}
    if not lower.model.quantised:
        return coded
    readers = _list_readers(graph)
    planned = {
        port.name: _join(_follow(lower, port.name, readers, plan, port.name))
        for port in lower.model.inputs
        if port.name not in coded and graph.tensor(port.name).dtype is DType.FP32 and port.name in readers
    }
    return coded | planned


def _list_readers(graph: Graph) -> dict[str, list[Operator]]:
    readers: dict[str, list[Operator]] = {}
    for operator in graph.operators:
        for name in operator.inputs:
            readers.setdefault(name, []).append(operator)
    return readers


def _follow(
    lower: Lowering, tensor: str, readers: Mapping[str, list[Operator]], plan: Mapping[str, Quantisation], port: str
) -> list[Quantisation]:
    """The roundings that a tensor meets first."""
    rounded: list[Quantisation] = []
    for operator in readers.get(tensor, []):
        (result,) = operator.outputs
        if result in plan:
            rounded.append(plan[result])
        elif operator.kind in _MOVING:
            rounded += _follow(lower, result, readers, plan, port)
        else:
            node = lower.build.origins.get(operator.name, operator.name)
            raise OperatorRefused(
                f"node '{node}' reads the input '{port}' in floating point, and the file is quantised: quantise that "
                "input too (a QuantizeLinear and a DequantizeLinear behind it), or give the float network"
            )
    return rounded


def _join(rounded: list[Quantisation]) -> Quantisation:
    first = rounded[0]
    if all(_is_same(first, other) for other in rounded):
        return first
    reach = max(float(abs(limit - entry.zero_point[0]) * entry.scale[0]) for entry in rounded for limit in entry.limits)
    return quantise_tensor(reach / _INT16_LIMIT, 0, width=INT16_WIDTH)


def _is_same(left: Quantisation, right: Quantisation) -> bool:
    return (
        left.width == right.width
        and np.array_equal(left.scale, right.scale)
        and np.array_equal(left.zero_point, right.zero_point)
    )
