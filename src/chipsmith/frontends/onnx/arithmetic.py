"""Add, Sub, Mul, Div, Max and Min of two values: int32 at a common scale, or a product of integers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.frontends.onnx.lowering import Handler, Lowering, refuse
from chipsmith.frontends.onnx.model import Node
from chipsmith.frontends.onnx.pointwise import tabulated
from chipsmith.frontends.onnx.requantize import FINE, arranged, as_wide, at_scale, constant_at_scale, extended, reach
from chipsmith.frontends.onnx.values import (
    Affine,
    Axes,
    Computed,
    Entering,
    Integers,
    Known,
    Quantised,
    Shape,
    Tabulated,
    Value,
    Wide,
    real_constant,
)

Operand: TypeAlias = Computed | Known | Quantised
_FACTOR = 32767
_PRODUCT_BITS = 30
_KINDS = {"Add": "ADD", "Sub": "SUB", "Max": "MAXIMUM", "Min": "MINIMUM"}


def _binary(lower: Lowering, node: Node) -> Sequence[Value]:
    table = tabulated(lower, node)
    if table is not None:
        return [table]
    if len(node.inputs) != 2:
        raise refuse(node, f"{len(node.inputs)} operands are not held; 2 are")
    left, right = (_operand(lower, node, index) for index in range(2))
    if node.kind in ("Mul", "Div"):
        return [_multiplied(lower, node, left, _inverse(node, right) if node.kind == "Div" else right)]
    if node.kind == "Pow" or node.kind == "PRelu":
        raise refuse(node, "an exponent or slope that differs by element is not held")
    return [_combined(lower, node, left, right)]


def _operand(lower: Lowering, node: Node, index: int) -> Operand:
    value = lower.settled(node, index)
    if isinstance(value, Entering | Integers):
        raise refuse(node, f"'{node.inputs[index]}' holds integers, and only real values are computed with")
    return value


def _combined(lower: Lowering, node: Node, left: Operand, right: Operand) -> Wide:
    """Both in steps so fine that rounding them is far below a step of any int8 scale."""
    build = lower.build
    scale = max(reach(left), reach(right)) / FINE
    first, second, shape, axes = _aligned(lower, node, left, right)
    one, two = (
        constant_at_scale(build, value, scale=scale, rank=len(shape), axes=axes)
        if isinstance(value, Known | Quantised)
        else at_scale(build, value, scale)
        for value in (first, second)
    )
    bound = (reach(left) + reach(right)) / scale + 1
    return Wide(
        tensor=build.binary(_KINDS[node.kind], one, two),
        shape=shape,
        axes=axes,
        scale=np.array([scale]),
        bound=np.array([np.ceil(bound)]),
    )


def _aligned(lower: Lowering, node: Node, left: Operand, right: Operand) -> tuple[Operand, Operand, Shape, Axes]:
    """Both with one rank and one order of axes: that of the larger one."""
    try:
        shape = tuple(np.broadcast_shapes(left.shape, right.shape))
    except ValueError as error:
        raise BadInput(f"{node.kind} '{node.name}': {left.shape} and {right.shape} do not broadcast") from error
    build = lower.build
    held = [
        extended(build, value, len(shape)) if not isinstance(value, Known | Quantised) else value
        for value in (left, right)
    ]
    computed = [value for value in held if not isinstance(value, Known | Quantised)]
    axes = max(computed, key=lambda value: int(np.prod(value.shape))).axes
    first, second = (value if isinstance(value, Known | Quantised) else arranged(build, value, axes) for value in held)
    return first, second, shape, axes


def _multiplied(lower: Lowering, node: Node, left: Operand, right: Operand) -> Wide:
    """The product of integers, moved right where it would not fit int32."""
    build = lower.build
    first, second, shape, axes = _aligned(lower, node, left, right)
    one, two = (_factor(lower, value, len(shape), axes) for value in (first, second))
    product = float(one.bound[0] * two.bound[0])
    shift = max(0, int(np.ceil(np.log2(max(product, 1.0)))) - _PRODUCT_BITS)
    return Wide(
        tensor=build.multiply(one.tensor, two.tensor, shift=shift),
        shape=shape,
        axes=axes,
        scale=one.scale * two.scale * 2.0**shift,
        bound=np.array([np.ceil(product / 2.0**shift) + 1]),
    )


def _factor(lower: Lowering, value: Operand, rank: int, axes: Axes) -> Wide:
    """A factor as int32; a constant has 16 bits."""
    if not isinstance(value, Known | Quantised):
        return as_wide(lower.build, value)
    scale = reach(value) / _FACTOR
    tensor = constant_at_scale(lower.build, value, scale=scale, rank=rank, axes=axes)
    return Wide(
        tensor=tensor,
        shape=value.shape,
        axes=axes,
        scale=np.array([scale]),
        bound=np.array([float(_FACTOR)]),
    )


def _inverse(node: Node, value: Operand) -> Operand:
    """One over a divisor: of a constant, or of an int8 value, by a table."""
    if isinstance(value, Known | Quantised):
        with np.errstate(divide="ignore"):
            return Known(values=1.0 / np.asarray(real_constant(value), np.float64))
    if not isinstance(value, Affine | Tabulated):
        raise refuse(node, f"the divisor '{node.inputs[1]}' must be int8: quantise that tensor too")
    with np.errstate(divide="ignore"):
        inverse = (1.0 / value.real.astype(np.float64)).astype(np.float32)
    return Tabulated(tensor=value.tensor, shape=value.shape, axes=value.axes, real=_finite(inverse))


def _finite(
    real: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """What a division by zero gives counts as the largest quotient that is not infinite."""
    largest = np.abs(real[np.isfinite(real)]).max(initial=0.0)
    return np.clip(real, -largest, largest)


HANDLERS: Mapping[str, Handler] = dict.fromkeys(("Add", "Sub", "Mul", "Div", "Max", "Min", "Pow", "PRelu"), _binary)
