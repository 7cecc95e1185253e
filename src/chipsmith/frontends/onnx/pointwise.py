"""Functions of one value, element by element."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from chipsmith.frontends.forms import functions
from chipsmith.frontends.forms.elementwise import apply_binary, apply_unary, clamp, divide, multiply_number, number
from chipsmith.frontends.forms.values import Const, GraphValue
from chipsmith.frontends.onnx.lowering import Handler, Lowering, Value, refuse
from chipsmith.frontends.onnx.model import Node
from chipsmith.tosa.builder import GraphBuilder

_OPERATORS = {kind: kind.upper() for kind in ("Exp", "Log", "Tanh", "Sigmoid", "Erf", "Sin", "Cos", "Ceil", "Floor")}
"""Functions that are TOSA operators."""
_FORMS: Mapping[str, Callable[[GraphBuilder, GraphValue], GraphValue]] = {
    "Acos": functions.arccosine,
    "Acosh": functions.inverse_hyperbolic_cosine,
    "Asin": functions.arcsine,
    "Asinh": functions.inverse_hyperbolic_sine,
    "Atan": functions.arctangent,
    "Atanh": functions.inverse_hyperbolic_tangent,
    "Cosh": functions.hyperbolic_cosine,
    "HardSwish": functions.hard_swish,
    "Mish": functions.mish,
    "Round": functions.round_half_to_even,
    "Sinh": functions.hyperbolic_sine,
    "Softplus": functions.softplus,
    "Softsign": functions.softsign,
    "Sqrt": functions.square_root,
    "Tan": functions.tangent,
}
"""Functions without attributes."""


def _real(lower: Lowering, node: Node) -> GraphValue:
    value = lower.computed(node, 0)
    if not lower.holds_reals(value):
        raise refuse(node, f"'{node.inputs[0]}' holds integers or truth values, and it is a function of real numbers")
    return value


def _apply_operator(lower: Lowering, node: Node) -> Sequence[Value]:
    return [apply_unary(lower.build, _OPERATORS[node.kind], _real(lower, node))]


def _apply_form(lower: Lowering, node: Node) -> Sequence[Value]:
    return [_FORMS[node.kind](lower.build, _real(lower, node))]


def _abs(lower: Lowering, node: Node) -> Sequence[Value]:
    return [apply_unary(lower.build, "ABS", lower.computed(node, 0))]


def _negate(lower: Lowering, node: Node) -> Sequence[Value]:
    return [multiply_number(lower.build, lower.computed(node, 0), -1.0)]


def _sign(lower: Lowering, node: Node) -> Sequence[Value]:
    value = lower.computed(node, 0)
    if not lower.holds_reals(value):
        raise refuse(node, "of integers; cast them to real numbers first")
    return [functions.sign(lower.build, value)]


def _reciprocal(lower: Lowering, node: Node) -> Sequence[Value]:
    return [divide(lower.build, number(1.0), _real(lower, node))]


def _relu(lower: Lowering, node: Node) -> Sequence[Value]:
    value = lower.computed(node, 0)
    if not lower.holds_reals(value):
        return [apply_binary(lower.build, "MAXIMUM", value, number(0.0))]
    return [functions.relu(lower.build, value)]


def _clip(lower: Lowering, node: Node) -> Sequence[Value]:
    """Limits are attributes up to version 6, and inputs since; a lower limit above the upper gives the upper."""
    value = lower.computed(node, 0)
    low, high = _read_limit(lower, node, 1, "min"), _read_limit(lower, node, 2, "max")
    numbers = [_number_of(limit, free) for limit, free in ((low, -math.inf), (high, math.inf))]
    if lower.holds_reals(value) and numbers[0] is not None and numbers[1] is not None:
        return [clamp(lower.build, value, min(numbers[0], numbers[1]), numbers[1])]
    for kind, limit in (("MAXIMUM", low), ("MINIMUM", high)):
        value = value if limit is None else apply_binary(lower.build, kind, value, limit)
    return [value]


def _read_limit(lower: Lowering, node: Node, index: int, attribute: str) -> GraphValue | Const | None:
    if lower.has(node, index):
        return lower.value(node, index)
    return number(node.number(attribute, 0.0)) if attribute in node.attributes else None


def _number_of(limit: GraphValue | Const | None, free: float) -> float | None:
    """A constant limit; None for a computed one."""
    if limit is None:
        return free
    return float(limit.values.reshape(-1)[0]) if isinstance(limit, Const) else None


def _leaky_relu(lower: Lowering, node: Node) -> Sequence[Value]:
    return [functions.leaky_relu(lower.build, _real(lower, node), slope=node.number("alpha", 0.01))]


def _elu(lower: Lowering, node: Node) -> Sequence[Value]:
    return [functions.elu(lower.build, _real(lower, node), alpha=node.number("alpha", 1.0))]


def _celu(lower: Lowering, node: Node) -> Sequence[Value]:
    alpha = node.number("alpha", 1.0)
    return [functions.elu(lower.build, _real(lower, node), alpha=alpha, sharpness=1 / alpha)]


def _selu(lower: Lowering, node: Node) -> Sequence[Value]:
    alpha, gamma = node.number("alpha", functions.SELU_ALPHA), node.number("gamma", functions.SELU_GAMMA)
    return [functions.selu(lower.build, _real(lower, node), alpha=alpha, gamma=gamma)]


def _gelu(lower: Lowering, node: Node) -> Sequence[Value]:
    form = functions.gelu_by_tanh if node.text("approximate", "none") == "tanh" else functions.gelu
    return [form(lower.build, _real(lower, node))]


def _bias_gelu(lower: Lowering, node: Node) -> Sequence[Value]:
    return [functions.gelu(lower.build, apply_binary(lower.build, "ADD", _real(lower, node), lower.value(node, 1)))]


def _fast_gelu(lower: Lowering, node: Node) -> Sequence[Value]:
    value = _real(lower, node)
    if lower.has(node, 1):
        value = apply_binary(lower.build, "ADD", value, lower.value(node, 1))
    return [functions.gelu_by_tanh(lower.build, value)]


def _swish(default: float, lower: Lowering, node: Node) -> Sequence[Value]:
    return [functions.swish(lower.build, _real(lower, node), sharpness=node.number("alpha", default))]


def _hard_sigmoid(lower: Lowering, node: Node) -> Sequence[Value]:
    slope, offset = node.number("alpha", 0.2), node.number("beta", 0.5)
    return [functions.hard_sigmoid(lower.build, _real(lower, node), slope=slope, offset=offset)]


def _thresholded_relu(lower: Lowering, node: Node) -> Sequence[Value]:
    return [functions.threshold(lower.build, _real(lower, node), limit=node.number("alpha", 1.0), otherwise=0.0)]


def _shrink(lower: Lowering, node: Node) -> Sequence[Value]:
    limit, bias = node.number("lambd", 0.5), node.number("bias", 0.0)
    return [functions.shrink(lower.build, _real(lower, node), limit=limit, bias=bias)]


def _prelu(lower: Lowering, node: Node) -> Sequence[Value]:
    return [functions.parametric_relu(lower.build, _real(lower, node), lower.value(node, 1))]


def _is_special(lower: Lowering, node: Node) -> Sequence[Value]:
    """Nothing in a network of integers is infinite or no number."""
    return [Const(values=np.zeros(lower.value(node, 0).shape, np.bool_))]


HANDLERS: Mapping[str, Handler] = {
    **dict.fromkeys(_OPERATORS, _apply_operator),
    **dict.fromkeys(_FORMS, _apply_form),
    "Abs": _abs,
    "BiasGelu": _bias_gelu,
    "Celu": _celu,
    "Clip": _clip,
    "Elu": _elu,
    "FastGelu": _fast_gelu,
    "Gelu": _gelu,
    "HardSigmoid": _hard_sigmoid,
    "IsInf": _is_special,
    "IsNaN": _is_special,
    "LeakyRelu": _leaky_relu,
    "Neg": _negate,
    "PRelu": _prelu,
    "QuickGelu": partial(_swish, 1.702),
    "Reciprocal": _reciprocal,
    "Relu": _relu,
    "Selu": _selu,
    "Shrink": _shrink,
    "Sign": _sign,
    "Swish": partial(_swish, 1.0),
    "ThresholdedRelu": _thresholded_relu,
}
