"""The rows of TOSA's floating-point operators, and which meaning an operator of a graph has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from chipsmith.errors import OperatorRefused
from chipsmith.tosa.floating import elementwise, images, products, reduction
from chipsmith.tosa.floating.row import FloatRow
from chipsmith.tosa.graph import DType, Graph, Operator
from chipsmith.tosa.operators import OPERATORS
from chipsmith.tosa.operators.row import Meaning, Operation, bind_operands, resolve

FLOAT_ROWS: Mapping[str, FloatRow] = MappingProxyType(
    {row.kind: row for module in (elementwise, products, images, reduction) for row in module.ROWS}
)
"""Operators whose floating-point meaning is not that of their integers, by name in the specification."""

_SAME_IN_ANY_TYPE = frozenset(
    [
        *("ARGMAX", "CONCAT", "EQUAL", "GATHER", "GREATER", "GREATER_EQUAL", "IDENTITY", "PAD", "RESHAPE", "REVERSE"),
        *("SCATTER", "SELECT", "SLICE", "TILE", "TRANSPOSE"),
    ]
)
"""Operators that move or compare elements: the meanings of their integer rows hold for reals."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """An operator of a graph with its tensors, and its meaning in their element types."""

    operation: Operation
    meaning: Meaning


def step_of(graph: Graph, operator: Operator) -> Step:
    """The step of an operator. Raises OperatorRefused where it has no meaning in its element types."""
    types = {graph.tensors[name].dtype for name in (*operator.inputs, *operator.outputs)}
    if DType.FP32 not in types and operator.kind in OPERATORS:
        return _integer_step(graph, operator)
    if operator.kind in FLOAT_ROWS:
        row = FLOAT_ROWS[operator.kind]
        operation = bind_operands(row.operands, operator, graph.tensors, graph.constants)
        return Step(operation=operation, meaning=row.meaning)
    if operator.kind in _SAME_IN_ANY_TYPE:
        return _integer_step(graph, operator)
    raise OperatorRefused(f"{operator.kind} '{operator.name}': has no meaning in floating point here")


def _integer_step(graph: Graph, operator: Operator) -> Step:
    row = OPERATORS[operator.kind]
    operation = resolve(row, operator, graph.tensors, graph.constants)
    return Step(operation=operation, meaning=row.meaning)
