"""OpenQASM 3 read back by Qiskit, in this package's order of qubits."""

from __future__ import annotations

import numpy as np
import pytest

from chipsmith.quantum.circuit import LayeredCircuit
from chipsmith.quantum.qasm import write_qasm
from chipsmith.quantum.qnode import measure_states
from chipsmith.quantum.reading import read_qasm_state, state_fidelity

pytest.importorskip("qiskit_qasm3_import")
pytest.importorskip("pennylane")


@pytest.mark.parametrize("qubits", [1, 2, 3])
def test_a_written_circuit_is_read_to_pennylanes_state(qubits):
    circuit = LayeredCircuit(qubits=qubits, layers=2)
    angles = np.random.default_rng(qubits).uniform(-3, 3, circuit.angles_shape)
    read = read_qasm_state(write_qasm(circuit, angles))
    (witness,) = measure_states(circuit, angles[None])
    assert float(state_fidelity(read, witness)) == pytest.approx(1)


def test_fidelity_is_a_share_of_each_pair():
    zero, one_of_two = np.array([[1, 0], [1, 0]], complex), np.array([[1, 0], [1, 1j]], complex) / [[1], [2**0.5]]
    assert state_fidelity(zero, one_of_two).tolist() == pytest.approx([1, 0.5])
