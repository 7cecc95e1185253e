"""The page docs/operators.md from the rows; `python docs/generate.py` writes it."""

from __future__ import annotations

from collections.abc import Iterator

from chipsmith.tosa.operators import OPERATORS
from chipsmith.tosa.operators.row import Attribute, Operand, OperatorRow

_HEAD = """\
# Operators

Generated from the operators' rows by `python docs/generate.py`; do not edit.

A network is a TOSA 1.0 graph. These {count} operators are supported: the integer profile (PRO-INT) with the extension
EXT-DOUBLEROUND, and of EXT-INT16 the one combination `TABLE int16 -> int32`. CONST and CONST_SHAPE become constants
of the graph. An operator, or a combination of element types, that is not listed is refused; a graph that breaks a
rule is refused with that rule as the message. Operands marked `constant` must be constants of the graph.
"""


def document() -> str:
    """The whole page, in Markdown."""
    chapters = dict.fromkeys(row.chapter for row in OPERATORS.values())
    parts = [_HEAD.format(count=len(OPERATORS)), *(_chapter(name) for name in chapters)]
    return "\n".join(parts)


def _chapter(name: str) -> str:
    rows = sorted((row for row in OPERATORS.values() if row.chapter == name), key=lambda row: row.kind)
    return f"## {name}\n\n" + "\n".join(_operator(row) for row in rows)


def _operator(row: OperatorRow) -> str:
    return "\n".join(_operator_lines(row)) + "\n"


def _operator_lines(row: OperatorRow) -> Iterator[str]:
    yield f"### {row.kind}\n\n{row.summary}\n"
    yield "- Inputs: " + ", ".join(map(_input, row.inputs)) + f"; output: {row.output.name}{_rank(row.output)}"
    if row.attributes:
        yield "- Attributes: " + ", ".join(map(_attribute, row.attributes))
    yield "- Types: " + "; ".join(dict.fromkeys(row.signature(types) for types in row.types))
    if row.constraints:
        yield "- Rules:"
        yield from (f"  - {constraint.__doc__}" for constraint in row.constraints)


def _input(operand: Operand) -> str:
    several = " (one or more)" if operand.variadic else ""
    constant = " (constant)" if operand.compile_time else ""
    return f"{operand.name}{_rank(operand)}{several}{constant}"


def _rank(operand: Operand) -> str:
    low, high = operand.min_rank, operand.max_rank
    return f" of rank {low}" if low == high else f" of rank {low} to {high}"


def _attribute(attribute: Attribute) -> str:
    length = f" of length {attribute.length}" if attribute.length else ""
    return f"{attribute.name} ({' or '.join(attribute.choices) or attribute.form.value + length})"
