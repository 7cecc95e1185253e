"""Trained quantum networks as models whose circuits are measured: exactly, by shots, or with a device's noise."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from chipsmith.errors import BadInput
from chipsmith.learn.data import Batch, Dataset
from chipsmith.learn.networks import QuantumClassifier, QuantumKernel
from chipsmith.learn.predict import predict
from chipsmith.learn.trained import TrainedNetwork
from chipsmith.learn.training.machines import as_matrix, fit_pairs, keep_machines
from chipsmith.quantum.circuit import LayeredCircuit
from chipsmith.quantum.kernel import KernelSettings, Matrix, encode_features
from chipsmith.quantum.shots import sample_gram, sample_kernel, sample_shots
from chipsmith.quantum.states import compute_expectations, compute_states

if TYPE_CHECKING:
    from chipsmith.learn.networks.modules.machines import QuantumMachine
    from chipsmith.quantum.modules.classifier import CircuitClassifier

Features = NDArray[Any]
Angles = NDArray[np.float64]
Answers = NDArray[np.float32]


def as_quantum_model(trained: TrainedNetwork, dataset: Dataset) -> TrainedCircuit:
    """The model of a trained quantum network. Raises BadInput for another network."""
    network, module = trained.training.recipe.network, trained.module
    if isinstance(network, QuantumClassifier):
        return ClassifierModel(module=module)
    if isinstance(network, QuantumKernel):
        best = max(trained.training.candidates, key=lambda candidate: candidate.accuracy)
        return MachineModel(module=module, train=dataset.train.whole(), penalty=best.penalty)
    raise BadInput(f"{trained.training.recipe.name} is no quantum network, but {network.kind}")


class TrainedCircuit(ABC):
    """A trained quantum network: a QuantumModel, which targets take, and what its circuits are."""

    WHAT: ClassVar[str]
    """The model in words."""
    READ: ClassVar[str]
    """What is measured of its circuits, in a sentence."""

    @property
    @abstractmethod
    def circuit(self) -> LayeredCircuit:
        """The circuit that each example is given to."""

    @abstractmethod
    def angles(self, features: Features) -> Angles:
        """The angles float64 (n, layers, qubits, 3) of the circuits of features (n, f)."""

    def states(self, features: Features) -> NDArray[np.complex128]:
        """The exact states (n, 2^qubits) of the circuits of features (n, f); qubit 0 is the highest bit."""
        import torch

        with torch.inference_mode():
            return np.asarray(compute_states(self.circuit, torch.from_numpy(self.angles(features))).numpy())

    @abstractmethod
    def answer_exactly(self, features: Features) -> Answers:
        """As QuantumModel.answer_exactly."""

    @abstractmethod
    def answer_with_shots(self, features: Features, *, shots: int, seed: int) -> Answers:
        """As QuantumModel.answer_with_shots."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ClassifierModel(TrainedCircuit):
    """A variational classifier: the expectations of its circuit, and the linear head that reads them."""

    WHAT: ClassVar[str] = "variational classifier"
    READ: ClassVar[str] = "Z of every qubit is measured, and a linear layer on a classical computer reads the means."

    module: CircuitClassifier

    @property
    def circuit(self) -> LayeredCircuit:
        """As TrainedCircuit.circuit."""
        circuit: LayeredCircuit = self.module.circuit
        return circuit

    def angles(self, features: Features) -> Angles:
        """As TrainedCircuit.angles."""
        import torch

        with torch.inference_mode():
            return np.asarray(self.module.angles(torch.tensor(features)).double().numpy())

    def answer_exactly(self, features: Features) -> Answers:
        """As QuantumModel.answer_exactly."""
        return predict(self.module, features)

    def answer_with_shots(self, features: Features, *, shots: int, seed: int) -> Answers:
        """As QuantumModel.answer_with_shots: Z of all qubits is read from the same shots."""
        return self._read(sample_shots(self._probabilities(features), shots=shots, seed=seed))

    def _probabilities(self, features: Features) -> Matrix:
        """The exact probability (n, 2^qubits) of each bit string."""
        return np.asarray(np.abs(self.states(features)) ** 2)

    def _read(self, shares: Matrix) -> Answers:
        """Logits of the shares (n, 2^qubits) of bit strings."""
        import torch

        with torch.inference_mode():
            expectations = compute_expectations(torch.tensor(shares, dtype=torch.float32))
            answers: Answers = self.module.head(expectations).numpy()
        return answers


@dataclass(frozen=True, kw_only=True, eq=False)
class MachineModel(TrainedCircuit):
    """Machines with a quantum kernel, and the examples that they are fitted on anew where the kernel has errors."""

    WHAT: ClassVar[str] = "kernel machine"
    READ: ClassVar[str] = (
        "An entry of the kernel runs it for an example, then its inverse for another, and is the share of shots in "
        "which all qubits read 0."
    )

    module: QuantumMachine
    train: Batch
    penalty: float

    @property
    def circuit(self) -> LayeredCircuit:
        """As TrainedCircuit.circuit: it encodes an example; a kernel's entry runs it and the inverse of another's."""
        circuit: LayeredCircuit = self.module.circuit
        return circuit

    def angles(self, features: Features) -> Angles:
        """As TrainedCircuit.angles."""
        return encode_features(self._settings, features)

    def answer_exactly(self, features: Features) -> Answers:
        """As QuantumModel.answer_exactly."""
        return predict(self.module, features)

    def answer_with_shots(self, features: Features, *, shots: int, seed: int) -> Answers:
        """As QuantumModel.answer_with_shots: each entry of both kernels is a share of shots, drawn from the exact."""
        own = sample_gram(self._kernel(self.train.inputs), shots=shots, seed=seed)
        other = sample_kernel(self._kernel(features), shots=shots, seed=seed + 1)
        return self._refit(own, other)

    @property
    def _settings(self) -> KernelSettings:
        return KernelSettings(circuit=self.circuit, bandwidth=float(self.module.bandwidth), penalty=self.penalty)

    def _kernel(self, features: Features) -> Matrix:
        """The exact kernel (m, n) of features and the n training examples."""
        import torch

        with torch.inference_mode():
            return as_matrix(self.module.likeness(torch.tensor(features), torch.tensor(self.train.inputs)))

    def _refit(self, own: Matrix, other: Matrix) -> Answers:
        """Logits of machines fitted on the kernel (n, n) of the training examples, for new ones' kernel (m, n)."""
        import torch

        machines = fit_pairs(own, self.train.targets, penalty=self.penalty)
        module = copy.deepcopy(self.module)
        keep_machines(module, machines, torch.tensor(self.train.inputs))
        with torch.inference_mode():
            logits = module.decide(torch.tensor(other[:, machines.support], dtype=torch.float32))
        answers: Answers = logits.numpy()
        return answers
