"""Cross-validation: as many networks as folds, each judged on examples that it was not trained on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsmith.errors import BadInput
from chipsmith.learn.data import Batch, Dataset, Examples, Task
from chipsmith.learn.predict import predict
from chipsmith.learn.recipe import Recipe
from chipsmith.learn.trained import train
from chipsmith.learn.validation.evaluate import Metric, evaluate

Indices = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Folds:
    """The primary metric of each fold, in float."""

    metrics: tuple[Metric, ...]

    @property
    def mean(self) -> float:
        """Mean over the folds."""
        return float(np.mean([metric.value for metric in self.metrics]))

    @property
    def deviation(self) -> float:
        """Standard deviation over the folds, of a sample."""
        return float(np.std([metric.value for metric in self.metrics], ddof=1))


@dataclass(frozen=True, kw_only=True, eq=False)
class JoinedExamples(Examples):
    """Two parts as one, the first before the second."""

    first_part: Examples
    second_part: Examples

    def __len__(self) -> int:
        return len(self.first_part) + len(self.second_part)

    @property
    def targets(self) -> NDArray[Any]:
        """As Examples.targets."""
        return np.concatenate([self.first_part.targets, self.second_part.targets])

    @property
    def groups(self) -> Indices | None:
        """As Examples.groups; None where one of the parts has none."""
        first, second = self.first_part.groups, self.second_part.groups
        return None if first is None or second is None else np.concatenate([first, second])

    def batch(self, chosen: Indices) -> Batch:
        """As Examples.batch."""
        early = chosen < len(self.first_part)
        if early.all():
            return self.first_part.batch(chosen)
        late = self.second_part.batch(chosen[~early] - len(self.first_part))
        if not early.any():
            return late
        soon = self.first_part.batch(chosen[early])
        order = np.argsort(np.concatenate([np.flatnonzero(early), np.flatnonzero(~early)]))
        return Batch(
            inputs=np.concatenate([soon.inputs, late.inputs])[order],
            targets=np.concatenate([soon.targets, late.targets])[order],
        )

    def select(self, chosen: Indices) -> Examples:
        """As Examples.select."""
        return ChosenExamples(examples=self, chosen=chosen)


@dataclass(frozen=True, kw_only=True, eq=False)
class ChosenExamples(Examples):
    """Some examples of another part, which stay where they are."""

    examples: Examples
    chosen: Indices

    def __len__(self) -> int:
        return len(self.chosen)

    @property
    def targets(self) -> NDArray[Any]:
        """As Examples.targets."""
        values: NDArray[Any] = self.examples.targets[self.chosen]
        return values

    @property
    def groups(self) -> Indices | None:
        """As Examples.groups."""
        return None if self.examples.groups is None else self.examples.groups[self.chosen]

    def batch(self, chosen: Indices) -> Batch:
        """As Examples.batch."""
        return self.examples.batch(self.chosen[chosen])

    def select(self, chosen: Indices) -> Examples:
        """As Examples.select."""
        return replace(self, chosen=self.chosen[chosen])


def cross_validate(recipe: Recipe, dataset: Dataset, *, folds: int) -> Folds:
    """Train `folds` networks on the training and validation parts without one fold each, and judge them on it.

    Each takes its epoch by a validation part of its own, as large a share as the data set's. The test part is not
    touched; the preprocessing stays that of the whole training part. Examples of one group (a speaker, a stretch of a
    text) are in one fold. Raises BadInput for fewer than 2 folds or more than there are examples or groups.
    """
    pool = JoinedExamples(first_part=dataset.train, second_part=dataset.validation)
    _check_count(folds, pool)
    metrics = []
    for number, (rest, fold) in enumerate(_splits(pool, dataset.task, folds, recipe.seed)):
        validation = _validation_count(rest, pool.groups, len(rest) * len(dataset.validation) // len(pool))
        data = replace(dataset, validation=pool.select(rest[:validation]), train=pool.select(rest[validation:]))
        trained = train(recipe.model_copy(update={"seed": recipe.seed + number}), data)
        judged = evaluate(
            partial(predict, trained.module),
            pool.select(fold),
            dataset.task,
            resamples=recipe.validation.bootstrap,
            scaling=dataset.target_scaling,
        )
        metrics.append(judged.primary_metric)
    return Folds(metrics=tuple(metrics))


def _check_count(folds: int, pool: Examples) -> None:
    if pool.groups is None:
        most, what, enough = len(pool), "examples", True
    else:
        most, what = len(np.unique(pool.groups)), "groups"
        enough = folds > 0 and most - math.ceil(most / folds) >= 2  # one to train on, one to validate
    if not 2 <= folds <= most or not enough:
        raise BadInput(f"validation.folds is {folds}: there are 2 to {most} for {most} {what}, 3 or more of these")


def _splits(pool: Examples, task: Task, folds: int, seed: int) -> Iterator[tuple[Indices, Indices]]:
    """For each fold the shuffled indices of the rest, and those of the fold; classes in proportion.

    With groups these are whole in the fold, and one after another in the rest.
    """
    from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold

    generator, groups = np.random.default_rng(seed), pool.groups
    if groups is not None:
        for rest, fold in GroupKFold(n_splits=folds, shuffle=True, random_state=seed).split(groups, groups=groups):
            shuffled, order = generator.permutation(rest), generator.permutation(int(groups.max()) + 1)
            yield shuffled[np.argsort(order[groups[shuffled]], kind="stable")], fold
        return
    kind = StratifiedKFold if task is Task.CLASSIFICATION else KFold
    labels = pool.targets if task is Task.CLASSIFICATION else np.zeros(len(pool))
    for rest, fold in kind(n_splits=folds, shuffle=True, random_state=seed).split(labels, labels):
        yield generator.permutation(rest), fold


def _validation_count(rest: Indices, groups: Indices | None, wanted: int) -> int:
    """How many of the first of `rest` are for validation: `wanted`, or whole groups nearest to it, one or more."""
    if groups is None:
        return wanted
    ends = 1 + np.flatnonzero(np.diff(groups[rest]))
    return int(ends[np.abs(ends - wanted).argmin()])
