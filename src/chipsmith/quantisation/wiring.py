"""Who computes and who reads each tensor of a float graph, and which kinds of operators do what to numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from chipsmith.tosa.graph import DType, Graph, Operator

PRODUCTS = frozenset({"CONV2D", "CONV3D", "DEPTHWISE_CONV2D", "TRANSPOSE_CONV2D", "MATMUL"})
"""Sums of products of int8."""
ELEMENTWISE = frozenset(
    [
        *(
            "ABS",
            "CEIL",
            "FLOOR",
            "EXP",
            "LOG",
            "RECIPROCAL",
            "RSQRT",
            "SIGMOID",
            "TANH",
            "ERF",
            "SIN",
            "COS",
            "NEGATE",
        ),
        *("ADD", "SUB", "MUL", "POW", "MAXIMUM", "MINIMUM", "CLAMP", "CAST", "SELECT"),
        *("EQUAL", "GREATER", "GREATER_EQUAL", "LOGICAL_AND", "LOGICAL_OR", "LOGICAL_XOR", "LOGICAL_NOT"),
    ]
)
"""Operators that compute an element from the elements in its place."""
MOVEMENT = frozenset(
    [
        *("CONCAT", "GATHER", "IDENTITY", "MAX_POOL2D", "PAD", "REDUCE_MAX", "REDUCE_MIN", "RESHAPE", "REVERSE"),
        *("SCATTER", "SLICE", "TILE", "TRANSPOSE"),
    ]
)
"""Operators whose result holds elements of their operands; so does RESIZE in its mode NEAREST."""

_OPERANDS = {"MUL": 2, "NEGATE": 1, "AVG_POOL2D": 1, "PAD": 1, "RESHAPE": 1, "SLICE": 1, "TILE": 1, "RESIZE": 1}
_OPERANDS |= {"CONV2D": 3, "CONV3D": 3, "DEPTHWISE_CONV2D": 3, "TRANSPOSE_CONV2D": 3, "MATMUL": 2}
"""How many of an operator's inputs hold numbers; the rest are zero points and shapes. All of them elsewhere."""


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """A graph with its producers and readers at hand."""

    graph: Graph

    @cached_property
    def producers(self) -> Mapping[str, Operator]:
        """By tensor the operator that computes it."""
        return {name: operator for operator in self.graph.operators for name in operator.outputs}

    @cached_property
    def readers(self) -> Mapping[str, tuple[Operator, ...]]:
        """By tensor the operators that read it as numbers, each once; every tensor is a key."""
        readers: dict[str, list[Operator]] = {name: [] for name in self.graph.tensors}
        for operator in self.graph.operators:
            for name in dict.fromkeys(operands(operator)):
                readers[name].append(operator)
        return {name: tuple(operators) for name, operators in readers.items()}

    def is_constant(self, name: str) -> bool:
        """Whether a tensor is a constant of the graph."""
        return name in self.graph.constants

    def is_uniform(self, name: str) -> bool:
        """Whether a tensor is a constant all of whose elements are equal."""
        data = self.graph.constants.get(name)
        return data is not None and bool((data == data.reshape(-1)[:1]).all())

    def is_real(self, name: str) -> bool:
        """Whether a tensor holds real numbers."""
        return self.graph.tensors[name].dtype is DType.FP32

    def computed_operands(self, operator: Operator) -> Iterator[str]:
        """An operator's operands that are no constants."""
        return (name for name in operands(operator) if name not in self.graph.constants)

    def only_reader(self, name: str) -> Operator | None:
        """The single operator that reads a tensor that is no output of the graph; None elsewhere."""
        readers = self.readers[name]
        return readers[0] if len(readers) == 1 and name not in self.graph.outputs else None


def operands(operator: Operator) -> tuple[str, ...]:
    """An operator's inputs that hold numbers, not zero points, shapes or shifts."""
    return operator.inputs[: _OPERANDS.get(operator.kind, len(operator.inputs))]


def moves_elements(operator: Operator) -> bool:
    """Whether the result holds elements of the operands, unchanged."""
    return operator.kind in MOVEMENT or (operator.kind == "RESIZE" and operator.attributes["mode"] == "NEAREST")


def moved_operands(operator: Operator) -> tuple[str, ...]:
    """The operands whose elements an operator moves, those of a GATHER's or SCATTER's indices not among them."""
    if operator.kind in ("GATHER", "SCATTER"):
        return operator.inputs[0::2]
    return operands(operator)
