"""OpenQASM 3 as Qiskit reads it: what says whether a file that was written means what it should."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chipsmith.extras import require_package


def read_qasm_state(text: str) -> NDArray[np.complex128]:
    """The state (2^qubits) before the measurements at the end of an OpenQASM 3 text; qubit 0 is the highest bit.

    Raises BadInput without Qiskit and its reader.
    """
    require_package("qiskit", extra="quantum", task="read OpenQASM 3")
    require_package("qiskit_qasm3_import", extra="quantum", task="read OpenQASM 3", distribution="qiskit-qasm3-import")
    from qiskit import qasm3
    from qiskit.quantum_info import Statevector

    circuit = qasm3.loads(text)
    circuit.remove_final_measurements()
    return np.asarray(Statevector(circuit).reverse_qargs().data)


def state_fidelity(first: NDArray[np.complex128], second: NDArray[np.complex128]) -> NDArray[np.float64]:
    """|<a|b>|^2 (n) of states (n, 2^qubits) in pairs."""
    return np.asarray(np.abs((first.conj() * second).sum(axis=-1)) ** 2)
