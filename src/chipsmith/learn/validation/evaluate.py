"""How good the outputs of a network are, whichever stage gave them: float, int8 in PyTorch, or the chip."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsmith.errors import BadInput
from chipsmith.learn.data.dataset import TargetScaling
from chipsmith.learn.data.examples import Batch, Examples
from chipsmith.learn.data.task import Task
from chipsmith.learn.validation.bootstrap import Rows, Statistic, bootstrap_interval
from chipsmith.learn.validation.classes import Calibration, calibration, confusion_matrix, softmax
from chipsmith.shown import Shown
from chipsmith.units import count_things, format_interval

Array = NDArray[Any]
Predict = Callable[[Array], Array]
"""inputs (n, ...) -> outputs (n, ...), float32: logits for classes and tokens, values otherwise."""

BATCH = 250
RESAMPLES = 1000


@dataclass(frozen=True, kw_only=True)
class Metric(Shown):
    """A figure of merit with its interval at 95 %, measured on `count` examples: a bootstrap's, unless it is said.

    `better` says whether more or less of it is wanted. Accuracies, AUC and R2 are shares of 1.
    """

    name: str
    value: float
    low: float
    high: float
    count: int
    better: str

    def _brief(self) -> str:
        told = format_interval(self.name, self.value, self.low, self.high)
        return f"{self.name} {told} on {count_things(self.count, 'example')}"


@dataclass(frozen=True, kw_only=True)
class Metrics(Shown):
    """The figures of merit of a task, the primary one first; for classes also what is confused, and the calibration."""

    task: Task
    metrics: tuple[Metric, ...]
    confusion: tuple[tuple[int, ...], ...] = ()
    calibration: Calibration | None = None

    def _brief(self) -> str:
        return "; ".join(metric._brief() for metric in self.metrics)

    @property
    def primary_metric(self) -> Metric:
        """The figure that the task is judged by."""
        return self.metrics[0]

    def __getitem__(self, name: str) -> Metric:
        return next(metric for metric in self.metrics if metric.name == name)


@dataclass(frozen=True, kw_only=True)
class _Estimator:
    """A statistic over some columns of the rows that a task makes of its examples."""

    name: str
    statistic: Statistic
    better: str


def evaluate(
    predict: Predict,
    examples: Examples,
    task: Task,
    *,
    resamples: int = RESAMPLES,
    scaling: TargetScaling | None = None,
) -> Metrics:
    """Judge what `predict` answers to all examples, `BATCH` at a time; the same figures for every target.

    classification: accuracy, cross entropy in nats; regression: R2, RMSE, in the units of `scaling` where it is given;
    language: bits per token, accuracy; reconstruction: AUC of the squared error where the examples hold anomalies, RMSE
    of the normal ones; generation: RMSE of the reconstruction. Raises BadInput where outputs do not fit the targets.
    """
    parts = [(np.asarray(predict(batch.inputs)), batch) for batch in examples.batches(BATCH)]
    if task in (Task.CLASSIFICATION, Task.LANGUAGE):
        return _judge_classes(parts, task, resamples)
    if task is Task.REGRESSION:
        return _judge_values(parts, resamples, scaling)
    return _judge_reconstruction(parts, examples.targets, task, resamples)


def evaluate_outputs(
    outputs: Array,
    examples: Examples,
    task: Task,
    *,
    resamples: int = RESAMPLES,
    scaling: TargetScaling | None = None,
) -> Metrics:
    """As `evaluate`, of the outputs (n, ...) that were given to all examples, in order."""
    answers = iter(np.split(outputs, range(BATCH, len(examples), BATCH)))
    return evaluate(lambda _: next(answers), examples, task, resamples=resamples, scaling=scaling)


def _metrics(rows: Rows, estimators: tuple[_Estimator, ...], resamples: int) -> tuple[Metric, ...]:
    return tuple(_metric(rows, estimator, resamples) for estimator in estimators)


def _metric(rows: Rows, estimator: _Estimator, resamples: int) -> Metric:
    interval = bootstrap_interval(rows, estimator.statistic, resamples=resamples)
    value = estimator.statistic(rows)
    return Metric(
        name=estimator.name, value=value, low=interval.low, high=interval.high, count=len(rows), better=estimator.better
    )


# --- classes and tokens -----------------------------------------------------------------------------------------------


def _judge_classes(parts: list[tuple[Array, Batch]], task: Task, resamples: int) -> Metrics:
    rows = np.concatenate([class_rows(outputs, batch.targets) for outputs, batch in parts])
    accuracy = _Estimator(name="accuracy", statistic=lambda some: float(some[:, 0].mean()), better="more")
    if task is Task.LANGUAGE:
        bits = _Estimator(name="bits per token", statistic=lambda some: float(some[:, 1].mean()), better="less")
        in_bits = np.stack([rows[:, 0], rows[:, 1] / math.log(2)], axis=1)
        return Metrics(task=task, metrics=_metrics(in_bits, (bits, accuracy), resamples))
    nats = _Estimator(name="cross entropy", statistic=lambda some: float(some[:, 1].mean()), better="less")
    predicted = np.concatenate([outputs.argmax(-1) for outputs, _ in parts]).astype(np.int64)
    labels = np.concatenate([batch.targets for _, batch in parts]).astype(np.int64)
    classes = parts[0][0].shape[-1]
    return Metrics(
        task=task,
        metrics=_metrics(rows, (accuracy, nats), resamples),
        confusion=tuple(
            tuple(int(count) for count in row) for row in confusion_matrix(labels, predicted, classes=classes)
        ),
        calibration=calibration(rows[:, 2], rows[:, 0] == 1),
    )


def class_rows(logits: Array, targets: Array) -> Rows:
    """For each example: share of positions that are right, mean cross entropy in nats, mean confidence."""
    if logits.shape[:-1] != targets.shape:
        raise BadInput(f"outputs of shape {list(logits.shape)} are no logits for targets of {list(targets.shape)}")
    wide = logits.astype(np.float64)
    peaks = wide.max(axis=-1, keepdims=True)
    norms = np.log(np.exp(wide - peaks).sum(axis=-1)) + peaks[..., 0]
    nats = norms - np.take_along_axis(wide, targets[..., None].astype(np.int64), axis=-1)[..., 0]
    right = logits.argmax(-1) == targets
    confidence = softmax(logits.astype(np.float32)).max(-1)
    columns = [column.reshape(len(logits), -1).mean(1) for column in (right.astype(np.float64), nats, confidence)]
    return np.stack(columns, axis=1)


# --- values -----------------------------------------------------------------------------------------------------------


def _judge_values(parts: list[tuple[Array, Batch]], resamples: int, scaling: TargetScaling | None) -> Metrics:
    restore = scaling.restore if scaling else np.asarray
    rows = np.concatenate([value_rows(restore(outputs), restore(batch.targets)) for outputs, batch in parts])
    figures = (
        _Estimator(name="R2", statistic=explained_share, better="more"),
        _Estimator(name="RMSE", statistic=root_mean_error, better="less"),
    )
    return Metrics(task=Task.REGRESSION, metrics=_metrics(rows, figures, resamples))


def value_rows(outputs: Array, targets: Array) -> Rows:
    """For each example: the squared error summed over its targets, then the targets."""
    _require_same(outputs, targets)
    wide = targets.reshape(len(targets), -1).astype(np.float64)
    errors = ((outputs.reshape(wide.shape) - wide) ** 2).sum(axis=1, keepdims=True)
    return np.concatenate([errors, wide], axis=1)


def root_mean_error(rows: Rows) -> float:
    """The square root of the mean squared error over all targets, of rows as `value_rows` gives them."""
    return math.sqrt(float(rows[:, 0].mean()) / (rows.shape[1] - 1))


def explained_share(rows: Rows) -> float:
    """1 - squared error / squared distance of the targets from their means; 0 where they do not differ."""
    spread = float(((rows[:, 1:] - rows[:, 1:].mean(axis=0)) ** 2).sum())
    return 1 - float(rows[:, 0].sum()) / spread if spread > 0 else 0.0


# --- reconstructions --------------------------------------------------------------------------------------------------


def _judge_reconstruction(parts: list[tuple[Array, Batch]], marks: Array, task: Task, resamples: int) -> Metrics:
    errors = np.concatenate([reconstruction_errors(outputs, batch.inputs) for outputs, batch in parts])
    anomalies = marks.astype(np.float64) if task is Task.RECONSTRUCTION else np.zeros(len(errors))
    rmse = _Estimator(name="RMSE", statistic=lambda some: math.sqrt(some[:, 0].mean()), better="less")
    rows = np.stack([errors, anomalies], axis=1)
    metrics = _metrics(rows[anomalies == 0], (rmse,), resamples)
    if 0 < anomalies.sum() < len(anomalies):
        auc = _Estimator(name="AUC", statistic=area_under_curve, better="more")
        metrics = (*_metrics(rows, (auc,), resamples), *metrics)
    return Metrics(task=task, metrics=metrics)


def reconstruction_errors(outputs: Array, inputs: Array) -> Rows:
    """The mean squared error of each of n reconstructions: (n)."""
    _require_same(outputs, inputs)
    wide = inputs.reshape(len(inputs), -1).astype(np.float64)
    errors: Rows = ((outputs.reshape(wide.shape) - wide) ** 2).mean(axis=1)
    return errors


def area_under_curve(rows: Rows) -> float:
    """Area under the receiver operating characteristic; 0.5 where a resample holds one kind alone."""
    from sklearn.metrics import roc_auc_score

    if rows[:, 1].min() == rows[:, 1].max():
        return 0.5
    return float(roc_auc_score(rows[:, 1], rows[:, 0]))


def _require_same(outputs: Array, targets: Array) -> None:
    if outputs.size != targets.size or len(outputs) != len(targets):
        raise BadInput(f"outputs of shape {list(outputs.shape)} do not fit targets of {list(targets.shape)}")
