"""A circuit that classifies: data are uploaded again in every layer, and a linear head reads the qubits."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from chipsmith.quantum.circuit import LayeredCircuit
from chipsmith.quantum.states import compute_expectations, compute_probabilities, compute_states


class CircuitClassifier(nn.Module):
    """Features (n, f) to logits (n, classes): rotations by angles scale * feature + shift, Z of every qubit, a head.

    `places` (layers, qubits, 3) says which feature enters which angle. `scales` and `shifts` of that shape are trained,
    and so is `head`. Equal arguments and state of torch's global generator give equal weights.
    """

    def __init__(self, *, circuit: LayeredCircuit, places: NDArray[np.int64], classes: int, spread: float) -> None:
        super().__init__()
        self.circuit = circuit
        self.register_buffer("places", torch.from_numpy(places))
        self.scales = nn.Parameter(spread * torch.randn(circuit.angles_shape))
        self.shifts = nn.Parameter(math.pi * (2 * torch.rand(circuit.angles_shape) - 1))
        self.head = nn.Linear(circuit.qubits, classes)

    def angles(self, features: torch.Tensor) -> torch.Tensor:
        """The angles (n, layers, qubits, 3), in radians, of the circuits of features (n, f)."""
        return features[:, self.places] * self.scales + self.shifts

    def expectations(self, features: torch.Tensor) -> torch.Tensor:
        """The exact expectation of Z of every qubit, (n, qubits)."""
        states = compute_states(self.circuit, self.angles(features))
        return compute_expectations(compute_probabilities(states))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Logits (n, classes) of the exact circuit."""
        return self.head(self.expectations(features))
