"""The models of the study: how each is fitted with its hyper-parameters, and how it answers exactly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.svm import SVC
from tasks import FEATURES, Features, StudyTask

from chipsmith.learn.baselines import hidden_for
from chipsmith.quantum.circuit import Entanglement, LayeredCircuit
from chipsmith.quantum.classifier import ClassifierSettings, build_classifier
from chipsmith.quantum.kernel import KernelMachine, QuantumKernelSettings, fit_kernel_machine
from chipsmith.quantum.modules.classifier import CircuitClassifier
from chipsmith.quantum.qnode import measure_expectations

Choice = Mapping[str, float]
"""Hyper-parameters by name."""
HIDDEN = 32


class Fitted(Protocol):
    """What answers features (n, 8) with labels (n,)."""

    def predict(self, features: NDArray[np.float64]) -> NDArray[np.int64]: ...


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What a model is fitted on and with: the task, its features, hyper-parameters, the seed of what is drawn."""

    task: StudyTask
    features: Features
    choice: Choice
    seed: int


Fit = Callable[[Trial], Fitted]


@dataclass(frozen=True, kw_only=True)
class StudyModel:
    """A model, the hyper-parameters it is tried with, and how it is fitted with some of them."""

    name: str
    grid: tuple[Choice, ...]
    fit: Fit


@dataclass(frozen=True, kw_only=True)
class FittedCircuit:
    """A trained circuit, whose exact answers are PennyLane's."""

    module: CircuitClassifier

    def angles(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        with torch.no_grad():
            return self.module.angles(torch.from_numpy(features).float()).double().numpy()

    def answer(self, expectations: NDArray[np.float64]) -> NDArray[np.int64]:
        """The labels of expectations of Z (n, qubits)."""
        with torch.no_grad():
            return self.module.head(torch.from_numpy(expectations).float()).argmax(dim=1).numpy()

    def predict(self, features: NDArray[np.float64]) -> NDArray[np.int64]:
        return self.answer(measure_expectations(self.module.circuit, self.angles(features)))


@dataclass(frozen=True, kw_only=True)
class FittedNetwork:
    """A network of a hidden layer with ReLU."""

    module: torch.nn.Module

    def predict(self, features: NDArray[np.float64]) -> NDArray[np.int64]:
        with torch.no_grad():
            return self.module(torch.from_numpy(features).float()).argmax(dim=1).numpy()


def classifier_settings(task: StudyTask, entanglement: Entanglement, choice: Choice) -> ClassifierSettings:
    circuit = LayeredCircuit(qubits=FEATURES, layers=int(choice["layers"]), entanglement=entanglement)
    return ClassifierSettings(circuit=circuit, features=FEATURES, classes=task.classes, spread=choice["spread"])


def kernel_settings(entanglement: Entanglement, choice: Choice) -> QuantumKernelSettings:
    circuit = LayeredCircuit(qubits=FEATURES, layers=int(choice["layers"]), entanglement=entanglement)
    return QuantumKernelSettings(circuit=circuit, bandwidth=choice["bandwidth"], penalty=choice["penalty"])


def matched_width(task: StudyTask, choice: Choice) -> int:
    """Hidden units of the network whose parameters are nearest to those of the circuit and its head."""
    settings = classifier_settings(task, Entanglement.RING, {**choice, "spread": 1.0})
    parameters = settings.circuit_parameters + settings.head_parameters
    return hidden_for(parameters, features=FEATURES, outputs=task.classes)


def _fit_circuit(entanglement: Entanglement) -> Fit:
    def fit(trial: Trial) -> FittedCircuit:
        torch.manual_seed(trial.seed)
        module = build_classifier(classifier_settings(trial.task, entanglement, trial.choice))
        _train(module, trial, epochs=trial.task.epochs)
        return FittedCircuit(module=module)

    return fit


def _fit_matched_network(trial: Trial) -> FittedNetwork:
    return _fit_hidden(trial, matched_width(trial.task, trial.choice))


def _fit_network_of_32(trial: Trial) -> FittedNetwork:
    return _fit_hidden(trial, HIDDEN)


def _fit_hidden(trial: Trial, hidden: int) -> FittedNetwork:
    torch.manual_seed(trial.seed)
    module = torch.nn.Sequential(
        torch.nn.Linear(FEATURES, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, trial.task.classes)
    )
    _train(module, trial, epochs=2 * trial.task.epochs)
    return FittedNetwork(module=module)


def _train(module: torch.nn.Module, trial: Trial, *, epochs: int) -> None:
    inputs, labels = torch.from_numpy(trial.features.train).float(), torch.from_numpy(trial.features.train_labels)
    order = torch.Generator().manual_seed(trial.seed)
    optimizer = torch.optim.AdamW(module.parameters(), lr=trial.choice["rate"])
    steps = epochs * -(-len(inputs) // trial.task.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, trial.choice["rate"], total_steps=steps)
    for _ in range(epochs):
        for chosen in torch.randperm(len(inputs), generator=order).split(trial.task.batch):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(module(inputs[chosen]), labels[chosen]).backward()
            optimizer.step()
            schedule.step()


def _fit_kernel(entanglement: Entanglement) -> Fit:
    def fit(trial: Trial) -> KernelMachine:
        settings = kernel_settings(entanglement, trial.choice)
        return fit_kernel_machine(settings, trial.features.train, trial.features.train_labels)

    return fit


def fit_rbf(trial: Trial) -> SVC:
    machine = SVC(kernel="rbf", gamma=trial.choice["gamma"], C=trial.choice["penalty"])
    return machine.fit(trial.features.train, trial.features.train_labels)


def _grid(**values: tuple[float, ...]) -> tuple[Choice, ...]:
    """Every combination of the values."""
    choices: list[dict[str, float]] = [{}]
    for name, options in values.items():
        choices = [{**choice, name: option} for choice in choices for option in options]
    return tuple(choices)


# Fixed beforehand, by a look at a held-out fifth of one drawing of the digits' training part: 6 and 10 layers, rates
# from 0.02 to 0.05 and spreads from 0.15 to 0.8 were tried.
_CIRCUITS = _grid(layers=(10,), rate=(0.03,), spread=(0.15,))
_KERNELS = {"bandwidth": (0.5, 0.75, 1.0), "penalty": (1.0, 10.0)}
_NETWORKS = _grid(rate=(0.003, 0.01, 0.03))

MODELS = (
    StudyModel(name="classifier", grid=_CIRCUITS, fit=_fit_circuit(Entanglement.RING)),
    StudyModel(name="classifier_without_entanglement", grid=_CIRCUITS, fit=_fit_circuit(Entanglement.NONE)),
    StudyModel(name="kernel", grid=_grid(layers=(2,), **_KERNELS), fit=_fit_kernel(Entanglement.RING)),
    StudyModel(
        name="kernel_without_entanglement", grid=_grid(layers=(1, 2), **_KERNELS), fit=_fit_kernel(Entanglement.NONE)
    ),
    StudyModel(name="rbf", grid=_grid(gamma=(0.03, 0.06, 0.125, 0.25), penalty=(1.0, 10.0)), fit=fit_rbf),
    StudyModel(name="network_of_equal_parameters", grid=_NETWORKS, fit=_fit_matched_network),
    StudyModel(name="network_of_32", grid=_NETWORKS, fit=_fit_network_of_32),
)
