"""QuantizeLinear and DequantizeLinear: where the network says which integers it means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.frontends.onnx.lowering import Handler, Lowering, only_axis, refuse
from chipsmith.frontends.onnx.model import Node
from chipsmith.frontends.onnx.requantize import to_int8
from chipsmith.frontends.onnx.scales import Reals
from chipsmith.frontends.onnx.values import Affine, Entering, Integers, Known, Quantised, Tabulated, Value, Wide

_WEIGHT_TYPES = ("int8", "uint8", "int32", "int4", "uint4")


def _quantize(lower: Lowering, node: Node) -> Sequence[Value]:
    value = lower.value(node, 0)
    if isinstance(value, Known):
        inputs = {name: lower.values[name] for name in node.inputs if name}
        arrays = {name: one.values for name, one in inputs.items() if isinstance(one, Known)}
        return [Known(values=lower.evaluate(node, arrays)[0])]
    found = lower.parameters(node)
    if isinstance(value, Entering):
        value = lower.entered(node.inputs[0], value, found)
    if not isinstance(value, Affine | Tabulated | Wide):
        raise refuse(node, "it quantises what is quantised already")
    if _is_input(lower, node) and isinstance(value, Affine) and _differs(value, found.scale, found.zero_point):
        raise refuse(node, f"the input '{node.inputs[0]}' is quantised in two ways; one QuantizeLinear must do for all")
    tensor = to_int8(lower.build, value, scale=found.scale, zero_point=found.zero_point)
    return [Integers(tensor=tensor, shape=value.shape, axes=value.axes, offset=found.offset)]


def _is_input(lower: Lowering, node: Node) -> bool:
    return any(port.name == node.inputs[0] for port in lower.model.inputs)


def _differs(value: Affine, scale: float, zero_point: int) -> bool:
    return (value.scale, value.zero_point) != (scale, zero_point)


def _dequantize(lower: Lowering, node: Node) -> Sequence[Value]:
    value = lower.value(node, 0)
    if isinstance(value, Known):
        return [_dequantized_constant(lower, node, value)]
    if not isinstance(value, Integers):
        raise refuse(node, "it reads what no QuantizeLinear made")
    found = lower.parameters(node)
    if found.offset != value.offset:
        raise refuse(node, "its zero point has another type than its input")
    return [
        Affine(
            tensor=value.tensor,
            shape=value.shape,
            axes=value.axes,
            scale=found.scale,
            zero_point=found.zero_point,
        )
    ]


def _dequantized_constant(lower: Lowering, node: Node, value: Known) -> Quantised:
    kind = value.values.dtype.name
    if kind not in _WEIGHT_TYPES:
        raise refuse(node, f"constants are int8, uint8, int4, uint4 or int32, and this one is {kind}")
    scale, zero_point = lower.constant(node, 1), lower.constant(node, 2)
    if scale is None or node.integer("block_size", 0):
        raise refuse(node, "scales for blocks of weights are not held; quantise per tensor or per channel")
    scales: Reals = np.asarray(scale, np.float64).reshape(-1)
    axis = only_axis(node.integer("axis", 1), value.values.ndim, node) if scales.size > 1 else 0
    if not (np.isfinite(scales).all() and (scales > 0).all()):
        raise BadInput(f"{node.kind} '{node.name}': its scales must be positive and finite")
    if scales.size > 1 and scales.size != value.values.shape[axis]:
        raise BadInput(f"{node.kind} '{node.name}': {scales.size} scales do not fit axis {axis} of {value.shape}")
    zero = np.zeros(scales.size) if zero_point is None else zero_point.reshape(-1)
    return Quantised(
        integers=value.values.astype(np.int64),
        scale=scales,
        zero_point=np.broadcast_to(zero, scales.shape).astype(np.int64),
        axis=axis,
    )


HANDLERS: Mapping[str, Handler] = {"QuantizeLinear": _quantize, "DequantizeLinear": _dequantize}
