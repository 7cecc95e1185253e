"""Quantum kernels: how alike two examples are, as the overlap of the states that they are encoded in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chipsmith.errors import BadInput
from chipsmith.extras import require_package
from chipsmith.quantum.circuit import ANGLES_PER_ROTATION, LayeredCircuit

if TYPE_CHECKING:
    from sklearn.svm import SVC

Matrix = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class QuantumKernelSettings:
    """How examples are encoded, and the machine that separates them.

    In every layer each qubit is turned about Y by `bandwidth` times a feature; layers begin with different features.
    A small bandwidth leaves all states alike, a large one all states strangers: it is the hyper-parameter that decides
    how a quantum kernel generalises (R. Shaydulin, S. Wild, Physical Review A 106 (2022), 042407). `penalty` is the C
    of the support vector machine. Raises BadInput where either is not above 0.
    """

    circuit: LayeredCircuit
    bandwidth: float
    penalty: float = 1.0

    def __post_init__(self) -> None:
        if not (self.bandwidth > 0 and self.penalty > 0):
            raise BadInput(
                f"a quantum kernel needs a bandwidth and a penalty above 0, not {self.bandwidth} and {self.penalty}"
            )


def encode_features(settings: QuantumKernelSettings, features: NDArray[Any]) -> Matrix:
    """The angles float64 (n, layers, qubits, 3), in radians, that encode features (n, f) of any number f."""
    layers, qubits, angles = settings.circuit.angles_shape
    places = ANGLES_PER_ROTATION * np.arange(layers)[:, None] + np.arange(qubits)
    turned = np.zeros((len(features), layers, qubits, angles))
    turned[..., 0] = settings.bandwidth * features[:, places % features.shape[1]]
    return turned


def encode_states(settings: QuantumKernelSettings, features: NDArray[Any]) -> NDArray[np.complex128]:
    """The exact states (n, 2^qubits) that encode features (n, f)."""
    import torch

    from chipsmith.quantum.states import compute_states

    with torch.no_grad():
        return np.asarray(compute_states(settings.circuit, torch.from_numpy(encode_features(settings, features))))


def compute_kernel(left: NDArray[np.complex128], right: NDArray[np.complex128]) -> Matrix:
    """The fidelities |<a|b>|^2, from 0 to 1, of states (n, 2^qubits) and (m, 2^qubits), as (n, m)."""
    return np.asarray(np.abs(left.conj() @ right.T) ** 2)


def fit_by_kernel(kernel: Matrix, labels: NDArray[Any], *, penalty: float) -> SVC:
    """A support vector machine fitted on the kernel (n, n) of its training examples and their labels (n,).

    Its `predict` takes the kernel (m, n) of new examples and the training ones. Raises BadInput without scikit-learn.
    """
    require_package("sklearn", extra="torch", task="fit a kernel machine")
    from sklearn.svm import SVC

    return SVC(kernel="precomputed", C=penalty).fit(kernel, labels)


@dataclass(frozen=True, kw_only=True)
class KernelMachine:
    """A quantum-kernel support vector machine: settings, training states, and what was fitted on them."""

    settings: QuantumKernelSettings
    states: NDArray[np.complex128]
    machine: SVC

    def kernel(self, features: NDArray[Any]) -> Matrix:
        """The exact kernel (m, n) of features (m, f) and the n training examples."""
        return compute_kernel(encode_states(self.settings, features), self.states)

    def predict(self, features: NDArray[Any]) -> NDArray[Any]:
        """The labels (m,) of features (m, f), by the exact kernel."""
        return np.asarray(self.machine.predict(self.kernel(features)))


def fit_kernel_machine(settings: QuantumKernelSettings, features: NDArray[Any], labels: NDArray[Any]) -> KernelMachine:
    """A machine fitted on features (n, f) and labels (n,). Raises BadInput without torch or scikit-learn."""
    require_package("torch", extra="torch", task="simulate a quantum kernel")
    states = encode_states(settings, features)
    machine = fit_by_kernel(compute_kernel(states, states), labels, penalty=settings.penalty)
    return KernelMachine(settings=settings, states=states, machine=machine)


def geometric_difference(quantum: Matrix, classical: Matrix, *, regularisation: float = 1e-3) -> float:
    """How much a quantum kernel (n, n) can see that a classical one (n, n) of the same examples cannot.

    Near 1: for any labels, the classical kernel predicts as well. Near the root of n: there are labels that the quantum
    kernel predicts and the classical does not, which need not be the labels of the task. Kernels are scaled to a trace
    of n. Source: H.-Y. Huang and others, Nature Communications 12 (2021), 2631, with its `regularisation`.
    """
    count = len(quantum)
    quantum_root = _root(quantum * count / np.trace(quantum))
    values, vectors = np.linalg.eigh(classical * count / np.trace(classical))
    values = np.clip(values, 0, None)
    factors = np.sqrt(values) / (values + regularisation)
    return float(np.linalg.norm((quantum_root @ vectors) * factors, ord=2))


def _root(matrix: Matrix) -> Matrix:
    """The symmetric square root of a matrix without negative eigenvalues."""
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T)
