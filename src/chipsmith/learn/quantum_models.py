"""Trained quantum networks as models whose circuits are measured: exactly, by shots, or with a device's noise."""

from __future__ import annotations

import copy
import dataclasses
import math
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
from chipsmith.learn.training.machines import PairMachines, as_matrix, fit_pairs, keep_machines
from chipsmith.quantum.circuit import LayeredCircuit
from chipsmith.quantum.device import DeviceSnapshot, load_device
from chipsmith.quantum.kernel import Matrix, QuantumKernelSettings, encode_features
from chipsmith.quantum.noise import DeviceNoise, read_noise
from chipsmith.quantum.resources import count_kernel_circuits
from chipsmith.quantum.shots import sample_gram, sample_kernel, sample_shots
from chipsmith.quantum.simulate import simulate_noise, simulate_noisy_kernel
from chipsmith.quantum.states import compute_expectations, compute_states
from chipsmith.quantum.transpile import DeviceCircuit, transpile_circuit, transpile_inversion_test

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
        steps = len(trained.training.history.epochs) * trained.training.train_examples
        return ClassifierModel(module=module, gradients=steps)
    if isinstance(network, QuantumKernel):
        best = max(trained.training.candidates, key=lambda candidate: candidate.accuracy)
        return MachineModel(module=module, train=dataset.train.whole(), penalty=best.penalty)
    raise BadInput(f"{trained.training.recipe.name} is no quantum network, but {network.kind}")


@dataclass(frozen=True, kw_only=True)
class CircuitCounts:
    """Circuits of an answer, and those that the training or the fit would take on a device."""

    answer: int
    fit: int


class TrainedCircuit(ABC):
    """A trained quantum network: a QuantumModel, which targets take, and what its circuits are."""

    WHAT: ClassVar[str]
    """The model in words."""
    READ: ClassVar[str]
    """What is measured of its circuits, in a sentence."""

    module: CircuitClassifier | QuantumMachine

    @property
    def circuit(self) -> LayeredCircuit:
        """The circuit that each example is given to; a kernel's entry runs it and the inverse of another example's."""
        circuit: LayeredCircuit = self.module.circuit
        return circuit

    @abstractmethod
    def angles(self, features: Features) -> Angles:
        """The angles float64 (n, layers, qubits, 3) of the circuits of features (n, f)."""

    def _noisy(self, device: str) -> tuple[DeviceCircuit, DeviceNoise]:
        """What the device runs, and the noise of the qubits that it runs on."""
        snapshot = load_device(device)
        compiled = self.compile_for(snapshot)
        return compiled, read_noise(snapshot, compiled.places)

    def states(self, features: Features) -> NDArray[np.complex128]:
        """The exact states (n, 2^qubits) of the circuits of features (n, f); qubit 0 is the highest bit."""
        import torch

        with torch.inference_mode():
            return np.asarray(compute_states(self.circuit, torch.from_numpy(self.angles(features))).numpy())

    @abstractmethod
    def on_first(self, count: int) -> TrainedCircuit:
        """The model as it is fitted on the first training examples alone, where it holds on to any."""

    @abstractmethod
    def compile_for(self, device: DeviceSnapshot) -> DeviceCircuit:
        """What the device runs for an answer. Raises BadInput where it has too few qubits."""

    @abstractmethod
    def count_circuits(self) -> CircuitCounts:
        """How many circuits an answer takes, and how many the fit."""

    @abstractmethod
    def example_angles(self, features: Features) -> Angles:
        """The angles of one circuit that the device runs, as bind_angles takes them, for two examples (2, f)."""

    def answer_exactly(self, features: Features) -> Answers:
        """As QuantumModel.answer_exactly."""
        return predict(self.module, features)

    @abstractmethod
    def answer_with_shots(self, features: Features, *, shots: int, seed: int) -> Answers:
        """As QuantumModel.answer_with_shots."""

    @abstractmethod
    def answer_with_noise(self, features: Features, *, device: str, shots: int, seed: int) -> Answers:
        """As QuantumModel.answer_with_noise."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ClassifierModel(TrainedCircuit):
    """A variational classifier: the expectations of its circuit, and the linear head that reads them."""

    WHAT: ClassVar[str] = "variational classifier"
    READ: ClassVar[str] = "Z of every qubit is measured, and a linear layer on a classical computer reads the means."

    module: CircuitClassifier
    gradients: int
    """How many gradients of an example the training took, on exact states."""

    def angles(self, features: Features) -> Angles:
        """As TrainedCircuit.angles."""
        import torch

        with torch.inference_mode():
            return np.asarray(self.module.angles(torch.tensor(features)).double().numpy())

    def answer_with_shots(self, features: Features, *, shots: int, seed: int) -> Answers:
        """As QuantumModel.answer_with_shots: Z of all qubits is read from the same shots."""
        return self._read(sample_shots(self._probabilities(features), shots=shots, seed=seed))

    def answer_with_noise(self, features: Features, *, device: str, shots: int, seed: int) -> Answers:
        """As QuantumModel.answer_with_noise: trained without noise, read through it."""
        compiled, noise = self._noisy(device)
        probabilities = simulate_noise(compiled, self.angles(features), noise)
        return self._read(sample_shots(probabilities, shots=shots, seed=seed))

    def on_first(self, count: int) -> ClassifierModel:  # noqa: ARG002 it holds on to no examples
        """As TrainedCircuit.on_first: itself."""
        return self

    def compile_for(self, device: DeviceSnapshot) -> DeviceCircuit:
        """As TrainedCircuit.compile_for."""
        return transpile_circuit(self.circuit, device)

    def count_circuits(self) -> CircuitCounts:
        """As TrainedCircuit.count_circuits: a gradient by the parameter-shift rule takes two circuits an angle."""
        return CircuitCounts(answer=1, fit=2 * math.prod(self.circuit.angles_shape) * self.gradients)

    def example_angles(self, features: Features) -> Angles:
        """As TrainedCircuit.example_angles: those of the first example."""
        return np.asarray(self.angles(features)[0])

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

    def angles(self, features: Features) -> Angles:
        """As TrainedCircuit.angles."""
        return encode_features(self._settings, features)

    def answer_with_shots(self, features: Features, *, shots: int, seed: int) -> Answers:
        """As QuantumModel.answer_with_shots: each entry of both kernels is a share of shots, drawn from the exact."""
        own = sample_gram(self._kernel(self.train.inputs), shots=shots, seed=seed)
        other = sample_kernel(self._kernel(features), shots=shots, seed=seed + 1)
        return self._answer_anew(own, other)

    def answer_with_noise(self, features: Features, *, device: str, shots: int, seed: int) -> Answers:
        """As QuantumModel.answer_with_noise: fitted anew on the noisy kernel of the training examples."""
        compiled, noise = self._noisy(device)
        known, new = self.angles(self.train.inputs), self.angles(features)
        kernel = simulate_noisy_kernel(compiled, np.concatenate([known, new]), known, noise)
        own = sample_gram(kernel[: len(known)], shots=shots, seed=seed)
        other = sample_kernel(kernel[len(known) :], shots=shots, seed=seed + 1)
        return self._answer_anew(own, other)

    def on_first(self, count: int) -> MachineModel:
        """As TrainedCircuit.on_first: fitted anew, with the same hyper-parameters."""
        train = Batch(inputs=self.train.inputs[:count], targets=self.train.targets[:count])
        few = dataclasses.replace(self, train=train)
        module, _ = few._fit_anew(few._kernel(train.inputs))
        return dataclasses.replace(few, module=module)

    def compile_for(self, device: DeviceSnapshot) -> DeviceCircuit:
        """As TrainedCircuit.compile_for: an example's circuit, then another's undone."""
        return transpile_inversion_test(self.circuit, device)

    def count_circuits(self) -> CircuitCounts:
        """As TrainedCircuit.count_circuits: an answer takes a circuit for each example that supports it."""
        examples = len(self.train.inputs)
        return CircuitCounts(answer=len(self.module.vectors), fit=count_kernel_circuits(training=examples, tested=0))

    def example_angles(self, features: Features) -> Angles:
        """As TrainedCircuit.example_angles: those of both examples."""
        return self.angles(features)

    @property
    def _settings(self) -> QuantumKernelSettings:
        return QuantumKernelSettings(circuit=self.circuit, bandwidth=float(self.module.bandwidth), penalty=self.penalty)

    def _kernel(self, features: Features) -> Matrix:
        """The exact kernel (m, n) of features and the n training examples."""
        import torch

        with torch.inference_mode():
            return as_matrix(self.module.likeness(torch.tensor(features), torch.tensor(self.train.inputs)))

    def _fit_anew(self, own: Matrix) -> tuple[QuantumMachine, PairMachines]:
        """The module with the machines that were fitted on a kernel (n, n) of the training examples, and these."""
        import torch

        machines = fit_pairs(own, self.train.targets, penalty=self.penalty)
        module = copy.deepcopy(self.module)
        keep_machines(module, machines, torch.tensor(self.train.inputs))
        return module, machines

    def _answer_anew(self, own: Matrix, other: Matrix) -> Answers:
        """Logits of machines fitted on the kernel (n, n) of the training examples, for new ones' kernel (m, n)."""
        import torch

        module, machines = self._fit_anew(own)
        with torch.inference_mode():
            logits = module.decide(torch.tensor(other[:, machines.support], dtype=torch.float32))
        answers: Answers = logits.numpy()
        return answers
