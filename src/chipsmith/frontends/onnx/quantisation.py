"""QuantizeLinear and DequantizeLinear: where the network says which integers it means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.frontends.onnx.lowering import Handler, Lowering, Parameters, normalise_axis, refuse
from chipsmith.frontends.onnx.model import Node
from chipsmith.frontends.onnx.requantize import to_int8
from chipsmith.frontends.onnx.scales import Reals
from chipsmith.frontends.onnx.values import Acc32, AffineInt8, Const, Integers, Lut, PendingInput, QuantisedConst, Value

_WEIGHT_TYPES = ("int8", "uint8", "int32", "int4", "uint4")


def _quantize(lower: Lowering, node: Node) -> Sequence[Value]:
    value = lower.value(node, 0)
    if isinstance(value, Const):
        inputs = {name: lower.values[name] for name in node.inputs if name}
        arrays = {name: constant.values for name, constant in inputs.items() if isinstance(constant, Const)}
        return [Const(values=lower.evaluate(node, arrays)[0])]
    parameters = lower.parameters(node)
    if isinstance(value, PendingInput):
        value = lower.settle_input(node.inputs[0], value, parameters)
    if not isinstance(value, AffineInt8 | Lut | Acc32):
        raise refuse(node, "it quantises what is quantised already")
    if _is_input(lower, node) and isinstance(value, AffineInt8) and _differs(value, parameters):
        raise refuse(node, f"the input '{node.inputs[0]}' is quantised in two ways; one QuantizeLinear must do for all")
    tensor = to_int8(lower.build, value, scale=parameters.scale, zero_point=parameters.zero_point)
    return [Integers(tensor=tensor, shape=value.shape, axes=value.axes, offset=parameters.offset)]


def _is_input(lower: Lowering, node: Node) -> bool:
    return any(port.name == node.inputs[0] for port in lower.model.inputs)


def _differs(value: AffineInt8, parameters: Parameters) -> bool:
    return (value.scale, value.zero_point) != (parameters.scale, parameters.zero_point)


def _dequantize(lower: Lowering, node: Node) -> Sequence[Value]:
    value = lower.value(node, 0)
    if isinstance(value, Const):
        return [_dequantize_constant(lower, node, value)]
    if not isinstance(value, Integers):
        raise refuse(node, "it reads what no QuantizeLinear made")
    parameters = lower.parameters(node)
    if parameters.offset != value.offset:
        raise refuse(node, "its zero point has another type than its input")
    return [
        AffineInt8(
            tensor=value.tensor,
            shape=value.shape,
            axes=value.axes,
            scale=parameters.scale,
            zero_point=parameters.zero_point,
        )
    ]


def _dequantize_constant(lower: Lowering, node: Node, value: Const) -> QuantisedConst:
    kind = value.values.dtype.name
    if kind not in _WEIGHT_TYPES:
        raise refuse(node, f"constants are int8, uint8, int4, uint4 or int32, and this one is {kind}")
    scale, zero_point = lower.constant(node, 1), lower.constant(node, 2)
    if scale is None or node.integer("block_size", 0):
        raise refuse(node, "scales for blocks of weights are not held; quantise per tensor or per channel")
    scales: Reals = np.asarray(scale, np.float64).reshape(-1)
    axis = normalise_axis(node.integer("axis", 1), value.values.ndim, node) if scales.size > 1 else 0
    if not (np.isfinite(scales).all() and (scales > 0).all()):
        raise BadInput(f"{node.kind} '{node.name}': its scales must be positive and finite")
    if scales.size > 1 and scales.size != value.values.shape[axis]:
        raise BadInput(f"{node.kind} '{node.name}': {scales.size} scales do not fit axis {axis} of {value.shape}")
    zero = np.zeros(scales.size) if zero_point is None else zero_point.reshape(-1)
    return QuantisedConst(
        integers=value.values.astype(np.int64),
        scale=scales,
        zero_point=np.broadcast_to(zero, scales.shape).astype(np.int64),
        axis=axis,
    )


HANDLERS: Mapping[str, Handler] = {"QuantizeLinear": _quantize, "DequantizeLinear": _dequantize}
