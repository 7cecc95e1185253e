"""What learning found, in the form that the record of a run keeps."""

from __future__ import annotations

import dataclasses
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from chipsmith.learn import Metrics, Task, Training
from chipsmith.learn.validation.folds import Folds
from chipsmith.reports.record import (
    CalibrationRecord,
    Confusion,
    EpochRecord,
    FoldsRecord,
    MetricRecord,
    ReliabilityBin,
    Stage,
    TrainingRecord,
)

_PACKAGES = ("chipsmith", "numpy", "numba", "tosa-tools", "torch", "torchao", "executorch", "mlxtend")
_INTERVAL = "bootstrap, 95 %"
_OBTAINED: dict[Stage, str] = {
    "float": "the trained module in PyTorch",
    "int8": "PyTorch's converted model (PT2E)",
    "chip": "the Program, functional simulation",
}


def training_record(training: Training) -> TrainingRecord:
    """The curves and the verdict as the report shows them."""
    verdict = training.verdict
    counted = training.recipe.task in (Task.CLASSIFICATION, Task.LANGUAGE)
    return TrainingRecord(
        epochs=tuple(EpochRecord(**dataclasses.asdict(one)) for one in training.history.epochs),
        score="accuracy" if counted else "explained variance",
        verdict=verdict.fit.value,
        reason=verdict.reason,
        train_examples=training.train_examples,
        validation_examples=training.validation_examples,
    )


def metric_records(judged: Mapping[Stage, Metrics]) -> tuple[MetricRecord, ...]:
    """All metrics of all stages, with how each was obtained."""
    return tuple(
        MetricRecord(stage=stage, interval=_INTERVAL, obtained=_OBTAINED[stage], **dataclasses.asdict(one))
        for stage, metrics in judged.items()
        for one in metrics.metrics
    )


def confusion_record(metrics: Metrics, class_names: tuple[str, ...]) -> Confusion | None:
    """What a classifier confuses; None for other tasks."""
    return Confusion(class_names=class_names, counts=metrics.confusion) if metrics.confusion else None


def calibration_records(judged: Mapping[Stage, Metrics]) -> tuple[CalibrationRecord, ...]:
    """The calibration of the float network and of the chip; none for tasks without classes."""
    return tuple(
        CalibrationRecord(
            stage=stage,
            bins=tuple(ReliabilityBin(**dataclasses.asdict(one)) for one in metrics.calibration.bins),
            error=metrics.calibration.error,
        )
        for stage, metrics in judged.items()
        if stage != "int8" and metrics.calibration is not None
    )


def folds_record(folds: Folds) -> FoldsRecord:
    """The primary metric over the folds."""
    return FoldsRecord(
        name=folds.metrics[0].name,
        values=tuple(one.value for one in folds.metrics),
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
