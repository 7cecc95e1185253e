"""How a network does on a part of a data set: its loss and its score, as the curves of a training show them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from chipsmith.learn.data.dataset import Dataset
from chipsmith.learn.data.examples import Examples
from chipsmith.learn.data.task import Task
from chipsmith.learn.training.history import Epoch
from chipsmith.learn.training.losses import VALUES, cross_entropy, negative_elbo, squared_error

if TYPE_CHECKING:
    import torch

BATCH = 250
"""Examples that are measured at a time."""


def measure(module: torch.nn.Module, examples: Examples, task: Task, *, device: str = "cpu") -> tuple[float, float]:
    """Mean loss and score of a module, in evaluation mode, on examples; no augmentation, no smoothing, no penalty.

    The score is accuracy for classes and next tokens, and explained variance for values: 1 - squared error / variance.
    """
    import torch

    total = 0.0
    score: _Score = _Explained() if task in VALUES else _Accuracy()
    with torch.inference_mode():
        for inputs, targets in batches(examples, device=device):
            outputs = module(inputs)
            total += len(inputs) * float(_loss(module, outputs, inputs, targets, task))
            score.add(outputs, targets)
    return total / len(examples), score.value()


def measure_epoch(module: torch.nn.Module, dataset: Dataset, number: int, *, device: str = "cpu") -> Epoch:
    """What a module, in evaluation mode, does on both parts after epoch `number`.

    As many training as validation examples are looked at, so that both figures are equally sure.
    """
    seen = dataset.train.first(len(dataset.validation))
    train_loss, train_score = measure(module, seen, dataset.task, device=device)
    told = measure_validation(module, dataset, number, device=device)
    return replace(told, train_loss=train_loss, train_score=train_score)


def measure_validation(module: torch.nn.Module, dataset: Dataset, number: int, *, device: str = "cpu") -> Epoch:
    """As measure_epoch, without a look at the training examples."""
    validation_loss, validation_score = measure(module, dataset.validation, dataset.task, device=device)
    return Epoch(
        number=number,
        train_loss=None,
        train_score=None,
        validation_loss=validation_loss,
        validation_score=validation_score,
    )


def batches(
    examples: Examples, *, device: str = "cpu", size: int = BATCH
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Inputs and targets of all examples, in order, as tensors."""
    for start in range(0, len(examples), size):
        yield tensors(examples, np.arange(start, min(start + size, len(examples))), device=device)


def tensors(examples: Examples, chosen: NDArray[np.int64], *, device: str = "cpu") -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs and targets of the chosen examples as tensors of their own."""
    import torch

    batch = examples.batch(chosen)
    return torch.tensor(batch.inputs, device=device), torch.tensor(batch.targets, device=device)


def _loss(
    module: torch.nn.Module, outputs: torch.Tensor, inputs: torch.Tensor, targets: torch.Tensor, task: Task
) -> torch.Tensor:
    if task is Task.GENERATION:
        return negative_elbo(module, inputs)
    return squared_error(outputs, targets) if task in VALUES else cross_entropy(outputs, targets)


class _Score(Protocol):
    def add(self, outputs: torch.Tensor, targets: torch.Tensor) -> None: ...

    def value(self) -> float: ...


class _Accuracy:
    """Share of positions whose largest logit is the target's."""

    def __init__(self) -> None:
        self._right, self._all = 0, 0

    def add(self, outputs: torch.Tensor, targets: torch.Tensor) -> None:
        self._right += int((outputs.argmax(-1) == targets).sum())
        self._all += targets.numel()

    def value(self) -> float:
        return self._right / self._all


class _Explained:
    """1 - squared error / squared distance of the targets from their mean, over all outputs together."""

    def __init__(self) -> None:
        self._error, self._count = 0.0, 0
        self._sum: torch.Tensor | float = 0.0
        self._squares = 0.0

    def add(self, outputs: torch.Tensor, targets: torch.Tensor) -> None:
        wide = targets.flatten(1).double()
        self._error += float(((outputs.flatten(1) - wide) ** 2).sum())
        self._squares += float((wide**2).sum())
        self._sum = self._sum + wide.sum(0)
        self._count += len(wide)

    def value(self) -> float:
        spread = self._squares - float((self._sum**2 / self._count).sum())  # type: ignore[union-attr]
        return 1 - self._error / spread if spread > 0 else 0.0
