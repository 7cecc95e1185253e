"""Circuits as Qiskit and OpenQASM 3 have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chipsmith.errors import BadInput
from chipsmith.extras import require_package
from chipsmith.quantum.circuit import LayeredCircuit

if TYPE_CHECKING:
    from qiskit import QuantumCircuit


def write_qasm(circuit: LayeredCircuit, angles: NDArray[Any]) -> str:
    """The OpenQASM 3 text of one example's circuit, measured in Z at its end.

    `angles` (layers, qubits, 3) in radians. Qubit q and classical bit q are the circuit's qubit q. Raises BadInput for
    angles of another shape, and without Qiskit.
    """
    require_package("qiskit", extra="quantum", task="write OpenQASM 3")
    from qiskit import qasm3

    drawn = rotate_and_entangle(circuit, angles)
    drawn.measure_all()
    return str(qasm3.dumps(drawn))


def rotate_and_entangle(circuit: LayeredCircuit, angles: NDArray[Any]) -> QuantumCircuit:
    """Qiskit's circuit, without measurement; `angles` (layers, qubits, 3) are numbers or parameters of Qiskit."""
    from qiskit import QuantumCircuit

    if np.shape(angles) != circuit.angles_shape:
        raise BadInput(f"the circuit has angles of shape {circuit.angles_shape}, not {np.shape(angles)}")
    drawn = QuantumCircuit(circuit.qubits)
    for layer in range(circuit.layers):
        for qubit in range(circuit.qubits):
            theta, phi, lam = angles[layer, qubit].tolist()
            drawn.u(theta, phi, lam, qubit)
        for first, second in circuit.pairs_after(layer):
            drawn.cz(first, second)
    return drawn
