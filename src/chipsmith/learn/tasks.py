"""A labelled data set seen as another task: its inputs rebuilt, with some of its classes as anomalies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from chipsmith.errors import BadInput
from chipsmith.learn.data import Dataset, Examples, InputsAsTargets, Task


def as_task(dataset: Dataset, task: Task, *, anomalies: Sequence[str] = ()) -> Dataset:
    """The data set for `task`: itself where that is its own, or its inputs to be rebuilt or generated.

    Classes named in `anomalies` are left out of training and validation, and are the anomalies of the test part.
    Raises BadInput where the data set cannot be read as that task.
    """
    if task is dataset.task:
        _require(not anomalies or task.targets_are_inputs, dataset, "anomalies are for the task reconstruction")
        return dataset
    _require(task.targets_are_inputs, dataset, f"its task is {dataset.task.value}, the recipe asks for {task.value}")
    _require(dataset.input_dtype == "float32", dataset, "tokens cannot be rebuilt")
    unknown = [name for name in anomalies if name not in dataset.class_names]
    _require(not unknown, dataset, f"anomalies names {unknown}; the classes are {', '.join(dataset.class_names)}")
    strange = np.isin(np.array(dataset.class_names), anomalies)
    train, validation, test = (
        _rebuilt(part, strange, normal_only=normal_only)
        for part, normal_only in ((dataset.train, True), (dataset.validation, True), (dataset.test, False))
    )
    names = ("normal", "anomaly") if task is Task.RECONSTRUCTION else dataset.class_names
    return replace(dataset, task=task, class_names=names, train=train, validation=validation, test=test, origin=None)


def _rebuilt(part: Examples, strange: NDArray[np.bool_], *, normal_only: bool) -> InputsAsTargets:
    marks = strange[part.targets].astype(np.int64) if strange.any() else np.zeros(len(part), np.int64)
    if normal_only and marks.any():
        normal = np.flatnonzero(marks == 0)
        part, marks = part.select(normal), marks[normal]
    return InputsAsTargets(examples=part, anomalous=marks)


def _require(condition: bool, dataset: Dataset, message: str) -> None:
    if not condition:
        raise BadInput(f"data set {dataset.name}: {message}")
