"""What learning found, in the form that the record of a run keeps."""

from __future__ import annotations

import dataclasses
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chipsmith.extras import installed_version
from chipsmith.learn import Dataset, Metrics, Recipe, Task, Training
from chipsmith.learn.validation.folds import cross_validate
from chipsmith.profile.profile import Evidence
from chipsmith.reports.record import (
    CalibrationRecord,
    Confusion,
    EpochRecord,
    FoldsRecord,
    MetricRecord,
    PrivacyRecord,
    ReliabilityBin,
    TrainingRecord,
)

CHIP_PACKAGES = ("chipsmith", "numpy", "numba", "tosa-tools", "torch", "torchao", "executorch", "mlxtend")
"""What the result of a run on a chip depends on."""
QUANTUM_PACKAGES = (
    *("chipsmith", "numpy", "torch", "scikit-learn", "mlxtend"),
    *("pennylane", "qiskit", "qiskit-aer", "qiskit-ibm-runtime", "qiskit-qasm3-import"),
)
"""What the result of a run of a quantum network depends on."""
_INTERVAL = "bootstrap, 95 %"
_NOT_CALIBRATED = "int8"
"""The target whose calibration says nothing that the others' do not."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What the answers of a network on a target are worth: the target's name, and how it obtained them."""

    name: str
    kind: Evidence
    obtained: str
    metrics: Metrics


def training_record(training: Training) -> TrainingRecord:
    """The curves and the verdict as the report shows them."""
    verdict = training.verdict
    counted = training.recipe.task in (Task.CLASSIFICATION, Task.LANGUAGE)
    return TrainingRecord(
        epochs=tuple(EpochRecord(**dataclasses.asdict(epoch)) for epoch in training.history.epochs),
        score="accuracy" if counted else "explained variance",
        verdict=verdict.fit.value,
        reason=verdict.reason,
        train_examples=training.train_examples,
        validation_examples=training.validation_examples,
        privacy=privacy_record(training),
    )


def privacy_record(training: Training) -> PrivacyRecord | None:
    """What a private training promises; None of another."""
    budget = training.history.budget
    return None if budget is None else PrivacyRecord(budget=budget, outside=training.outside_of_promise)


def metric_records(judged: Iterable[Judged]) -> tuple[MetricRecord, ...]:
    """All metrics on all targets, with how each was obtained."""
    return tuple(
        MetricRecord(
            target=on.name,
            interval=_INTERVAL,
            kind=on.kind,
            obtained=on.obtained,
            **dataclasses.asdict(metric),
        )
        for on in judged
        for metric in on.metrics.metrics
    )


def confusion_record(metrics: Metrics, class_names: tuple[str, ...]) -> Confusion | None:
    """What a classifier confuses; None for other tasks."""
    return Confusion(class_names=class_names, counts=metrics.confusion) if metrics.confusion else None


def calibration_records(judged: Iterable[Judged]) -> tuple[CalibrationRecord, ...]:
    """The calibration of the source network and of the chip; none for tasks without classes."""
    return tuple(
        CalibrationRecord(
            target=on.name,
            bins=tuple(ReliabilityBin(**dataclasses.asdict(row)) for row in on.metrics.calibration.bins),
            error=on.metrics.calibration.error,
        )
        for on in judged
        if on.name != _NOT_CALIBRATED and on.metrics.calibration is not None
    )


def folds_record(recipe: Recipe, data: Dataset) -> FoldsRecord | None:
    """The primary metric over the folds that the recipe asks for, for which it is trained anew; None for none."""
    if not recipe.validation.folds:
        return None
    folds = cross_validate(recipe, data, folds=recipe.validation.folds)
    return FoldsRecord(
        name=folds.metrics[0].name,
        values=tuple(metric.value for metric in folds.metrics),
        mean=folds.mean,
        deviation=folds.deviation,
    )


def versions(packages: Sequence[str] = CHIP_PACKAGES) -> dict[str, str]:
    """The versions that a result depends on: Python's, and those of `packages`."""
    known = {name: installed_version(name) or "not installed" for name in packages}
    return {"python": platform.python_version(), **known}
