"""The form of a floating-point operator's row: the names of its operands, and its meaning in float32."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chipsmith.tosa.operators.row import Meaning, Operation, Values


@dataclass(frozen=True, kw_only=True)
class FloatRow:
    """One operator of TOSA's floating-point profile.

    `operands` are the names of its inputs in the specification, in their order. `meaning` gives the output for the
    inputs, each with the axis of inferences in front, to the rounding of float32; its shape is the declared tensor's.
    """

    kind: str
    operands: tuple[str, ...]
    meaning: Meaning


def unary(kind: str, function: Callable[[Values], Values]) -> FloatRow:
    """The row of an operator that a function computes element by element."""
    return FloatRow(kind=kind, operands=("input1",), meaning=lambda _, values: function(values[0]))


def binary(kind: str, function: Callable[[Values, Values], Values]) -> FloatRow:
    """The row of an operator that a function computes from the elements of two tensors, which broadcast."""
    operands = ("input1", "input2")
    return FloatRow(kind=kind, operands=operands, meaning=lambda _, values: function(values[0], values[1]))


def real_attribute(operation: Operation, attribute: str) -> float:
    """An attribute that is a real number."""
    value = operation.operator.attributes[attribute]
    assert isinstance(value, int | float)
    return float(value)
