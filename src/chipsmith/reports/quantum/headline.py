"""The headline figures of a run of a quantum network: the same list for the terminal and the page."""

from __future__ import annotations

from chipsmith.profile.profile import Evidence, Figure
from chipsmith.reports.headline import Headline, metric_headlines
from chipsmith.reports.quantum.record import ComparisonRecord, QuantumRunRecord
from chipsmith.units import signed

COUNTED = "counted in the circuit as it is written"


def quantum_headlines(record: QuantumRunRecord) -> tuple[Headline, ...]:
    """All headline figures, in order."""
    checked = (*_differences(record), *_checks(record))
    return (*metric_headlines(record), *checked, *_circuit(record), *device_headlines(record))


def points(share: float) -> str:
    """A difference of shares as text, such as '-1.2 points'."""
    return f"{signed(100 * share, 1)} points"


def lead_text(row: ComparisonRecord) -> str:
    """The circuit's lead over a model with its interval, such as '-1.2 points (-2.0 to -0.4)'."""
    return f"{points(row.difference)} ({signed(100 * row.low, 1)} to {signed(100 * row.high, 1)})"


def _differences(record: QuantumRunRecord) -> list[Headline]:
    return [
        Headline(
            group="difference",
            label=f"accuracy against {row.target}",
            text=lead_text(row),
            figure=Figure(
                value=row.difference,
                unit="1",
                kind=Evidence.SIMULATED,
                source="exact circuit minus that model on the same test examples; paired bootstrap, 95 %",
            ),
        )
        for row in record.comparisons
    ]


def _checks(record: QuantumRunRecord) -> list[Headline]:
    rows = (
        ("fidelity of the file", record.file_check, "the state of circuit.qasm"),
        ("fidelity of the states", record.state_check, "the states of test examples, the lowest"),
    )
    return [
        Headline(
            group="checks",
            label=label,
            text=f"{check.fidelity:.6f}",
            figure=Figure(
                value=check.fidelity,
                unit="1",
                kind=Evidence.SIMULATED,
                source=f"{what} of {check.examples:,}, by {check.witness} against the states simulated here",
            ),
        )
        for label, check, what in rows
    ]


def _circuit(record: QuantumRunRecord) -> list[Headline]:
    circuit = record.circuit
    rows = (
        ("qubits", circuit.qubits),
        ("depth", circuit.depth),
        ("two-qubit gates", circuit.two_qubit_gates),
        ("trained numbers in the circuit", circuit.parameters),
        ("trained numbers after it", circuit.head_parameters),
    )
    return [
        Headline(
            group="circuit",
            label=label,
            text=f"{value:,}",
            figure=Figure(value=value, unit="1", kind=Evidence.MEASURED, source=COUNTED),
        )
        for label, value in rows
        if value or label != "trained numbers in the circuit"
    ]


def device_headlines(record: QuantumRunRecord) -> list[Headline]:
    """What an answer and the training would take on the device."""
    return [
        Headline(group="device", label=label, text=_quantity(figure), figure=figure)
        for label, figure in record.device.figures.items()
    ]


def _quantity(figure: Figure) -> str:
    """A figure of a device as text with its unit."""
    unit = "" if figure.unit == "1" else f" {figure.unit}"
    whole = figure.value == round(figure.value)
    return f"{figure.value:,.0f}{unit}" if whole else f"{figure.value:,.3g}{unit}"
