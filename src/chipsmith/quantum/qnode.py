"""Circuits as PennyLane has them: what judges the exact figures."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsmith.extras import require_package
from chipsmith.quantum.circuit import LayeredCircuit

_BATCH = 250


def measure_states(circuit: LayeredCircuit, angles: NDArray[Any]) -> NDArray[np.complex128]:
    """States (n, 2^qubits) of angles (n, layers, qubits, 3) by PennyLane's default.qubit; qubit 0 is the highest bit.

    Up to a phase for each example they are those of `compute_states`, which was written apart from it. Raises BadInput
    without PennyLane.
    """
    qml = _import_pennylane("simulate a circuit")

    def read(batch: NDArray[Any]) -> Any:
        _apply(circuit, batch)
        return qml.state()

    node = qml.QNode(read, qml.device("default.qubit", wires=circuit.qubits))
    parts = [np.asarray(node(angles[start : start + _BATCH])) for start in range(0, len(angles), _BATCH)]
    return np.concatenate([part.reshape(-1, 1 << circuit.qubits) for part in parts])


def measure_expectations(circuit: LayeredCircuit, angles: NDArray[Any]) -> NDArray[np.float64]:
    """The expectations of Z (n, qubits) of angles (n, layers, qubits, 3), by PennyLane's default.qubit.

    Raises BadInput without PennyLane.
    """
    qml = _import_pennylane("simulate a circuit")

    def read(batch: NDArray[Any]) -> Any:
        _apply(circuit, batch)
        return [qml.expval(qml.PauliZ(qubit)) for qubit in range(circuit.qubits)]

    node = qml.QNode(read, qml.device("default.qubit", wires=circuit.qubits))
    parts = [np.stack(node(angles[start : start + _BATCH]), axis=1) for start in range(0, len(angles), _BATCH)]
    return np.concatenate(parts)


def _apply(circuit: LayeredCircuit, angles: NDArray[Any]) -> None:
    """Queue the gates of angles (..., layers, qubits, 3).

    PennyLane's Rot(lambda, theta, phi) is U(theta, phi, lambda) up to its phase.
    """
    qml = _import_pennylane("queue gates")
    for layer in range(circuit.layers):
        for qubit in range(circuit.qubits):
            theta, phi, lam = np.moveaxis(angles[..., layer, qubit, :], -1, 0)
            qml.Rot(lam, theta, phi, wires=qubit)
        for pair in circuit.pairs_after(layer):
            qml.CZ(wires=pair)


def _import_pennylane(task: str) -> Any:
    require_package("pennylane", extra="quantum", task=task)
    import pennylane as qml

    return qml
