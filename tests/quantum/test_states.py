"""Exact states against PennyLane, and gradients against the parameter-shift rule of PennyLane's expectations."""

from __future__ import annotations

import numpy as np
import pytest
from quantum_angles import draw_angles

from chipsmith.quantum.circuit import Entanglement, LayeredCircuit
from chipsmith.quantum.qnode import measure_expectations, measure_states
from chipsmith.quantum.states import compute_expectations, compute_probabilities, compute_states

pytest.importorskip("pennylane")
torch = pytest.importorskip("torch")

CIRCUITS = [
    LayeredCircuit(qubits=qubits, layers=layers, entanglement=entanglement)
    for qubits, layers in ((1, 1), (1, 3), (2, 2), (3, 3), (5, 2), (8, 4))
    for entanglement in Entanglement
]


@pytest.mark.parametrize("circuit", CIRCUITS, ids=str)
def test_states_are_those_of_pennylane(circuit):
    angles = draw_angles(circuit, examples=3)
    states = compute_states(circuit, torch.from_numpy(angles)).numpy()
    overlaps = np.abs(np.sum(measure_states(circuit, angles).conj() * states, axis=1)) ** 2
    assert overlaps == pytest.approx(np.ones(3), abs=1e-6)


@pytest.mark.parametrize("circuit", CIRCUITS, ids=str)
def test_expectations_are_those_of_pennylane(circuit):
    angles = draw_angles(circuit, examples=3)
    probabilities = compute_probabilities(compute_states(circuit, torch.from_numpy(angles)))
    assert compute_expectations(probabilities).numpy() == pytest.approx(measure_expectations(circuit, angles), abs=1e-9)


def test_float32_states_are_near():
    circuit = LayeredCircuit(qubits=4, layers=10)
    angles = torch.from_numpy(draw_angles(circuit, examples=2))
    exact = compute_probabilities(compute_states(circuit, angles))
    assert compute_probabilities(compute_states(circuit, angles.float())).numpy() == pytest.approx(
        exact.numpy(), abs=1e-5
    )


def test_gradients_follow_the_parameter_shift_rule():
    """d<Z>/d angle = (<Z>(angle + pi/2) - <Z>(angle - pi/2)) / 2, of expectations that PennyLane computes."""
    circuit = LayeredCircuit(qubits=3, layers=2)
    angles = draw_angles(circuit, examples=1)
    trained = torch.from_numpy(angles).requires_grad_()
    compute_expectations(compute_probabilities(compute_states(circuit, trained))).sum().backward()
    shifts = np.eye(angles.size).reshape(-1, *circuit.angles_shape) * (np.pi / 2)
    up, down = (measure_expectations(circuit, angles + sign * shifts).sum(axis=1) for sign in (1, -1))
    assert trained.grad.numpy().ravel() == pytest.approx((up - down) / 2, abs=1e-9)
