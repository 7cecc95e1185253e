"""Which qubits a circuit of Qiskit measures."""

from __future__ import annotations

from typing import Any


def measured_qubits(bound: Any) -> list[int]:
    """The qubit that each classical bit reads, the highest bit first."""
    places = {
        bound.find_bit(step.clbits[0]).index: bound.find_bit(step.qubits[0]).index
        for step in bound.get_instructions("measure")
    }
    return [places[bit] for bit in sorted(places, reverse=True)]
