"""A cell of the study: a model of a task with a seed, fitted and judged in every mode; each is kept in the cache."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
from models import MODELS, Choice, Fitted, FittedCircuit, StudyModel, Trial, fit_rbf
from numpy.typing import NDArray
from sklearn.svm import SVC
from tasks import Features, StudyTask, split_task, validation_parts

from chipsmith.cache import content_key, installed_versions, keep_bytes, read_entry, working_on
from chipsmith.quantum.device import load_device
from chipsmith.quantum.kernel import (
    KernelMachine,
    compute_kernel,
    encode_features,
    fit_by_kernel,
    geometric_difference,
)
from chipsmith.quantum.noise import read_noise
from chipsmith.quantum.qnode import measure_states
from chipsmith.quantum.resources import CircuitResources, count_kernel_circuits, count_resources
from chipsmith.quantum.shots import sample_gram, sample_kernel, sample_shots
from chipsmith.quantum.simulate import simulate_noise, simulate_noisy_kernel
from chipsmith.quantum.states import compute_expectations, compute_probabilities, compute_states
from chipsmith.quantum.transpile import DeviceCircuit, transpile_circuit, transpile_inversion_test

VERSION = 1
"""Of what a cell is: a new number leaves the cells of the cache unread."""
_USED = ("chipsmith", "numpy", "torch", "scikit-learn", "pennylane", "qiskit", "qiskit-aer")
SHOTS = 1000
PART = 200
"""Examples that are judged, and for kernels fitted, with noise; the first of the split, which is shuffled."""
COMPARED = 1000
"""Training examples, at most, of the geometric difference."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Accuracies (from 0 to 1) by mode, CPU-seconds, and what else the model shows."""

    task: str
    model: str
    seed: int
    choice: dict[str, float]
    accuracy: dict[str, float]
    fit_cpu_s: float
    exact_cpu_s: float
    shown: dict[str, Any]


def compute_cell(task: StudyTask, model: StudyModel, seed: int, choice: Choice) -> Cell:
    """The cell, from the cache where it is there."""
    return Cell(**_cached(f"{task.name}-{model.name}-{seed}", lambda: asdict(_judge(task, model, seed, choice))))


def choose(task: StudyTask, model: StudyModel, extra: Choice) -> Choice:
    """The hyper-parameters of the grid that are best on validation parts of seed 0's training part."""
    return _cached(f"{task.name}-{model.name}-choice", lambda: dict(_best_choice(task, model, extra)))


def _best_choice(task: StudyTask, model: StudyModel, extra: Choice) -> Choice:
    choices = [{**choice, **extra} for choice in model.grid]
    return choices[0] if len(choices) == 1 else max(choices, key=lambda choice: _validate(task, model, choice))


def _validate(task: StudyTask, model: StudyModel, choice: Choice) -> float:
    parts = validation_parts(task, seed=0)
    trials = [Trial(task=task, features=part, choice=choice, seed=0) for part in parts]
    return float(np.mean([_score(model.fit(trial), trial.features) for trial in trials]))


def _score(fitted: Fitted, features: Features) -> float:
    return _accuracy(fitted.predict(features.test), features.test_labels)


def _accuracy(labels: NDArray[Any], truth: NDArray[Any]) -> float:
    return float(np.mean(labels == truth))


def _cached(name: str, compute: Callable[[], Any]) -> Any:
    kind, file = f"quantum_study_{VERSION}", f"{name}-{content_key([installed_versions(_USED)])[:12]}.json"
    with working_on(kind, file):
        known = read_entry(kind, file)
        if known is None:
            known = json.dumps(compute()).encode()
            keep_bytes(kind, file, known)
        return json.loads(known)


def _judge(task: StudyTask, model: StudyModel, seed: int, choice: Choice) -> Cell:
    features = split_task(task, seed=seed)
    trial = Trial(task=task, features=features, choice=choice, seed=seed)
    start = time.process_time()
    fitted = model.fit(trial)
    fit_cpu_s = time.process_time() - start
    start = time.process_time()
    exact = _score(fitted, features)
    exact_cpu_s = time.process_time() - start
    accuracy, shown = _judge_modes(trial, fitted)
    return Cell(
        task=task.name,
        model=model.name,
        seed=seed,
        choice=dict(choice),
        accuracy={"exact": exact, **accuracy},
        fit_cpu_s=fit_cpu_s,
        exact_cpu_s=exact_cpu_s,
        shown=shown,
    )


def _judge_modes(trial: Trial, fitted: Fitted) -> tuple[dict[str, float], dict[str, Any]]:
    """The accuracies of the modes beside the exact, and what else is shown."""
    features = trial.features
    if isinstance(fitted, FittedCircuit):
        compiled = transpile_circuit(fitted.module.circuit, load_device())
        return _judge_circuit(fitted, compiled, features, trial.seed), _show_circuit(trial, fitted, compiled)
    if isinstance(fitted, KernelMachine):
        compiled = transpile_inversion_test(fitted.settings.circuit, load_device())
        return _judge_kernel(fitted, compiled, features, trial.seed), _show_kernel(fitted, compiled, features)
    if isinstance(fitted, SVC):
        part = _first_part(features)
        return {"exact_part": _score(fit_rbf(replace(trial, features=part)), part)}, {}
    return {}, {"parameters": sum(weights.numel() for weights in fitted.module.parameters())}


def _first_part(features: Features) -> Features:
    return Features(
        train=features.train[:PART],
        train_labels=features.train_labels[:PART],
        test=features.test[:PART],
        test_labels=features.test_labels[:PART],
    )


def _judge_circuit(fitted: FittedCircuit, compiled: DeviceCircuit, features: Features, seed: int) -> dict[str, float]:
    circuit, angles = fitted.module.circuit, fitted.angles(features.test)
    exact = compute_probabilities(compute_states(circuit, torch.from_numpy(angles))).numpy()
    noisy = simulate_noise(compiled, angles[:PART], read_noise(compiled.device, compiled.places))
    labels = features.test_labels

    def judge(probabilities: NDArray[np.float64]) -> float:
        expectations = compute_expectations(torch.from_numpy(probabilities)).numpy()
        return _accuracy(fitted.answer(expectations), labels[: len(probabilities)])

    return {
        "shots": judge(sample_shots(exact, shots=SHOTS, seed=seed)),
        "exact_part": judge(exact[:PART]),
        "noise_part": judge(sample_shots(noisy, shots=SHOTS, seed=seed)),
    }


def _show_circuit(trial: Trial, fitted: FittedCircuit, compiled: DeviceCircuit) -> dict[str, Any]:
    """Resources of judging the test part, and circuits of a training by the parameter-shift rule."""
    features = trial.features
    circuit, angles = fitted.module.circuit, fitted.angles(features.test[:1])
    resources = count_resources(compiled, angles[0], circuits=len(features.test), shots=SHOTS)
    return {
        "parameters": sum(weights.numel() for weights in fitted.module.parameters()),
        "head_parameters": sum(weights.numel() for weights in fitted.module.head.parameters()),
        "resources": _resources(resources),
        "training_circuits": trial.task.epochs * len(features.train) * 2 * int(np.prod(circuit.angles_shape)),
    }


def _judge_kernel(machine: KernelMachine, compiled: DeviceCircuit, features: Features, seed: int) -> dict[str, float]:
    train = compute_kernel(machine.states, machine.states)
    test = machine.kernel(features.test)
    small = (train[:PART, :PART], test[:PART, :PART])
    return {
        "shots": _refit(machine, _sample(train, test, seed), features),
        "exact_part": _refit(machine, small, features),
        "noise_part": _refit(machine, _sample(*_noisy_kernels(machine, compiled, features), seed), features),
    }


def _sample(train: NDArray[np.float64], test: NDArray[np.float64], seed: int) -> tuple[Any, Any]:
    return sample_gram(train, shots=SHOTS, seed=seed), sample_kernel(test, shots=SHOTS, seed=seed + 1000)


def _noisy_kernels(
    machine: KernelMachine, compiled: DeviceCircuit, features: Features
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    noise = read_noise(compiled.device, compiled.places)
    train = encode_features(machine.settings, features.train[:PART])
    test = encode_features(machine.settings, features.test[:PART])
    both = simulate_noisy_kernel(compiled, np.concatenate([train, test]), train, noise)
    return both[: len(train)], both[len(train) :]


def _refit(machine: KernelMachine, kernels: tuple[Any, Any], features: Features) -> float:
    """The accuracy of a machine fitted on a kernel of the first training examples, with the same penalty."""
    train, test = kernels
    fitted = fit_by_kernel(train, features.train_labels[: len(train)], penalty=machine.settings.penalty)
    return _accuracy(fitted.predict(test), features.test_labels[: len(test)])


def _show_kernel(machine: KernelMachine, compiled: DeviceCircuit, features: Features) -> dict[str, Any]:
    """Resources of fitting and judging, geometric differences to the RBF kernel, and agreement with PennyLane."""
    settings, count = machine.settings, min(COMPARED, len(features.train))
    angles = encode_features(settings, features.test[:PART])
    witness = compute_kernel(measure_states(settings.circuit, angles), machine.states)
    circuits = count_kernel_circuits(training=len(features.train), tested=len(features.test))
    resources = count_resources(compiled, angles[[0, 1]], circuits=circuits, shots=SHOTS)
    quantum = compute_kernel(machine.states[:count], machine.states[:count])
    return {
        "resources": _resources(resources),
        "geometric_difference": geometric_difference(quantum, _rbf_kernel(features.train[:count])),
        "geometric_difference_root": float(np.sqrt(count)),
        "largest_gap_to_pennylane": float(np.abs(witness - machine.kernel(features.test[:PART])).max()),
    }


def _resources(resources: CircuitResources) -> dict[str, Any]:
    return {**asdict(resources), "time_s": resources.time_s}


def _rbf_kernel(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """With the width that scikit-learn takes by default: 1 over the features times their variance."""
    from sklearn.metrics.pairwise import rbf_kernel

    return np.asarray(rbf_kernel(features, gamma=1 / (features.shape[1] * features.var())))


def layers_of_circuit(task: StudyTask) -> Choice:
    """The depth that the circuit chose, for the network that has as many parameters."""
    chosen = choose(task, MODELS[0], {})
    return {"layers": chosen["layers"]}
