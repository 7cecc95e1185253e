"""Noisy circuits: Qiskit Aer's density matrices are the witness; without noise they are the exact ones."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from measured_qubits import measured_qubits
from quantum_angles import draw_angles

from chipsmith.errors import BadInput
from chipsmith.quantum.circuit import Entanglement, LayeredCircuit
from chipsmith.quantum.device import load_device
from chipsmith.quantum.noise import DeviceNoise, read_noise
from chipsmith.quantum.simulate import simulate_noise, simulate_noisy_kernel
from chipsmith.quantum.states import compute_probabilities, compute_states
from chipsmith.quantum.transpile import bind_angles, transpile_circuit, transpile_inversion_test

pytest.importorskip("qiskit_aer")
pytest.importorskip("qiskit_ibm_runtime")
torch = pytest.importorskip("torch")
AerSimulator = pytest.importorskip("qiskit_aer").AerSimulator
NoiseModel = pytest.importorskip("qiskit_aer.noise").NoiseModel
FakeManilaV2 = pytest.importorskip("qiskit_ibm_runtime.fake_provider").FakeManilaV2

MANILA = load_device("manila")
CIRCUITS = [
    LayeredCircuit(qubits=qubits, layers=layers, entanglement=entanglement)
    for qubits, layers in ((1, 2), (2, 3), (3, 2), (4, 2))
    for entanglement in Entanglement
]


@cache
def aer_simulator():
    return AerSimulator(method="density_matrix", noise_model=NoiseModel.from_backend(FakeManilaV2()))


def read_by_aer(bound):
    """The probabilities of the measured bits, bit 0 the highest, before readout errors: Aer's own density matrix."""
    circuit = bound.remove_final_measurements(inplace=False)
    circuit.save_probabilities(qubits=measured_qubits(bound))
    return np.asarray(aer_simulator().run(circuit).result().data()["probabilities"])


@cache
def gate_noise():
    return DeviceNoise(gates=read_noise(MANILA, tuple(range(MANILA.qubits))).gates)


@pytest.mark.parametrize("circuit", CIRCUITS, ids=str)
def test_gate_errors_are_those_of_aer(circuit):
    angles = draw_angles(circuit, examples=1)
    compiled = transpile_circuit(circuit, MANILA)
    noisy = simulate_noise(compiled, angles, gate_noise())
    assert noisy[0] == pytest.approx(read_by_aer(bind_angles(compiled, angles[0])), abs=1e-6)


@pytest.mark.parametrize("circuit", CIRCUITS, ids=str)
def test_noisy_kernels_are_those_of_aer(circuit):
    angles = draw_angles(circuit, examples=3)
    compiled = transpile_inversion_test(circuit, MANILA)
    kernel = simulate_noisy_kernel(compiled, angles[:2], angles[1:], gate_noise())
    for row, column in ((0, 0), (1, 0), (1, 1)):
        bound = bind_angles(compiled, angles[[row, column + 1]])
        assert kernel[row, column] == pytest.approx(read_by_aer(bound)[0], abs=1e-6)


@pytest.mark.parametrize("circuit", CIRCUITS, ids=str)
def test_without_noise_circuits_are_exact(circuit):
    angles = draw_angles(circuit, examples=20)
    exact = compute_probabilities(compute_states(circuit, torch.from_numpy(angles))).numpy()
    assert simulate_noise(transpile_circuit(circuit, MANILA), angles, DeviceNoise()) == pytest.approx(exact, abs=1e-6)


def test_without_noise_kernels_are_exact():
    circuit = LayeredCircuit(qubits=4, layers=3)
    angles = draw_angles(circuit, examples=20)
    states = compute_states(circuit, torch.from_numpy(angles)).numpy()
    kernel = simulate_noisy_kernel(transpile_inversion_test(circuit, MANILA), angles, angles[:5], DeviceNoise())
    assert kernel == pytest.approx(np.abs(states.conj() @ states[:5].T) ** 2, abs=1e-6)


def test_readout_errors_mix_the_bits_of_each_qubit():
    circuit = LayeredCircuit(qubits=2, layers=2)
    angles = draw_angles(circuit, examples=3)
    compiled = transpile_circuit(circuit, MANILA)
    misread = {place: np.array([[0.9, 0.2], [0.1, 0.8]]) for place in compiled.places}
    exact = simulate_noise(compiled, angles, DeviceNoise())
    noisy = simulate_noise(compiled, angles, DeviceNoise(readout=misread))
    assert noisy == pytest.approx(exact @ np.kron(misread[compiled.places[0]], misread[compiled.places[1]]).T, abs=1e-6)


def test_readout_errors_are_those_of_the_snapshot():
    noise = read_noise(MANILA, (0, 3))
    assert set(noise.readout) == {0, 3}
    for place, matrix in noise.readout.items():
        assert matrix.sum(axis=0) == pytest.approx([1, 1])
        assert (matrix[1, 0] + matrix[0, 1]) / 2 == pytest.approx(MANILA.target["measure"][(place,)].error)


@pytest.mark.parametrize("angle", [0.0, np.pi / 2, np.pi])
def test_special_rotations_are_exact(angle):
    """Where a rotation is none, or a flip, two of its three angles are not defined apart."""
    circuit = LayeredCircuit(qubits=2, layers=2)
    angles = np.zeros((1, *circuit.angles_shape))
    angles[..., 0], angles[..., 1] = angle, 0.3
    exact = compute_probabilities(compute_states(circuit, torch.from_numpy(angles))).numpy()
    assert simulate_noise(transpile_circuit(circuit, MANILA), angles, DeviceNoise()) == pytest.approx(exact, abs=1e-6)


def test_angles_of_another_circuit_are_refused():
    with pytest.raises(BadInput, match="angles of shape"):
        simulate_noise(transpile_circuit(CIRCUITS[0], MANILA), np.zeros((1, 2, 2, 3)), DeviceNoise())
