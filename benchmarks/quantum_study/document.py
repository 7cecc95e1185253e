"""The document of the study: rows of task, model and mode over the seeds, and what kernels and circuits show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from cells import PART, SHOTS, Cell
from tasks import FEATURES, StudyTask

from chipsmith.quantum.device import load_device

CONFIDENCE = 0.95
_MODES = {
    "exact": "whole test part, exact",
    "shots": f"whole test part, {SHOTS} shots",
    "exact_part": f"{PART} test examples, exact; kernels fitted on {PART} training examples",
    "noise_part": f"{PART} test examples, {SHOTS} shots with the noise of the device; kernels fitted on {PART}",
}


def write_document(tasks: Sequence[StudyTask], cells: Sequence[Cell]) -> dict[str, Any]:
    """Rows of task, model and mode, device, protocol, models; accuracies and intervals are shares from 0 to 1."""
    device = load_device()
    return {
        "evidence": "simulated",
        "device": {"name": device.name, "recorded": device.recorded, "qubits": device.qubits},
        "shots": SHOTS,
        "modes": _MODES,
        "protocol": _PROTOCOL,
        "tasks": [
            {"task": task.name, "train": task.train, "test": task.test, "classes": task.classes, "features": FEATURES}
            for task in tasks
        ],
        "rows": [row for group in _groups(cells) for row in _rows(group)],
        "models": [_model(group) for group in _groups(cells)],
    }


_PROTOCOL = (
    "Seeds 0 to 4 draw the stratified split (seed 0 of ItalyPowerDemand is the archive's own), the first weights, the "
    "order of the batches, shots. Principal components are fitted on the training part and whitened. Hyper-parameters "
    "are chosen on the training part of seed 0 (a fifth held out; below 1,000 examples five folds) and kept for all "
    "seeds; then each model is fitted on the whole training part. Depth, rate and spread of the classifiers were "
    "fixed beforehand, by a look at a held-out fifth of one drawing of the digits' training part. A kernel without "
    "entanglement is tried with one layer and with two, for a ring of a single layer entangles nothing. Intervals: 95 "
    "% by Student's t over the five seeds. Exact answers of circuits are PennyLane's. Noise: errors of gates and "
    "readout as Qiskit Aer models the snapshot; noisy kernels are those of the inversion test, without approximation; "
    "qubits that wait do not relax."
)


def _groups(cells: Iterable[Cell]) -> list[list[Cell]]:
    """Cells of the same task and model, in the order in which they came."""
    groups: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        groups.setdefault((cell.task, cell.model), []).append(cell)
    return list(groups.values())


def _rows(group: Sequence[Cell]) -> Iterable[dict[str, Any]]:
    for mode in group[0].accuracy:
        values = [cell.accuracy[mode] for cell in group]
        mean, half = float(np.mean(values)), _half_interval(values)
        yield {
            "task": group[0].task,
            "model": group[0].model,
            "mode": mode,
            "accuracy": round(mean, 5),
            "interval": [round(max(0.0, mean - half), 5), round(min(1.0, mean + half), 5)],
            "seeds": [round(value, 5) for value in values],
        }


def _half_interval(values: Sequence[float]) -> float:
    """Half of the interval of a mean by Student's t; 0 for a single value."""
    from scipy.stats import t

    if len(values) < 2:
        return 0.0
    spread = float(np.std(values, ddof=1)) / len(values) ** 0.5
    return float(t.ppf((1 + CONFIDENCE) / 2, len(values) - 1)) * spread


def _model(group: Sequence[Cell]) -> dict[str, Any]:
    """What a model is and cost: the chosen hyper-parameters, CPU-seconds, and what it shows with the first seed."""
    first = group[0]
    return {
        "task": first.task,
        "model": first.model,
        "choice": first.choice,
        "fit_cpu_s": round(max(cell.fit_cpu_s for cell in group), 2),
        "exact_cpu_s": round(max(cell.exact_cpu_s for cell in group), 2),
        **first.shown,
    }
