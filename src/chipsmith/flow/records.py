"""What learning found, in the form that the record of a run keeps."""

from __future__ import annotations

import dataclasses
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from chipsmith.learn import Metrics, Task, Training
from chipsmith.learn.validation.folds import Folds
from chipsmith.profile.profile import Evidence
from chipsmith.reports.record import (
    CalibrationRecord,
    Confusion,
    EpochRecord,
    FoldsRecord,
    MetricRecord,
    ReliabilityBin,
    TrainingRecord,
)

_PACKAGES = ("chipsmith", "numpy", "numba", "tosa-tools", "torch", "torchao", "executorch", "mlxtend")
_INTERVAL = "bootstrap, 95 %"
_OBTAINED: dict[str, tuple[Evidence, str]] = {
    "source": (Evidence.MEASURED, "the trained module in PyTorch"),
    "int8": (Evidence.MEASURED, "PyTorch's converted model (PT2E)"),
    "npu": (Evidence.SIMULATED, "the Program, functional simulation"),
}


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
    )


def metric_records(judged: Mapping[str, Metrics]) -> tuple[MetricRecord, ...]:
    """All metrics on all targets, with how each was obtained."""
    return tuple(
        MetricRecord(target=target, interval=_INTERVAL, kind=kind, obtained=obtained, **dataclasses.asdict(metric))
        for target, metrics in judged.items()
        for kind, obtained in (_OBTAINED[target],)
        for metric in metrics.metrics
    )


def confusion_record(metrics: Metrics, class_names: tuple[str, ...]) -> Confusion | None:
    """What a classifier confuses; None for other tasks."""
    return Confusion(class_names=class_names, counts=metrics.confusion) if metrics.confusion else None


def calibration_records(judged: Mapping[str, Metrics]) -> tuple[CalibrationRecord, ...]:
    """The calibration of the source network and of the chip; none for tasks without classes."""
    return tuple(
        CalibrationRecord(
            target=target,
            bins=tuple(ReliabilityBin(**dataclasses.asdict(row)) for row in metrics.calibration.bins),
            error=metrics.calibration.error,
        )
        for target, metrics in judged.items()
        if target != "int8" and metrics.calibration is not None
    )


def folds_record(folds: Folds) -> FoldsRecord:
    """The primary metric over the folds."""
    return FoldsRecord(
        name=folds.metrics[0].name,
        values=tuple(metric.value for metric in folds.metrics),
        mean=folds.mean,
        deviation=folds.deviation,
    )


def versions() -> dict[str, str]:
    """The versions that a result depends on."""
    return {"python": platform.python_version(), **{name: _version(name) for name in _PACKAGES}}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
