"""Arithmetic of the integers with which a network indexes."""

from __future__ import annotations

from chipsmith.frontends.forms.elementwise import apply_binary, number
from chipsmith.frontends.forms.logic import compare, select
from chipsmith.frontends.forms.values import GraphValue, Value
from chipsmith.tosa.builder import GraphBuilder


def divide_integers(build: GraphBuilder, left: Value, right: Value) -> GraphValue:
    """The quotient of integers without its fraction, towards 0."""
    return apply_binary(build, "INTDIV", left, right)


def take_remainder(build: GraphBuilder, left: Value, right: Value, *, towards_zero: bool) -> GraphValue:
    """What a quotient leaves of `left`: of one rounded towards 0, or of one rounded down."""
    product = apply_binary(build, "MUL", divide_integers(build, left, right), right)
    rest = apply_binary(build, "SUB", left, product)
    if towards_zero:
        return rest
    # a remainder whose sign is not the divisor's is one divisor short
    opposite = compare(build, "GREATER", number(0.0), apply_binary(build, "MUL", rest, right))
    return select(build, opposite, apply_binary(build, "ADD", rest, right), rest)
