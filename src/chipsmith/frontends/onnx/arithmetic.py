"""Arithmetic of two values and more, which broadcast."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial, reduce

import numpy as np

from chipsmith.frontends.forms import integers
from chipsmith.frontends.forms.elementwise import apply_binary, divide, multiply_number
from chipsmith.frontends.forms.functions import square_root, truncate
from chipsmith.frontends.forms.values import Const, GraphValue
from chipsmith.frontends.onnx.lowering import Handler, Lowering, Value, refuse
from chipsmith.frontends.onnx.model import Node
from chipsmith.tosa.graph import DType

_KINDS = {"Add": "ADD", "Sub": "SUB", "Mul": "MUL", "Max": "MAXIMUM", "Min": "MINIMUM", "Sum": "ADD", "Mean": "ADD"}


def read_pair(lower: Lowering, node: Node) -> tuple[GraphValue | Const, GraphValue | Const]:
    """Both operands. Up to version 6 the second may say along which axes of the first it lies."""
    left, right = lower.value(node, 0), lower.value(node, 1)
    if "axis" not in node.attributes or not isinstance(right, Const):
        return left, right
    behind = len(left.shape) - node.integer("axis", 0) - right.values.ndim
    return left, Const(values=right.values.reshape(*right.shape, *(1,) * behind))


def _binary(lower: Lowering, node: Node) -> Sequence[Value]:
    left, right = read_pair(lower, node)
    return [apply_binary(lower.build, _KINDS[node.kind], left, right)]


def _join(lower: Lowering, node: Node) -> Sequence[Value]:
    """Sum, Mean, Max and Min of any number of values: constants are joined before."""
    values = [lower.value(node, index) for index in range(len(node.inputs))]
    constants = [value.values for value in values if isinstance(value, Const)]
    operands: list[GraphValue | Const] = [value for value in values if isinstance(value, GraphValue)]
    if constants:
        operands.append(Const(values=reduce(_JOINS[node.kind], constants)))
    total = reduce(partial(apply_binary, lower.build, _KINDS[node.kind]), operands[1:], operands[0])
    assert isinstance(total, GraphValue)
    return [multiply_number(lower.build, total, 1 / len(values)) if node.kind == "Mean" else total]


_JOINS = {"Max": np.maximum, "Min": np.minimum, "Sum": np.add, "Mean": np.add}


def _divide(lower: Lowering, node: Node) -> Sequence[Value]:
    left, right = read_pair(lower, node)
    if _are_integers(lower, left, right):
        return [integers.divide_integers(lower.build, left, right)]
    return [divide(lower.build, left, right)]


def _are_integers(lower: Lowering, left: GraphValue | Const, right: GraphValue | Const) -> bool:
    return DType.INT32 in (lower.type_of(left), lower.type_of(right))


def _modulo(lower: Lowering, node: Node) -> Sequence[Value]:
    """The remainder: of integers with the sign of the divisor, with fmod with the sign of the dividend."""
    left, right = read_pair(lower, node)
    towards_zero = bool(node.integer("fmod", 0))
    if _are_integers(lower, left, right):
        return [integers.take_remainder(lower.build, left, right, towards_zero=towards_zero)]
    whole = truncate(lower.build, divide(lower.build, left, right))
    return [apply_binary(lower.build, "SUB", left, apply_binary(lower.build, "MUL", whole, right))]


def _power(lower: Lowering, node: Node) -> Sequence[Value]:
    """Squares, cubes and roots by themselves, for they are defined for all that they are used for."""
    left, right = read_pair(lower, node)
    exponents = set(right.values.reshape(-1).tolist()) if isinstance(right, Const) else set()
    if isinstance(left, GraphValue) and exponents in ({2.0}, {3.0}):
        return [_multiply_out(lower, node, left, int(exponents.pop()), right.shape)]
    if not lower.holds_reals(left) or not lower.holds_reals(right):
        return [_power_of_integers(lower, node, left, right)]
    if isinstance(left, GraphValue) and exponents == {0.5} and math.prod(right.shape) == 1:
        return [square_root(lower.build, left)]
    return [apply_binary(lower.build, "POW", left, right)]


def _multiply_out(lower: Lowering, node: Node, value: GraphValue, exponent: int, shape: tuple[int, ...]) -> GraphValue:
    if np.broadcast_shapes(value.shape, shape) != value.shape:
        raise refuse(node, f"an exponent of shape {list(shape)}, larger than what it is applied to")
    square = apply_binary(lower.build, "MUL", value, value)
    return square if exponent == 2 else apply_binary(lower.build, "MUL", square, value)


def _power_of_integers(lower: Lowering, node: Node, left: GraphValue | Const, right: GraphValue | Const) -> GraphValue:
    """A real base with exponents of integers; integers to a power are refused."""
    if not lower.holds_reals(left):
        raise refuse(node, "integers to a computed power; cast them to real numbers first")
    if isinstance(right, GraphValue):
        right = lower.cast_to_real(right)
    return apply_binary(lower.build, "POW", left, right)


HANDLERS: Mapping[str, Handler] = {
    **dict.fromkeys(("Add", "Sub", "Mul"), _binary),
    **dict.fromkeys(("Max", "Min", "Sum", "Mean"), _join),
    "Div": _divide,
    "Mod": _modulo,
    "Pow": _power,
}
