"""A circuit as a picture: time runs to the right, a line is a qubit."""

from __future__ import annotations

from collections.abc import Sequence

from chipsmith.reports.markup import escape
from chipsmith.reports.quantum.record import CircuitColumn, CircuitRecord

_ROW, _BOX, _LINK, _LEFT, _RADIUS = 30, 58, 20, 40, 4
"""Pixels: between two qubits, of a box with its gap, of an entangling gate, before the first gate, of a dot."""
_MEASURE = "Z"

Pairs = Sequence[tuple[int, int]]


def draw_circuit(circuit: CircuitRecord) -> str:
    """The circuit as SVG, in the colours of the text around it."""
    parts: list[str] = []
    x = _LEFT
    for column in (*circuit.columns, CircuitColumn(label=_MEASURE)):
        drawn, width = _draw_column(column, circuit.qubits, x)
        parts += drawn
        x += width
    height = _ROW * circuit.qubits
    lines = [_qubit_line(qubit, x) for qubit in range(circuit.qubits)]
    label = f"Circuit of {circuit.qubits} qubits and {circuit.layers} layers"
    return (
        f'<svg class="circuit" role="img" aria-label="{label}" width="{x}" height="{height}" '
        f'viewBox="0 0 {x} {height}">{"".join(lines)}{"".join(parts)}</svg>'
    )


def _draw_column(column: CircuitColumn, qubits: int, x: int) -> tuple[list[str], int]:
    """The marks of a column that begins at `x`, and its width."""
    if column.label:
        return [_box(column.label, qubit, x) for qubit in range(qubits)], _BOX
    ranks = _side_by_side(column.pairs)
    links = [_link(pair, x + _LINK * rank) for rank, pairs in enumerate(ranks) for pair in pairs]
    return links, _LINK * len(ranks)


def _side_by_side(pairs: Pairs) -> list[list[tuple[int, int]]]:
    """The pairs in as few upright ranks as their lines do not cross in, first come first placed."""
    ranks: list[list[tuple[int, int]]] = []
    for pair in pairs:
        free = next((rank for rank in ranks if not any(_overlap(pair, other) for other in rank)), None)
        if free is None:
            ranks.append([pair])
        else:
            free.append(pair)
    return ranks


def _overlap(pair: tuple[int, int], other: tuple[int, int]) -> bool:
    return min(pair) <= max(other) and min(other) <= max(pair)


def _middle(qubit: int) -> int:
    return _ROW * qubit + _ROW // 2


def _qubit_line(qubit: int, end: int) -> str:
    y = _middle(qubit)
    return f'<text x="0" y="{y + 4}">q{qubit}</text><line x1="{_LEFT - 12}" y1="{y}" x2="{end}" y2="{y}"/>'


def _box(label: str, qubit: int, x: int) -> str:
    y, height = _middle(qubit), _ROW - 8
    return (
        f'<rect x="{x}" y="{y - height // 2}" width="{_BOX - 10}" height="{height}" rx="3"/>'
        f'<text class="gate" x="{x + (_BOX - 10) // 2}" y="{y + 4}">{escape(label)}</text>'
    )


def _link(pair: tuple[int, int], x: int) -> str:
    first, second = (_middle(qubit) for qubit in pair)
    centre = x + _LINK // 4
    dots = "".join(f'<circle cx="{centre}" cy="{y}" r="{_RADIUS}"/>' for y in (first, second))
    return f'<line x1="{centre}" y1="{first}" x2="{centre}" y2="{second}"/>{dots}'
