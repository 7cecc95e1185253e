"""Add, Sub, Mul, Div, Max and Min of two values: int32 at a common scale, or a product of integers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.frontends.onnx.lowering import Handler, Lowering, refuse
from chipsmith.frontends.onnx.model import Node
from chipsmith.frontends.onnx.pointwise import tabulate
from chipsmith.frontends.onnx.requantize import (
    FINE,
    arrange,
    constant_to_scale,
    extend_rank,
    find_reach,
    to_acc32,
    to_scale,
)
from chipsmith.frontends.onnx.values import (
    Acc32,
    AffineInt8,
    Axes,
    Computed,
    Const,
    Integers,
    Lut,
    PendingInput,
    QuantisedConst,
    Shape,
    Value,
    dequantize_const,
)

Operand: TypeAlias = Computed | Const | QuantisedConst
_FACTOR = 32767
_PRODUCT_BITS = 30
_KINDS = {"Add": "ADD", "Sub": "SUB", "Max": "MAXIMUM", "Min": "MINIMUM"}


def _binary(lower: Lowering, node: Node) -> Sequence[Value]:
    table = tabulate(lower, node)
    if table is not None:
        return [table]
    if len(node.inputs) != 2:
        raise refuse(node, f"{len(node.inputs)} operands are not held; 2 are")
    left, right = (_read_operand(lower, node, index) for index in range(2))
    if node.kind in ("Mul", "Div"):
        return [_multiply(lower, node, left, _invert(node, right) if node.kind == "Div" else right)]
    if node.kind == "Pow" or node.kind == "PRelu":
        raise refuse(node, "an exponent or slope that differs by element is not held")
    return [_combine(lower, node, left, right)]


def _read_operand(lower: Lowering, node: Node, index: int) -> Operand:
    value = lower.settle(node, index)
    if isinstance(value, PendingInput | Integers):
        raise refuse(node, f"'{node.inputs[index]}' holds integers, and only real values are computed with")
    return value


def _combine(lower: Lowering, node: Node, left: Operand, right: Operand) -> Acc32:
    """Both in steps so fine that rounding them is far below a step of any int8 scale."""
    build = lower.build
    scale = max(find_reach(left), find_reach(right)) / FINE
    left_operand, right_operand, shape, axes = _align(lower, node, left, right)
    left_tensor, right_tensor = (
        constant_to_scale(build, value, scale=scale, rank=len(shape), axes=axes)
        if isinstance(value, Const | QuantisedConst)
        else to_scale(build, value, scale)
        for value in (left_operand, right_operand)
    )
    bound = (find_reach(left) + find_reach(right)) / scale + 1
    return Acc32(
        tensor=build.binary(_KINDS[node.kind], left_tensor, right_tensor),
        shape=shape,
        axes=axes,
        scale=np.array([scale]),
        bound=np.array([np.ceil(bound)]),
    )


def _align(lower: Lowering, node: Node, left: Operand, right: Operand) -> tuple[Operand, Operand, Shape, Axes]:
    """Both with one rank and one order of axes: that of the larger one."""
    try:
        shape = tuple(np.broadcast_shapes(left.shape, right.shape))
    except ValueError as error:
        raise BadInput(f"{node.kind} '{node.name}': {left.shape} and {right.shape} do not broadcast") from error
    build = lower.build
    operands = [
        extend_rank(build, value, len(shape)) if not isinstance(value, Const | QuantisedConst) else value
        for value in (left, right)
    ]
    computed = [value for value in operands if not isinstance(value, Const | QuantisedConst)]
    axes = max(computed, key=lambda value: int(np.prod(value.shape))).axes
    first, second = (
        value if isinstance(value, Const | QuantisedConst) else arrange(build, value, axes) for value in operands
    )
    return first, second, shape, axes


def _multiply(lower: Lowering, node: Node, left: Operand, right: Operand) -> Acc32:
    """The product of integers, moved right where it would not fit int32."""
    build = lower.build
    first, second, shape, axes = _align(lower, node, left, right)
    left_factor, right_factor = (_to_factor(lower, value, len(shape), axes) for value in (first, second))
    product = float(left_factor.bound[0] * right_factor.bound[0])
    shift = max(0, int(np.ceil(np.log2(max(product, 1.0)))) - _PRODUCT_BITS)
    return Acc32(
        tensor=build.multiply(left_factor.tensor, right_factor.tensor, shift=shift),
        shape=shape,
        axes=axes,
        scale=left_factor.scale * right_factor.scale * 2.0**shift,
        bound=np.array([np.ceil(product / 2.0**shift) + 1]),
    )


def _to_factor(lower: Lowering, value: Operand, rank: int, axes: Axes) -> Acc32:
    """A factor as int32; a constant has 16 bits."""
    if not isinstance(value, Const | QuantisedConst):
        return to_acc32(lower.build, value)
    scale = find_reach(value) / _FACTOR
    tensor = constant_to_scale(lower.build, value, scale=scale, rank=rank, axes=axes)
    return Acc32(
        tensor=tensor,
        shape=value.shape,
        axes=axes,
        scale=np.array([scale]),
        bound=np.array([float(_FACTOR)]),
    )


def _invert(node: Node, value: Operand) -> Operand:
    """One over a divisor: of a constant, or of an int8 value, by a table."""
    if isinstance(value, Const | QuantisedConst):
        with np.errstate(divide="ignore"):
            return Const(values=1.0 / np.asarray(dequantize_const(value), np.float64))
    if not isinstance(value, AffineInt8 | Lut):
        raise refuse(node, f"the divisor '{node.inputs[1]}' must be int8: quantise that tensor too")
    with np.errstate(divide="ignore"):
        inverse = (1.0 / value.real.astype(np.float64)).astype(np.float32)
    return Lut(tensor=value.tensor, shape=value.shape, axes=value.axes, real=_limit_to_finite(inverse))


def _limit_to_finite(
    real: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """What a division by zero gives counts as the largest quotient that is not infinite."""
    largest = np.abs(real[np.isfinite(real)]).max(initial=0.0)
    return np.clip(real, -largest, largest)


HANDLERS: Mapping[str, Handler] = dict.fromkeys(("Add", "Sub", "Mul", "Div", "Max", "Min", "Pow", "PRelu"), _binary)
