"""Stored snapshots of real devices, and what circuits are on them."""

from __future__ import annotations

import numpy as np
import pytest
from measured_qubits import measured_qubits
from quantum_angles import draw_angles

from chipsmith.errors import BadInput
from chipsmith.quantum.circuit import Entanglement, LayeredCircuit
from chipsmith.quantum.device import DEFAULT_DEVICE, list_devices, load_device
from chipsmith.quantum.qasm import rotate_and_entangle
from chipsmith.quantum.resources import count_kernel_circuits, count_resources
from chipsmith.quantum.states import compute_probabilities, compute_states
from chipsmith.quantum.transpile import bind_angles, transpile_circuit, transpile_inversion_test

pytest.importorskip("qiskit_ibm_runtime")
torch = pytest.importorskip("torch")
transpile = pytest.importorskip("qiskit").transpile
Statevector = pytest.importorskip("qiskit.quantum_info").Statevector
FakeManilaV2 = pytest.importorskip("qiskit_ibm_runtime.fake_provider").FakeManilaV2

MANILA = load_device("manila")
"""Five qubits in a line: a ring needs swaps on it."""


def read_probabilities(bound):
    """The probabilities of the bits that a transpiled circuit measures, bit 0 the highest, by Qiskit's statevector."""
    state = Statevector(bound.remove_final_measurements(inplace=False))
    return state.probabilities(measured_qubits(bound))


def test_a_snapshot_is_that_of_the_provider():
    backend = FakeManilaV2()
    assert MANILA.qubits == backend.num_qubits == 5
    assert MANILA.basis == ("rz", "sx", "x", "cx")
    assert MANILA.recorded == str(backend.properties().last_update_date)[:10]
    assert {"manila", "sherbrooke", DEFAULT_DEVICE} <= set(list_devices())


def test_wrong_names_are_refused_with_a_near_name():
    with pytest.raises(BadInput, match="did you mean manila"):
        load_device("manilla")


def test_old_gates_are_refused():
    with pytest.raises(BadInput, match="no gate rz, sx; take a device of SX and RZ"):
        load_device("boeblingen")


@pytest.mark.parametrize("entanglement", Entanglement)
@pytest.mark.parametrize(("qubits", "layers"), [(1, 2), (2, 3), (3, 3), (4, 2), (5, 2)])
def test_transpiled_circuits_measure_the_same(qubits, layers, entanglement):
    circuit = LayeredCircuit(qubits=qubits, layers=layers, entanglement=entanglement)
    angles = draw_angles(circuit, examples=1)
    bound = bind_angles(transpile_circuit(circuit, MANILA), angles[0])
    assert set(bound.count_ops()) <= {*MANILA.basis, "measure"}
    exact = compute_probabilities(compute_states(circuit, torch.from_numpy(angles))).numpy()[0]
    assert read_probabilities(bound) == pytest.approx(exact, abs=1e-9)


def test_an_inversion_test_reads_all_zeros_as_often_as_states_overlap():
    circuit = LayeredCircuit(qubits=4, layers=3)
    angles = draw_angles(circuit, examples=2)
    bound = bind_angles(transpile_inversion_test(circuit, MANILA), angles)
    first, second = compute_states(circuit, torch.from_numpy(angles)).numpy()
    assert read_probabilities(bound)[0] == pytest.approx(abs(np.vdot(first, second)) ** 2, abs=1e-9)


def test_resources_are_qiskits_counts():
    circuit = LayeredCircuit(qubits=4, layers=3)
    angles = draw_angles(circuit, examples=1)[0]
    compiled = transpile_circuit(circuit, MANILA)
    bound = bind_angles(compiled, angles)
    resources = count_resources(compiled, angles, circuits=7, shots=1000)
    assert resources.two_qubit_gates == bound.count_ops()["cx"]
    assert resources.gates == sum(
        bound.count_ops()[name] for name in ("cx", "rz", "sx", "x") if name in bound.count_ops()
    )
    assert resources.depth == bound.depth()
    assert len(set(compiled.places)) == resources.qubits == 4


def test_no_more_gates_of_two_qubits_than_qiskit_needs_for_the_numbers_themselves():
    """Transpiling with barriers for rotations loses nothing against the transpiler that sees every angle."""
    circuit = LayeredCircuit(qubits=4, layers=3)
    angles = draw_angles(circuit, examples=1)[0]
    bound = bind_angles(transpile_circuit(circuit, MANILA), angles)

    drawn = rotate_and_entangle(circuit, angles)
    drawn.measure_all()
    own = transpile(drawn, FakeManilaV2(), optimization_level=3, seed_transpiler=0)
    assert bound.num_nonlocal_gates() <= 1.1 * own.num_nonlocal_gates()


def test_the_time_is_the_longest_chain_of_durations_and_the_pause():
    """A single qubit: its two rotations join into a pair of SX, then measurement, in durations of the snapshot."""
    circuit = LayeredCircuit(qubits=1, layers=2)
    compiled = transpile_circuit(circuit, MANILA)
    resources = count_resources(compiled, draw_angles(circuit, examples=1)[0], circuits=10, shots=100)
    target, place = MANILA.target, compiled.places
    chain_us = 1e6 * (2 * target["sx"][place].duration + target["measure"][place].duration)
    assert resources.circuit_us == pytest.approx(chain_us)
    assert resources.time_s == pytest.approx(10 * 100 * (chain_us + MANILA.repetition_us) / 1e6)


def test_on_a_square_lattice_a_ring_of_eight_needs_no_swaps():
    circuit = LayeredCircuit(qubits=8, layers=3)
    compiled = transpile_circuit(circuit, load_device(DEFAULT_DEVICE))
    assert count_resources(compiled, np.ones(circuit.angles_shape), circuits=1, shots=1).two_qubit_gates == 16


def test_more_qubits_than_the_device_has_are_refused():
    with pytest.raises(BadInput, match="manila has 5 qubits, and the circuit needs 6"):
        transpile_circuit(LayeredCircuit(qubits=6, layers=1), MANILA)


def test_a_kernel_counts_its_pairs():
    assert count_kernel_circuits(training=4, tested=3) == 6 + 12
