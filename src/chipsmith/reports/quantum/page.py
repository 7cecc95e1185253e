"""report.html of a run of a quantum network."""

from __future__ import annotations

from pathlib import Path

from chipsmith.files import write_whole
from chipsmith.reports.headline import percent
from chipsmith.reports.html import draw_sections, fill_page
from chipsmith.reports.markup import paragraph
from chipsmith.reports.quantum.headline import points, quantum_headlines
from chipsmith.reports.quantum.record import EXACT, ComparisonRecord, QuantumRunRecord
from chipsmith.reports.quantum.sections import QUANTUM_SECTIONS
from chipsmith.reports.sections.section import Drawing
from chipsmith.reports.verdict import draw_card, draw_title
from chipsmith.units import signed

_CARDS = ("test accuracy", "accuracy against")
"""How the headlines begin that stand as cards."""


def render_quantum_page(record: QuantumRunRecord) -> str:
    """The page as HTML."""
    body = draw_quantum_body(record)
    return fill_page(f"{record.network}: a quantum network", body=body.html, charts=body.charts)


def write_quantum_page(record: QuantumRunRecord, path: Path) -> None:
    """Write report.html, whole or not at all."""
    write_whole(path, render_quantum_page(record).encode())


def draw_quantum_body(record: QuantumRunRecord) -> Drawing:
    """The body of the page: the outcome in words, then the sections that the record holds something for."""
    sections = draw_sections(record, QUANTUM_SECTIONS)
    circuit = record.circuit
    subtitle = (
        f"A {record.model} of {circuit.qubits} qubits, simulated on this computer; no AI chip computes it and nothing "
        "ran on a quantum processor."
    )
    shown = [row for row in quantum_headlines(record) if row.label.startswith(_CARDS)]
    cards = "".join(map(draw_card, shown))
    html = (
        f"<main>{draw_title(record.network, subtitle)}"
        f'<div class="verdict">{paragraph(quantum_verdict(record))}</div><div class="cards">{cards}</div>'
        f"{sections.html}</main>"
    )
    return Drawing(html=html, charts=sections.charts)


def quantum_verdict(record: QuantumRunRecord) -> str:
    """The outcome in a few sentences: what it answers right, and what quantum brought beside the classical models."""
    exact = record.primary_metric(EXACT)
    right = (
        []
        if exact is None
        else [f"Exact, it classifies {percent(exact.value, 1)} of {exact.count:,} test examples right."]
    )
    return " ".join((*right, *(_against(row) for row in record.comparisons)))


def _against(row: ComparisonRecord) -> str:
    words = "ahead of" if row.low > 0 else "behind" if row.high < 0 else "not to be told from"
    ends = f"{signed(100 * row.low, 1)} to {signed(100 * row.high, 1)}"
    return f"It is {words} {row.what} ({points(row.difference)}, {ends})."
