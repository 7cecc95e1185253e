"""Kernel machines: an answer is a sum over the training examples that support it, weighted by their likeness."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from chipsmith.quantum.circuit import LayeredCircuit
from chipsmith.quantum.kernel import QuantumKernelSettings, compute_kernel, encode_states

_SIZED_BY_FIT = ("vectors", "weights")


class PairwiseMachine(nn.Module, ABC):
    """Support vector machines of each pair of classes: features (n, f) -> logits (n, classes).

    `vectors` (m, f) are the support vectors, `weights` (m, pairs) and `intercepts` (pairs) those of each pair's
    machine, whose positive side is the pair's first class. Logits are what `count_votes` makes of the margins, times
    `sharpness`. Before a fit there are no support vectors.
    """

    def __init__(self, *, features: int, classes: int) -> None:
        super().__init__()
        self.register_buffer("signs", pair_signs(classes), persistent=False)
        self.register_buffer("bandwidth", torch.ones(()))
        self.register_buffer("sharpness", torch.ones(()))
        self.register_buffer("vectors", torch.zeros(0, features))
        self.register_buffer("weights", torch.zeros(0, len(self.signs)))
        self.register_buffer("intercepts", torch.zeros(len(self.signs)))

    @abstractmethod
    def kernel(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """How alike the examples (n, f) and (m, f) are: (n, m), 1 for equal ones. Features come with the bandwidth."""

    def likeness(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """The kernel (n, m) of features (n, f) and (m, f) at the machine's bandwidth."""
        return self.kernel(self.bandwidth * first, self.bandwidth * second)

    def decide(self, likeness: torch.Tensor) -> torch.Tensor:
        """Logits (n, classes) from the kernel (n, m) of n examples and the support vectors."""
        margins = likeness @ self.weights + self.intercepts
        return self.sharpness * count_votes(margins, self.signs)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Logits (n, classes)."""
        return self.decide(self.likeness(features, self.vectors))

    def _load_from_state_dict(self, state_dict: Mapping[str, Any], prefix: str, *rest: Any) -> None:
        """A file says how many support vectors there are."""
        for name in _SIZED_BY_FIT:
            stored, own = state_dict.get(prefix + name), getattr(self, name)
            if stored is not None and stored.ndim == 2 and stored.shape[1:] == own.shape[1:]:
                setattr(self, name, own.new_zeros(stored.shape))
        super()._load_from_state_dict(state_dict, prefix, *rest)


class RbfMachine(PairwiseMachine):
    """The classical machine: likeness is exp(-distance^2)."""

    def kernel(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """As PairwiseMachine.kernel."""
        squares = (first**2).sum(1)[:, None] + (second**2).sum(1) - 2 * first @ second.T
        return torch.exp(-squares.clamp(min=0))


class QuantumMachine(PairwiseMachine):
    """The quantum machine: likeness is the fidelity of the states that a circuit encodes two examples in."""

    def __init__(self, *, circuit: LayeredCircuit, features: int, classes: int) -> None:
        super().__init__(features=features, classes=classes)
        self.circuit = circuit

    def kernel(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """As PairwiseMachine.kernel."""
        return torch.from_numpy(compute_kernel(self._states(first), self._states(second))).float()

    def _states(self, scaled: torch.Tensor) -> NDArray[np.complex128]:
        return encode_states(QuantumKernelSettings(circuit=self.circuit, bandwidth=1.0), scaled.numpy())


def count_votes(margins: torch.Tensor, signs: torch.Tensor) -> torch.Tensor:
    """Votes (n, classes) of margins (n, pairs), and less than half of one for the sum of a class's margins.

    `signs` (pairs, classes) is 1 for the class that a positive margin speaks for, -1 for the other. As scikit-learn's
    decision_function_shape "ovr"; of two classes the margin itself, for and against.
    """
    sums = margins @ signs
    classes = signs.shape[1]
    if classes == 2:
        return sums
    wins = torch.where(margins >= 0, 1.0, -1.0)
    return (wins @ signs + (classes - 1)) / 2 + sums / (3 * (sums.abs() + 1))


def pair_signs(classes: int) -> torch.Tensor:
    """The signs (pairs, classes) that `count_votes` takes, of all pairs in order."""
    ones = torch.eye(classes)
    return torch.stack([ones[first] - ones[second] for first, second in combinations(range(classes), 2)])
