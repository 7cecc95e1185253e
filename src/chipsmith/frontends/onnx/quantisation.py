"""QuantizeLinear and DequantizeLinear: where the network says which integers it means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from chipsmith.errors import BadInput
from chipsmith.frontends.forms.elementwise import apply_binary, multiply_number, number
from chipsmith.frontends.forms.values import Const, GraphValue
from chipsmith.frontends.onnx.coded import CodedConst, CodedTensor, Coding
from chipsmith.frontends.onnx.lowering import Handler, Lowering, Value, normalise_axis, refuse
from chipsmith.frontends.onnx.model import Node
from chipsmith.quantisation.plan import Reals

_WEIGHT_TYPES = ("int8", "uint8", "int16", "uint16", "int32")
_OFFSETS = {"int8": 0, "uint8": 128, "int16": 0, "uint16": 32768}
_ELEMENT_TYPES = {0: "uint8", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16"}
"""ONNX's numbers of the types that output_dtype may name."""


def read_coding(lower: Lowering, node: Node) -> Coding:
    """Scale and zero point of a QuantizeLinear or DequantizeLinear of an activation.

    Raises OperatorRefused for other types than 8 and 16 bits, where scales differ along an axis, and for 16 bits whose
    zero point is not in the middle.
    """
    scale, zero_point = lower.constant(node, 1), lower.constant(node, 2)
    assert scale is not None
    kind = _read_type(node, zero_point)
    several = max(scale.size, 1 if zero_point is None else zero_point.size)
    if several != 1 or kind not in _OFFSETS:
        actual = f"{kind} with {several} scales" if several != 1 else kind
        raise refuse(
            node, f"activations are int8, uint8, int16 or uint16 with a single scale, and here they are {actual}"
        )
    offset = _OFFSETS[kind]
    zero = 0 if zero_point is None else int(zero_point.reshape(-1)[0])
    width = 16 if kind.endswith("16") else 8
    if width == 16 and zero != offset:
        raise refuse(node, f"its zero point is {zero}; of 16 bits {offset} alone is held: quantise it symmetrically")
    return Coding(
        scale=_check_positive(float(scale.reshape(-1)[0]), node), zero_point=zero - offset, width=width, offset=offset
    )


def _read_type(node: Node, zero_point: npt.NDArray[Any] | None) -> str:
    if zero_point is None:
        number = node.integer("output_dtype", 0)
        return _ELEMENT_TYPES.get(number, f"type {number}")
    return str(zero_point.dtype.name)


def _quantize(lower: Lowering, node: Node) -> Sequence[Value]:
    value = lower.any_value(node, 0)
    if isinstance(value, Const):
        known = {name: lower.values[name] for name in node.inputs if name}
        inputs = {name: constant.values for name, constant in known.items() if isinstance(constant, Const)}
        return [Const(values=lower.evaluate(node, inputs)[0])]
    if isinstance(value, CodedTensor):
        raise refuse(node, "it quantises what is quantised already")
    coding = read_coding(lower, node)
    return [CodedTensor(real=lower.round_to(value, coding), coding=coding)]


def _dequantize(lower: Lowering, node: Node) -> Sequence[Value]:
    value = lower.any_value(node, 0)
    if isinstance(value, Const):
        return [_dequantize_constant(lower, node, value)]
    if isinstance(value, GraphValue):
        return [_scale_integers(lower, node, value)]
    return [_read_as(lower, value, _read_as_stored(lower, node, value))]


def _read_as_stored(lower: Lowering, node: Node, value: CodedTensor) -> Coding:
    """The coding of a DequantizeLinear, of which the input's type is known though its zero point be left out."""
    if lower.has(node, 2):
        return read_coding(lower, node)
    scale = lower.constant(node, 1)
    if scale is None or scale.size != 1:
        raise refuse(node, "an activation has a single scale")
    stored = value.coding
    return Coding(
        scale=_check_positive(float(scale.reshape(-1)[0]), node),
        zero_point=-stored.offset,
        width=stored.width,
        offset=stored.offset,
    )


def _read_as(lower: Lowering, value: CodedTensor, coding: Coding) -> GraphValue:
    """The reals of integers by another coding than their own: real = (q - zero_point) * scale of the same q."""
    own = lower.coding_of(value, first_reading=coding)
    if own == coding:
        return value.real
    scaled = apply_binary(lower.build, "MUL", value.real, number(coding.scale / own.scale))
    shift = (own.zero_point - coding.zero_point) * coding.scale
    return apply_binary(lower.build, "ADD", scaled, number(shift))


def _scale_integers(lower: Lowering, node: Node, value: GraphValue) -> GraphValue:
    """The int32 of integers that the graph computes, as reals."""
    scale, zero_point = lower.constant(node, 1), lower.constant(node, 2)
    if scale is None or scale.size != 1 or (zero_point is not None and zero_point.any()):
        raise refuse(node, "computed integers have a single scale and zero point 0")
    real = value if lower.holds_reals(value) else lower.cast_to_real(value)
    return multiply_number(lower.build, real, float(scale.reshape(-1)[0]))


def _dequantize_constant(lower: Lowering, node: Node, value: Const) -> CodedConst:
    kind = value.values.dtype.name
    if kind not in _WEIGHT_TYPES:
        raise refuse(node, f"constants are integers of 4, 8, 16 or 32 bits, and this is {kind}")
    scale, zero_point = lower.constant(node, 1), lower.constant(node, 2)
    if scale is None or node.integer("block_size", 0):
        raise refuse(node, "scales for blocks of weights are not held; quantise per tensor or per channel")
    return dequantize_array(value.values, scale, zero_point, axis=node.integer("axis", 1), node=node)


def dequantize_array(
    integers: npt.NDArray[Any],
    scale: npt.NDArray[Any],
    zero_point: npt.NDArray[Any] | None,
    *,
    axis: int,
    node: Node,
) -> CodedConst:
    """The reals of a constant's integers, whose scales are flat and lie along `axis` where there are several."""
    given = np.zeros(1) if zero_point is None else zero_point.reshape(-1)
    scales: Reals = np.broadcast_to(np.asarray(scale, np.float64).reshape(-1), (max(scale.size, given.size),))
    along = normalise_axis(axis, integers.ndim, node) if scales.size > 1 else 0
    if not (np.isfinite(scales).all() and (scales > 0).all()):
        raise BadInput(f"{node.kind} '{node.name}': its scales must be positive and finite")
    if scales.size > 1 and scales.size != integers.shape[along]:
        raise BadInput(f"{node.kind} '{node.name}': {scales.size} scales do not fit axis {along} of {integers.shape}")
    zero: npt.NDArray[np.int64] = np.broadcast_to(given, scales.shape).astype(np.int64)
    spread = tuple(-1 if index == along else 1 for index in range(integers.ndim))
    factor, shift = (flat.reshape(spread if integers.ndim else ()) for flat in (scales, zero))
    reals = ((integers.astype(np.int64) - shift) * factor).astype(np.float32)
    return CodedConst(values=reals, scale=scales, zero_point=zero - _OFFSETS.get(integers.dtype.name, 0))


def _quantize_dynamically(lower: Lowering, node: Node) -> Sequence[Value]:
    """Scales that are chosen as the network runs are left out: the reals stand for themselves, at a scale of 1."""
    return [lower.value(node, 0), number(1.0), Const(values=np.zeros((), np.uint8))]


def _check_positive(scale: float, node: Node) -> float:
    if not (np.isfinite(scale) and scale > 0):
        raise BadInput(f"{node.kind} '{node.name}': scale {scale} must be positive and finite")
    return scale


HANDLERS: Mapping[str, Handler] = {
    "QuantizeLinear": _quantize,
    "DequantizeLinear": _dequantize,
    "DynamicQuantizeLinear": _quantize_dynamically,
}
