"""How good the answers are to raw examples whose right answers are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from chipsmith.deployment.deployment import Deployment
from chipsmith.errors import BadInput
from chipsmith.learn.data import ArrayExamples, Task
from chipsmith.learn.data.raw import Label
from chipsmith.learn.preprocessing.columns import number
from chipsmith.learn.validation.evaluate import Metrics, evaluate_outputs
from chipsmith.learn.validation.interval import clopper_pearson_interval

_FEWEST_NUMBERS = 3
"""Numbers of which a share of explained variance is told."""


def judge_labelled(
    deployment: Deployment, outputs: Sequence[NDArray[np.float32]], labels: Sequence[Label | None]
) -> Metrics | None:
    """The metrics, with their intervals, of outputs (k) to examples with a label; None where there is none to judge.

    Raises BadInput for a label that is no class of the network, or no number.
    """
    known = [(output, label) for output, label in zip(outputs, labels, strict=True) if label is not None]
    if deployment.task not in (Task.CLASSIFICATION, Task.REGRESSION) or not known:
        return None
    if deployment.task is Task.REGRESSION and len(known) < _FEWEST_NUMBERS:
        return None
    answers = np.stack([output for output, _ in known])
    targets = _targets(deployment, [label for _, label in known])
    examples = ArrayExamples(inputs=np.zeros((len(known), 1), np.float32), all_targets=targets)
    return _with_exact_share(
        evaluate_outputs(answers, examples, deployment.task, scaling=deployment.target_scaling), count=len(known)
    )


def _with_exact_share(metrics: Metrics, *, count: int) -> Metrics:
    """The metrics, with the exact interval of the accuracy: of a few examples, all right, no resample has a mistake."""
    if metrics.task is not Task.CLASSIFICATION:
        return metrics
    accuracy, *others = metrics.metrics
    exact = clopper_pearson_interval(round(accuracy.value * count), count)
    return replace(metrics, metrics=(replace(accuracy, low=exact.low, high=exact.high), *others))


def _targets(deployment: Deployment, labels: Sequence[Label]) -> NDArray[np.int64] | NDArray[np.float32]:
    if deployment.task is Task.CLASSIFICATION:
        places = {name: index for index, name in enumerate(deployment.class_names)}
        return np.array([places[check_class(str(label), deployment.class_names)] for label in labels], np.int64)
    rows = [label if isinstance(label, tuple) else (number(label, column="target"),) for label in labels]
    if any(len(row) != len(deployment.class_names) for row in rows):
        raise BadInput(f"a label of this network is {len(deployment.class_names)} numbers: {deployment.class_names}")
    values = np.array(rows, np.float64)
    scaling = deployment.target_scaling
    return values.astype(np.float32) if scaling is None else scaling.scale(values)


def check_class(label: str, class_names: Sequence[str]) -> str:
    """The label. Raises BadInput where it is no class."""
    if label not in class_names:
        raise BadInput(f"the label '{label}' is no class of this network; its classes are {', '.join(class_names)}")
    return label
