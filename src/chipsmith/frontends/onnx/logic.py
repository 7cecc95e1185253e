"""Comparisons, truth values, choices by them, and conversions between types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from chipsmith.frontends.forms import logic
from chipsmith.frontends.forms.elementwise import apply_binary, number
from chipsmith.frontends.forms.functions import truncate
from chipsmith.frontends.forms.values import Const, GraphValue
from chipsmith.frontends.onnx.arithmetic import read_pair
from chipsmith.frontends.onnx.lowering import Handler, Lowering, Value, refuse
from chipsmith.frontends.onnx.model import Node
from chipsmith.tosa.graph import DType

_KINDS = {"And": "LOGICAL_AND", "Or": "LOGICAL_OR", "Xor": "LOGICAL_XOR"}
_COMPARISONS = {
    "Greater": ("GREATER", False),
    "GreaterOrEqual": ("GREATER_EQUAL", False),
    "Less": ("GREATER", True),
    "LessOrEqual": ("GREATER_EQUAL", True),
}
"""TOSA's operator of each comparison, and whether the operands change places."""
_FLOATS, _INTEGERS, _TRUTH = (1, 10, 11, 16), (6, 7, 12, 13), (9,)
"""ONNX's numbers of the types: floats of any width, integers of 32 and 64 bits, truth values."""


def _equal(lower: Lowering, node: Node) -> Sequence[Value]:
    return [logic.equal(lower.build, *read_pair(lower, node))]


def _compare(lower: Lowering, node: Node) -> Sequence[Value]:
    kind, swapped = _COMPARISONS[node.kind]
    left, right = read_pair(lower, node)
    return [logic.compare(lower.build, kind, *((right, left) if swapped else (left, right)))]


def _combine(lower: Lowering, node: Node) -> Sequence[Value]:
    left, right = read_pair(lower, node)
    return [apply_binary(lower.build, _KINDS[node.kind], left, right)]


def _not(lower: Lowering, node: Node) -> Sequence[Value]:
    return [logic.negate_truth(lower.build, lower.computed(node, 0))]


def _where(lower: Lowering, node: Node) -> Sequence[Value]:
    condition, if_true, if_false = (lower.value(node, index) for index in range(3))
    if isinstance(condition, Const) and condition.values.all() == condition.values.any():
        chosen = if_true if condition.values.all() else if_false
        if chosen.shape == np.broadcast_shapes(condition.shape, if_true.shape, if_false.shape):
            return [chosen]
    return [logic.select(lower.build, condition, if_true, if_false)]


def _keep_triangle(lower: Lowering, node: Node) -> Sequence[Value]:
    """Trilu: the elements on and above (or below) a diagonal, and zeros."""
    value, offset = lower.computed(node, 0), lower.integers(node, 1)
    triangle = np.triu if node.integer("upper", 1) else np.tril
    kept = triangle(np.ones(value.shape[-2:], np.bool_), offset[0] if offset else 0)
    return [logic.select(lower.build, Const(values=kept), value, number(0.0))]


def _cast(lower: Lowering, node: Node) -> Sequence[Value]:
    """To a float of any width, to an integer by leaving off the fraction, to whether it is not 0."""
    target, value = node.integer("to", 1), lower.read_numbers(node, 0)
    if target in _FLOATS:
        return [_to_real(lower, value)]
    if target in _TRUTH:
        return [value if lower.type_of(value) is DType.BOOL else logic.truth_of(lower.build, value)]
    if target in _INTEGERS:
        return [_to_integer(lower, value)]
    raise refuse(node, f"elements of type {target} of ONNX; real numbers, int32, int64 and truth values are held")


def _to_real(lower: Lowering, value: GraphValue) -> GraphValue:
    if lower.holds_reals(value):
        return value
    if lower.type_of(value) is DType.BOOL:
        return logic.number_of(lower.build, value)
    return lower.cast_to_real(value)


def _to_integer(lower: Lowering, value: GraphValue) -> GraphValue:
    if lower.type_of(value) is DType.INT32:
        return value
    whole = truncate(lower.build, value) if lower.holds_reals(value) else value
    return GraphValue(tensor=lower.build.unary("CAST", whole.tensor, DType.INT32), shape=whole.shape, axes=whole.axes)


def _cast_like(lower: Lowering, node: Node) -> Sequence[Value]:
    value, like = lower.computed(node, 0), lower.value(node, 1)
    target = lower.type_of(like)
    if target is DType.FP32:
        return [_to_real(lower, value)]
    if target is DType.BOOL:
        return [value if lower.type_of(value) is DType.BOOL else logic.truth_of(lower.build, value)]
    return [_to_integer(lower, value)]


HANDLERS: Mapping[str, Handler] = {
    **dict.fromkeys(_KINDS, _combine),
    **dict.fromkeys(_COMPARISONS, _compare),
    "Cast": _cast,
    "CastLike": _cast_like,
    "Equal": _equal,
    "Not": _not,
    "Trilu": _keep_triangle,
    "Where": _where,
}
