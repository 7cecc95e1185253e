"""Functions of a single value, element by element, written in TOSA's operators.

On an int8 tensor a whole chain of them becomes a single table, so that their length costs nothing there.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import numpy.typing as npt

from chipsmith.frontends.forms.elementwise import (
    add_number,
    apply_binary,
    apply_unary,
    clamp,
    divide,
    multiply_number,
    number,
)
from chipsmith.frontends.forms.logic import compare, select
from chipsmith.frontends.forms.values import Const, GraphValue, Value
from chipsmith.tosa.builder import GraphBuilder

SELU_ALPHA, SELU_GAMMA = 1.6732632423543772, 1.0507009873554805
_ARCTAN_TERMS = 12


def relu(build: GraphBuilder, value: GraphValue) -> GraphValue:
    """max(x, 0)."""
    return clamp(build, value, 0.0, math.inf)


def negative_part(build: GraphBuilder, value: GraphValue) -> GraphValue:
    """min(x, 0)."""
    return clamp(build, value, -math.inf, 0.0)


def leaky_relu(build: GraphBuilder, value: GraphValue, *, slope: float) -> GraphValue:
    """x where it is positive, else slope * x."""
    kind = "MAXIMUM" if slope <= 1 else "MINIMUM"
    return apply_binary(build, kind, value, multiply_number(build, value, slope))


def parametric_relu(build: GraphBuilder, value: GraphValue, slope: Value) -> GraphValue:
    """x where it is positive, else slope * x, of which there is one for each element, as they broadcast."""
    if isinstance(slope, Const) and (np.all(slope.values <= 1) or np.all(slope.values >= 1)):
        kind = "MAXIMUM" if np.all(slope.values <= 1) else "MINIMUM"
        return apply_binary(build, kind, value, apply_binary(build, "MUL", value, slope))
    below = apply_binary(build, "MUL", negative_part(build, value), slope)
    return apply_binary(build, "ADD", relu(build, value), below)


def threshold(build: GraphBuilder, value: GraphValue, *, limit: float, otherwise: float) -> GraphValue:
    """x where it is above the limit, else another number."""
    above = compare(build, "GREATER", value, number(limit))
    return select(build, above, value, number(otherwise))


def elu(build: GraphBuilder, value: GraphValue, *, alpha: float, sharpness: float = 1.0) -> GraphValue:
    """x where it is positive, else alpha * (exp(sharpness * x) - 1)."""
    below = multiply_number(build, negative_part(build, value), sharpness)
    bent = add_number(build, apply_unary(build, "EXP", below), -1.0)
    return apply_binary(build, "ADD", relu(build, value), multiply_number(build, bent, alpha))


def selu(build: GraphBuilder, value: GraphValue, *, alpha: float = SELU_ALPHA, gamma: float = SELU_GAMMA) -> GraphValue:
    """gamma times ELU."""
    return multiply_number(build, elu(build, value, alpha=alpha), gamma)


def gelu(build: GraphBuilder, value: GraphValue) -> GraphValue:
    """x * (1 + erf(x / sqrt(2))) / 2."""
    error = apply_unary(build, "ERF", multiply_number(build, value, math.sqrt(0.5)))
    return apply_binary(build, "MUL", value, multiply_number(build, add_number(build, error, 1.0), 0.5))


def gelu_by_tanh(build: GraphBuilder, value: GraphValue) -> GraphValue:
    """GELU's approximation: x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3))) / 2."""
    square = apply_binary(build, "MUL", value, value)
    factor = add_number(build, multiply_number(build, square, 0.044715), 1.0)
    inner = multiply_number(build, apply_binary(build, "MUL", value, factor), math.sqrt(2 / math.pi))
    half = multiply_number(build, add_number(build, apply_unary(build, "TANH", inner), 1.0), 0.5)
    return apply_binary(build, "MUL", value, half)


def swish(build: GraphBuilder, value: GraphValue, *, sharpness: float = 1.0) -> GraphValue:
    """x * sigmoid(sharpness * x): SiLU where that is 1."""
    gate = apply_unary(build, "SIGMOID", multiply_number(build, value, sharpness))
    return apply_binary(build, "MUL", value, gate)


def hard_sigmoid(build: GraphBuilder, value: GraphValue, *, slope: float, offset: float) -> GraphValue:
    """slope * x + offset, limited to 0 ... 1."""
    return clamp(build, add_number(build, multiply_number(build, value, slope), offset), 0.0, 1.0)


def hard_swish(build: GraphBuilder, value: GraphValue) -> GraphValue:
    """x * min(max(x + 3, 0), 6) / 6."""
    gate = clamp(build, add_number(build, value, 3.0), 0.0, 6.0)
    return apply_binary(build, "MUL", value, multiply_number(build, gate, 1 / 6))


def softplus(build: GraphBuilder, value: GraphValue) -> GraphValue:
    """log(1 + exp(x)), in a form that no large x overflows."""
    below = multiply_number(build, apply_unary(build, "ABS", value), -1.0)
    rest = apply_unary(build, "LOG", add_number(build, apply_unary(build, "EXP", below), 1.0))
    return apply_binary(build, "ADD", relu(build, value), rest)


def mish(build: GraphBuilder, value: GraphValue) -> GraphValue:
    """x * tanh(softplus(x))."""
    return apply_binary(build, "MUL", value, apply_unary(build, "TANH", softplus(build, value)))


def softsign(build: GraphBuilder, value: GraphValue) -> GraphValue:
    """x / (1 + |x|)."""
    return divide(build, value, add_number(build, apply_unary(build, "ABS", value), 1.0))


def shrink(build: GraphBuilder, value: GraphValue, *, limit: float, bias: float) -> GraphValue:
    """x + bias below -limit, x - bias above it, else 0."""
    above = compare(build, "GREATER", value, number(limit))
    below = compare(build, "GREATER", number(-limit), value)
    raised = select(build, below, add_number(build, value, bias), number(0.0))
    return select(build, above, add_number(build, value, -bias), raised)


def sign(build: GraphBuilder, value: GraphValue) -> GraphValue:
    """-1, 0 or 1."""
    negative = select(build, compare(build, "GREATER", number(0.0), value), number(-1.0), number(0.0))
    return select(build, compare(build, "GREATER", value, number(0.0)), number(1.0), negative)


def square_root(build: GraphBuilder, value: GraphValue) -> GraphValue:
    """The root of x; 0 of 0."""
    return apply_binary(build, "POW", value, number(0.5))


def truncate(build: GraphBuilder, value: GraphValue) -> GraphValue:
    """x without its fraction, towards 0."""
    positive = compare(build, "GREATER", value, number(0.0))
    return select(build, positive, apply_unary(build, "FLOOR", value), apply_unary(build, "CEIL", value))


def round_half_to_even(build: GraphBuilder, value: GraphValue) -> GraphValue:
    """The nearest integer, the even one of two."""
    low = apply_unary(build, "FLOOR", value)
    fraction = apply_binary(build, "SUB", value, low)
    half = apply_unary(build, "FLOOR", multiply_number(build, low, 0.5))
    odd = apply_binary(build, "SUB", low, multiply_number(build, half, 2.0))
    beyond = select(build, compare(build, "GREATER", fraction, number(0.5)), number(1.0), number(0.0))
    raised = select(build, compare(build, "EQUAL", fraction, number(0.5)), odd, beyond)
    return apply_binary(build, "ADD", low, raised)


def tangent(build: GraphBuilder, value: GraphValue) -> GraphValue:
    """sin(x) / cos(x)."""
    return divide(build, apply_unary(build, "SIN", value), apply_unary(build, "COS", value))


def hyperbolic_cosine(build: GraphBuilder, value: GraphValue) -> GraphValue:
    """(exp(x) + exp(-x)) / 2."""
    rising, falling = _exponentials(build, value)
    return multiply_number(build, apply_binary(build, "ADD", rising, falling), 0.5)


def hyperbolic_sine(build: GraphBuilder, value: GraphValue) -> GraphValue:
    """tanh(x) * cosh(x), which is exact near 0."""
    return apply_binary(build, "MUL", apply_unary(build, "TANH", value), hyperbolic_cosine(build, value))


def _exponentials(build: GraphBuilder, value: GraphValue) -> tuple[GraphValue, GraphValue]:
    return apply_unary(build, "EXP", value), apply_unary(build, "EXP", multiply_number(build, value, -1.0))


def inverse_hyperbolic_sine(build: GraphBuilder, value: GraphValue) -> GraphValue:
    """sign(x) * log(|x| + sqrt(x**2 + 1))."""
    magnitude = apply_unary(build, "ABS", value)
    root = square_root(build, add_number(build, apply_binary(build, "MUL", value, value), 1.0))
    logarithm = apply_unary(build, "LOG", apply_binary(build, "ADD", magnitude, root))
    return apply_binary(build, "MUL", sign(build, value), logarithm)


def inverse_hyperbolic_cosine(build: GraphBuilder, value: GraphValue) -> GraphValue:
    """log(x + sqrt(x**2 - 1))."""
    root = square_root(build, add_number(build, apply_binary(build, "MUL", value, value), -1.0))
    return apply_unary(build, "LOG", apply_binary(build, "ADD", value, root))


def inverse_hyperbolic_tangent(build: GraphBuilder, value: GraphValue) -> GraphValue:
    """(log(1 + x) - log(1 - x)) / 2."""
    above = apply_unary(build, "LOG", add_number(build, value, 1.0))
    below = apply_unary(build, "LOG", add_number(build, multiply_number(build, value, -1.0), 1.0))
    return multiply_number(build, apply_binary(build, "SUB", above, below), 0.5)


def arctangent(build: GraphBuilder, value: GraphValue) -> GraphValue:
    """The angle of a tangent: by a polynomial of its square up to 1, and by its reciprocal beyond."""
    magnitude = apply_unary(build, "ABS", value)
    steep = compare(build, "GREATER", magnitude, number(1.0))
    small = select(build, steep, apply_unary(build, "RECIPROCAL", magnitude), magnitude)
    square = apply_binary(build, "MUL", small, small)
    factors = _arctan_factors()
    series = add_number(build, multiply_number(build, square, float(factors[-1])), float(factors[-2]))
    for factor in factors[-3::-1]:
        series = add_number(build, apply_binary(build, "MUL", series, square), float(factor))
    angle = apply_binary(build, "MUL", series, small)
    complement = add_number(build, multiply_number(build, angle, -1.0), math.pi / 2)
    return apply_binary(build, "MUL", sign(build, value), select(build, steep, complement, angle))


def arcsine(build: GraphBuilder, value: GraphValue) -> GraphValue:
    """The angle of a sine: the arctangent of x / sqrt((1 - x) * (1 + x))."""
    above = add_number(build, value, 1.0)
    below = add_number(build, multiply_number(build, value, -1.0), 1.0)
    cosine = square_root(build, apply_binary(build, "MUL", above, below))
    return arctangent(build, divide(build, value, cosine))


def arccosine(build: GraphBuilder, value: GraphValue) -> GraphValue:
    """The angle of a cosine: pi / 2 less the arcsine."""
    return add_number(build, multiply_number(build, arcsine(build, value), -1.0), math.pi / 2)


@cache
def _arctan_factors() -> npt.NDArray[np.float64]:
    """Factors of the polynomial of t that is arctan(sqrt(t)) / sqrt(t) from 0 to 1, to the rounding of float32."""
    series = np.polynomial.Chebyshev.interpolate(
        lambda square: np.arctan(np.sqrt(square)) / np.sqrt(square), _ARCTAN_TERMS, domain=[0, 1]
    )
    return np.asarray(series.convert(kind=np.polynomial.Polynomial).coef, np.float64)
