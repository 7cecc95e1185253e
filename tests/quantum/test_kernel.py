"""Quantum kernels: symmetric, positive, a product where nothing entangles; machines, and how kernels differ."""

from __future__ import annotations

import numpy as np
import pytest

from chipsmith.errors import BadInput
from chipsmith.quantum.circuit import Entanglement, LayeredCircuit
from chipsmith.quantum.kernel import (
    QuantumKernelSettings,
    compute_kernel,
    encode_features,
    encode_states,
    fit_kernel_machine,
    geometric_difference,
)
from chipsmith.quantum.qnode import measure_states

pytest.importorskip("torch")
RBF = pytest.importorskip("sklearn.gaussian_process.kernels").RBF
SVC = pytest.importorskip("sklearn.svm").SVC

FEATURES = np.random.default_rng(0).normal(size=(30, 3))


def settings_of(*, layers: int = 2, entanglement: Entanglement = Entanglement.RING, bandwidth: float = 0.7):
    circuit = LayeredCircuit(qubits=3, layers=layers, entanglement=entanglement)
    return QuantumKernelSettings(circuit=circuit, bandwidth=bandwidth)


def gram(settings: QuantumKernelSettings, features=FEATURES):
    states = encode_states(settings, features)
    return compute_kernel(states, states)


@pytest.mark.parametrize("entanglement", Entanglement)
def test_kernels_are_symmetric_and_positive(entanglement):
    kernel = gram(settings_of(entanglement=entanglement))
    assert np.diag(kernel) == pytest.approx(np.ones(30))
    assert kernel == pytest.approx(kernel.T)
    assert np.linalg.eigvalsh(kernel).min() > -1e-12


def test_kernels_are_those_of_pennylane():
    pytest.importorskip("pennylane")
    settings = settings_of()
    states = measure_states(settings.circuit, encode_features(settings, FEATURES))
    assert gram(settings) == pytest.approx(np.abs(states.conj() @ states.T) ** 2, abs=1e-9)


def test_a_layer_without_entanglement_is_a_product_of_cosines():
    """The overlap of qubits turned about Y by a and b is cos((a - b) / 2)."""
    kernel = gram(settings_of(layers=1, entanglement=Entanglement.NONE))
    differences = FEATURES[:, None] - FEATURES[None]
    assert kernel == pytest.approx(np.prod(np.cos(0.7 * differences / 2) ** 2, axis=2))


def test_the_product_kernel_is_that_of_single_qubits():
    kernels = []
    for qubit in range(3):
        circuit = LayeredCircuit(qubits=1, layers=2)
        places = FEATURES[:, [qubit, qubit, qubit]]
        kernels.append(gram(QuantumKernelSettings(circuit=circuit, bandwidth=0.7), places))
    assert gram(settings_of(entanglement=Entanglement.NONE)) == pytest.approx(np.prod(kernels, axis=0))


def test_entanglement_changes_the_kernel():
    apart = gram(settings_of(entanglement=Entanglement.NONE))
    assert np.abs(gram(settings_of()) - apart).max() > 0.05


def test_a_machine_is_that_of_scikit_learn_on_its_kernel():
    labels = (FEATURES[:, 0] * FEATURES[:, 1] > 0).astype(int)
    machine = fit_kernel_machine(settings_of(), FEATURES[:20], labels[:20])
    kernel = gram(settings_of())
    witness = SVC(kernel="precomputed").fit(kernel[:20, :20], labels[:20])
    assert np.array_equal(machine.predict(FEATURES[20:]), witness.predict(kernel[20:, :20]))


def test_a_kernel_does_not_differ_from_itself():
    kernel = gram(settings_of())
    assert geometric_difference(kernel, kernel, regularisation=1e-9) == pytest.approx(1, abs=1e-3)


def test_the_geometric_difference_is_that_of_its_definition():
    quantum, classical = gram(settings_of()), RBF()(FEATURES)
    root = np.linalg.cholesky(quantum + 1e-12 * np.eye(30))
    inverse = classical @ np.linalg.matrix_power(np.linalg.inv(classical + 1e-2 * np.eye(30)), 2)
    witness = np.sqrt(np.linalg.norm(root.T @ inverse @ root, ord=2))
    assert geometric_difference(quantum, classical, regularisation=1e-2) == pytest.approx(witness, rel=1e-4)


@pytest.mark.parametrize(("bandwidth", "penalty"), [(0, 1), (1, 0), (-1, 1)])
def test_a_kernel_without_width_is_refused(bandwidth, penalty):
    with pytest.raises(BadInput, match="above 0"):
        QuantumKernelSettings(circuit=LayeredCircuit(qubits=1, layers=1), bandwidth=bandwidth, penalty=penalty)
