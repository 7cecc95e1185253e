"""The noun Dataset: examples in three parts that share none, and how their inputs were made of raw data."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from chipsmith.errors import BadInput
from chipsmith.learn.data.examples import Examples
from chipsmith.learn.data.origin import Origin
from chipsmith.learn.data.task import Task
from chipsmith.learn.preprocessing import Preprocessing
from chipsmith.shown import Shown


class TargetScaling(Shown, BaseModel):
    """Targets of a regression are (value - mean) / std, with the training part's mean and std, one a target."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def scale(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """Values (n, k) in their own units to targets (n, k)."""
        scaled = (values - np.array(self.mean)) / np.array(self.std)
        return np.asarray(scaled, np.float32)

    def restore(self, targets: NDArray[Any]) -> NDArray[np.float64]:
        """Targets or answers (n, k) back to the values' own units."""
        values: NDArray[np.float64] = targets.astype(np.float64) * np.array(self.std) + np.array(self.mean)
        return values


@dataclass(frozen=True, kw_only=True, eq=False)
class Dataset(Shown):
    """A data set, split: no example is in two parts, and a part's order is mixed.

    `source` says where the data come from and how they were split. `class_names` are the classes of a classification,
    the targets of a regression, the texts of the tokens of a language, ("normal", "anomaly") of a reconstruction.
    `input_shape` is one example's, without the batch; `input_dtype` is "float32" or "int32". `preprocessing` makes an
    input of raw data; it was fitted on the training part alone. `target_scaling` is a regression's. `origin` says of
    which raw items the parts are; None where that is not known.

    Raises BadInput where a part has inputs of another shape or type, or targets that are no classes.
    """

    name: str
    source: str
    task: Task
    class_names: tuple[str, ...]
    input_shape: tuple[int, ...]
    input_dtype: str
    train: Examples
    validation: Examples
    test: Examples
    preprocessing: Preprocessing
    target_scaling: TargetScaling | None = None
    origin: Origin | None = None

    def _brief(self) -> str:
        parts = f"{len(self.train):,} training, {len(self.validation):,} validation, {len(self.test):,} test examples"
        return f"{self.name}: {self.task.value}, {self.input_dtype}{list(self.input_shape)}; {parts}"

    def __post_init__(self) -> None:
        for name, part in (("training", self.train), ("validation", self.validation), ("test", self.test)):
            self._check_inputs(name, part)
            if self.task is Task.CLASSIFICATION:
                self._check_classes(name, part)

    @property
    def outputs(self) -> int:
        """Number of values that a network answers for an example, or for each token of one."""
        return math.prod(self.input_shape) if self.task.targets_are_inputs else len(self.class_names)

    @property
    def vocabulary_size(self) -> int | None:
        """Number of different tokens that inputs are made of; None where inputs are no tokens."""
        return self.preprocessing.vocabulary_size

    def _check_inputs(self, name: str, part: Examples) -> None:
        inputs = part.first(1).whole().inputs
        if inputs.shape[1:] != self.input_shape or inputs.dtype != self.input_dtype:
            raise BadInput(
                f"data set {self.name}: the {name} part has inputs {inputs.dtype} of shape {list(inputs.shape[1:])}, "
                f"not {self.input_dtype} of {list(self.input_shape)}"
            )

    def _check_classes(self, name: str, part: Examples) -> None:
        targets, count = part.targets, len(self.class_names)
        if targets.dtype != np.int64 or targets.ndim != 1 or not 0 <= targets.min() <= targets.max() < count:
            raise BadInput(f"data set {self.name}: the {name} part needs classes from 0 to {count - 1}, int64")
