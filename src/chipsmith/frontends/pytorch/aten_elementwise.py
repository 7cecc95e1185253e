"""Handlers of functions of a single tensor, element by element."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from chipsmith.frontends.forms import functions
from chipsmith.frontends.forms.elementwise import (
    add_number,
    apply_binary,
    apply_unary,
    clamp,
    divide,
    multiply_number,
    number,
)
from chipsmith.frontends.forms.operands import reshape_operand
from chipsmith.frontends.forms.values import Const, GraphValue
from chipsmith.frontends.pytorch.calls import AtenCall, AtenHandler
from chipsmith.frontends.pytorch.conversion import convert
from chipsmith.tosa.builder import GraphBuilder
from chipsmith.tosa.graph import DType

Function = Callable[[GraphBuilder, GraphValue], GraphValue]


def operand(call: AtenCall) -> GraphValue:
    """The first operand in the type of the result."""
    return call.place_value(convert(call.build, call.value("self"), call.dtype))


def _of_type(function: Function) -> AtenHandler:
    """The handler that applies a function to the operand in the type of the result."""
    return lambda call: function(call.build, operand(call))


def _operator(kind: str) -> AtenHandler:
    return _of_type(lambda build, value: apply_unary(build, kind, value))


def _unless_integer(handler: AtenHandler) -> AtenHandler:
    """The handler for floats; integers are their own floor, ceiling and rounding."""
    return lambda call: operand(call) if call.dtype is DType.INT32 else handler(call)


def change_type(call: AtenCall) -> GraphValue:
    """The numbers in another type."""
    return operand(call)


def negate(call: AtenCall) -> GraphValue:
    """-x."""
    return apply_binary(call.build, "MUL", operand(call), Const(values=number(-1).values.astype(call.dtype.numpy)))


def limit(call: AtenCall) -> GraphValue:
    """Between two limits, numbers or tensors, either of which may be open."""
    value = operand(call)
    names = {"clamp_min": ("min", None), "clamp_max": (None, "max"), "hardtanh": ("min_val", "max_val")}
    low, high = names.get(call.operator, ("min", "max"))
    bounds = [name for name in (low, high) if name is not None and call.has(name)]
    if call.dtype is DType.FP32 and all(call.value(name).shape == () and _is_number(call, name) for name in bounds):
        least = call.number(low) if low in bounds else -math.inf
        return clamp(call.build, value, least, call.number(high) if high in bounds else math.inf)
    for name in bounds:
        bound = convert(call.build, call.value(name), call.dtype)
        value = apply_binary(call.build, "MAXIMUM" if name == low else "MINIMUM", value, bound)
    return value


def _is_number(call: AtenCall, name: str) -> bool:
    return not isinstance(call.operands[name], GraphValue)


def relu6(build: GraphBuilder, value: GraphValue) -> GraphValue:
    """Between 0 and 6."""
    return clamp(build, value, 0.0, 6.0)


def relu(call: AtenCall) -> GraphValue:
    """max(x, 0)."""
    if call.dtype is DType.FP32:
        return functions.relu(call.build, operand(call))
    zero = convert(call.build, number(0), call.dtype)
    return apply_binary(call.build, "MAXIMUM", operand(call), zero)


def gelu(call: AtenCall) -> GraphValue:
    """GELU, or its approximation by tanh."""
    by_tanh = call.operands.get("approximate") == "tanh"
    return (functions.gelu_by_tanh if by_tanh else functions.gelu)(call.build, operand(call))


def leaky_relu(call: AtenCall) -> GraphValue:
    """x, or a share of it where it is negative."""
    return functions.leaky_relu(call.build, operand(call), slope=call.number("negative_slope"))


def mean_leaky_relu(call: AtenCall) -> GraphValue:
    """leaky_relu by the mean of the slopes that are drawn in training."""
    slope = (call.number("lower") + call.number("upper")) / 2
    return functions.leaky_relu(call.build, operand(call), slope=slope)


def prelu(call: AtenCall) -> GraphValue:
    """x, or a share of it for each channel where it is negative."""
    value, weight = operand(call), call.value("weight")
    rank = len(value.shape)
    if math.prod(weight.shape) > 1 and len(weight.shape) == 1 and rank > 1:
        weight = reshape_operand(call.build, weight, (-1, *(1,) * (rank - 2)))
    return functions.parametric_relu(call.build, value, weight)


def elu(call: AtenCall) -> GraphValue:
    """x, or an exponential that levels off where it is negative."""
    sharpness = call.number("input_scale")
    bent = functions.elu(call.build, operand(call), alpha=call.number("alpha"), sharpness=sharpness)
    return multiply_number(call.build, bent, call.number("scale"))


def celu(call: AtenCall) -> GraphValue:
    """ELU whose slope is continuous."""
    alpha = call.number("alpha")
    return functions.elu(call.build, operand(call), alpha=alpha, sharpness=1 / alpha)


def softplus(call: AtenCall) -> GraphValue:
    """log(1 + exp(beta * x)) / beta."""
    beta = call.number("beta")
    scaled = multiply_number(call.build, operand(call), beta)
    return multiply_number(call.build, functions.softplus(call.build, scaled), 1 / beta)


def log_sigmoid(build: GraphBuilder, value: GraphValue) -> GraphValue:
    """-softplus(-x)."""
    return multiply_number(build, functions.softplus(build, multiply_number(build, value, -1.0)), -1.0)


def hard_sigmoid(build: GraphBuilder, value: GraphValue) -> GraphValue:
    """x / 6 + 1 / 2, between 0 and 1."""
    return functions.hard_sigmoid(build, value, slope=1 / 6, offset=0.5)


def threshold(call: AtenCall) -> GraphValue:
    """x above a limit, else another number."""
    return functions.threshold(
        call.build, operand(call), limit=call.number("threshold"), otherwise=call.number("value")
    )


def hard_shrink(call: AtenCall) -> GraphValue:
    """x but for 0 near 0."""
    return functions.shrink(call.build, operand(call), limit=call.number("lambd"), bias=0.0)


def soft_shrink(call: AtenCall) -> GraphValue:
    """x nearer to 0 by a number, and 0 near 0."""
    size = call.number("lambd")
    return functions.shrink(call.build, operand(call), limit=size, bias=size)


def square(call: AtenCall) -> GraphValue:
    """x * x."""
    value = operand(call)
    return apply_binary(call.build, "MUL", value, value)


def round_half_to_even(call: AtenCall) -> GraphValue:
    """The nearest whole number, or multiple of a power of ten."""
    factor = 10.0 ** call.integer("decimals") if call.has("decimals") else 1.0
    scaled = multiply_number(call.build, operand(call), factor)
    return multiply_number(call.build, functions.round_half_to_even(call.build, scaled), 1 / factor)


def fraction(build: GraphBuilder, value: GraphValue) -> GraphValue:
    """What is behind the point."""
    return apply_binary(build, "SUB", value, functions.truncate(build, value))


def _logarithm(base: float) -> Function:
    return lambda build, value: multiply_number(build, apply_unary(build, "LOG", value), 1 / math.log(base))


def log1p(build: GraphBuilder, value: GraphValue) -> GraphValue:
    """log(1 + x)."""
    return apply_unary(build, "LOG", add_number(build, value, 1.0))


def expm1(build: GraphBuilder, value: GraphValue) -> GraphValue:
    """exp(x) - 1."""
    return add_number(build, apply_unary(build, "EXP", value), -1.0)


def exp2(build: GraphBuilder, value: GraphValue) -> GraphValue:
    """2**x."""
    return apply_unary(build, "EXP", multiply_number(build, value, math.log(2)))


def erfc(build: GraphBuilder, value: GraphValue) -> GraphValue:
    """1 - erf(x)."""
    return add_number(build, multiply_number(build, apply_unary(build, "ERF", value), -1.0), 1.0)


def logit(call: AtenCall) -> GraphValue:
    """log(x / (1 - x)), with x kept away from 0 and 1."""
    value = operand(call)
    if call.has("eps"):
        value = clamp(call.build, value, call.number("eps"), 1 - call.number("eps"))
    rest = add_number(call.build, multiply_number(call.build, value, -1.0), 1.0)
    return apply_unary(call.build, "LOG", divide(call.build, value, rest))


_OPERATORS = {
    "exp": "EXP",
    "log": "LOG",
    "tanh": "TANH",
    "sigmoid": "SIGMOID",
    "erf": "ERF",
    "special_erf": "ERF",
    "abs": "ABS",
    "absolute": "ABS",
    "rsqrt": "RSQRT",
    "reciprocal": "RECIPROCAL",
    "sin": "SIN",
    "cos": "COS",
}
_FUNCTIONS: Mapping[str, Function] = {
    "relu6": relu6,
    "silu": functions.swish,
    "mish": functions.mish,
    "selu": functions.selu,
    "hardswish": functions.hard_swish,
    "hardsigmoid": hard_sigmoid,
    "log_sigmoid": log_sigmoid,
    "softsign": functions.softsign,
    "sqrt": functions.square_root,
    "sign": functions.sign,
    "frac": fraction,
    "log2": _logarithm(2),
    "log10": _logarithm(10),
    "log1p": log1p,
    "expm1": expm1,
    "special_expm1": expm1,
    "exp2": exp2,
    "special_exp2": exp2,
    "erfc": erfc,
    "tan": functions.tangent,
    "sinh": functions.hyperbolic_sine,
    "cosh": functions.hyperbolic_cosine,
    "asin": functions.arcsine,
    "acos": functions.arccosine,
    "atan": functions.arctangent,
    "asinh": functions.inverse_hyperbolic_sine,
    "acosh": functions.inverse_hyperbolic_cosine,
    "atanh": functions.inverse_hyperbolic_tangent,
}

HANDLERS: Mapping[str, AtenHandler] = {
    **{name: _operator(kind) for name, kind in _OPERATORS.items()},
    **{name: _of_type(function) for name, function in _FUNCTIONS.items()},
    **dict.fromkeys(["to", "_to_copy", "type_as", "nan_to_num"], change_type),
    **dict.fromkeys(["neg", "negative"], negate),
    **dict.fromkeys(["clamp", "clip", "clamp_min", "clamp_max", "hardtanh"], limit),
    "floor": _unless_integer(_operator("FLOOR")),
    "ceil": _unless_integer(_operator("CEIL")),
    "trunc": _unless_integer(_of_type(functions.truncate)),
    "fix": _unless_integer(_of_type(functions.truncate)),
    "round": _unless_integer(round_half_to_even),
    "relu": relu,
    "gelu": gelu,
    "leaky_relu": leaky_relu,
    "rrelu": mean_leaky_relu,
    "prelu": prelu,
    "_prelu_kernel": prelu,
    "elu": elu,
    "celu": celu,
    "softplus": softplus,
    "threshold": threshold,
    "hardshrink": hard_shrink,
    "softshrink": soft_shrink,
    "square": square,
    "logit": logit,
}
