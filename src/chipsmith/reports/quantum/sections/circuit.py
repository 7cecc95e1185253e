"""The circuit: its picture, and what is in it."""

from __future__ import annotations

from chipsmith.reports.markup import how, paragraph, table
from chipsmith.reports.quantum.drawing import draw_circuit
from chipsmith.reports.quantum.record import FidelityCheck, QuantumRunRecord
from chipsmith.reports.sections.section import Drawing, PageSection


def _draw(record: QuantumRunRecord) -> Drawing:
    circuit, file, states = record.circuit, record.file_check, record.state_check
    rows = (
        ("qubits", f"{circuit.qubits:,}"),
        ("layers", f"{circuit.layers:,}"),
        ("features", f"{circuit.features:,}"),
        ("entanglement", circuit.entanglement),
        ("depth as written", f"{circuit.depth:,}"),
        ("two-qubit gates as written", f"{circuit.two_qubit_gates:,}"),
        ("numbers trained in the circuit", f"{circuit.parameters:,}"),
        ("numbers trained after it, on a classical computer", f"{circuit.head_parameters:,}"),
    )
    html = (
        how(f"Time runs to the right; a line is a qubit, a box a rotation, two dots CZ. {circuit.measured}")
        + f'<div class="scroll" tabindex="0" role="group" aria-label="Circuit">{draw_circuit(circuit)}</div>'
        + table(("what", "value"), rows, label="The circuit", narrow="stack")
        + paragraph(
            f"circuit.qasm holds it for the first test example in OpenQASM 3; {file.witness} reads {_verdict(file)}. "
            f"Of {states.examples:,} test examples {states.witness} computes {_verdict(states)}."
        )
    )
    return Drawing(html=html)


def _verdict(check: FidelityCheck) -> str:
    state = "the same state" if check.equal else "ANOTHER state"
    return f"{state} (fidelity {check.fidelity:.6f})"


SECTION = PageSection(name="circuit", title="The circuit", link="circuit", draw=_draw)
