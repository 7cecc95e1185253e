"""OpenQASM 3: Qiskit reads back the same state."""

from __future__ import annotations

import numpy as np
import pytest
from quantum_angles import draw_angles

from chipsmith.errors import BadInput
from chipsmith.quantum.circuit import Entanglement, LayeredCircuit
from chipsmith.quantum.qasm import write_qasm
from chipsmith.quantum.states import compute_states

pytest.importorskip("qiskit_qasm3_import")
torch = pytest.importorskip("torch")
qasm3 = pytest.importorskip("qiskit.qasm3")
Statevector = pytest.importorskip("qiskit.quantum_info").Statevector


@pytest.mark.parametrize("entanglement", Entanglement)
@pytest.mark.parametrize(("qubits", "layers"), [(1, 1), (2, 3), (5, 2), (8, 3)])
def test_qiskit_reads_the_same_state_back(qubits, layers, entanglement):
    circuit = LayeredCircuit(qubits=qubits, layers=layers, entanglement=entanglement)
    angles = draw_angles(circuit, examples=1)
    read = qasm3.loads(write_qasm(circuit, angles[0])).remove_final_measurements(inplace=False)
    state = compute_states(circuit, torch.from_numpy(angles)).numpy()[0]
    assert abs(np.vdot(Statevector(read).reverse_qargs().data, state)) ** 2 == pytest.approx(1, abs=1e-9)


def test_every_qubit_is_measured_into_its_own_bit():
    circuit = LayeredCircuit(qubits=3, layers=1)
    read = qasm3.loads(write_qasm(circuit, np.zeros(circuit.angles_shape)))
    places = [read.find_bit(step.qubits[0]).index for step in read.get_instructions("measure")]
    bits = [read.find_bit(step.clbits[0]).index for step in read.get_instructions("measure")]
    assert places == bits == [0, 1, 2]


def test_angles_of_another_circuit_are_refused():
    with pytest.raises(BadInput, match=r"\(2, 3, 3\), not \(1, 3, 3\)"):
        write_qasm(LayeredCircuit(qubits=3, layers=2), np.zeros((1, 3, 3)))
