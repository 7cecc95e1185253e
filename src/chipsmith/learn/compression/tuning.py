"""Making smaller networks of a trained one: pruned, trained on, quantised. Each function gives a Made."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from chipsmith.chip import Chip
from chipsmith.frontends.pytorch.network import lower_module
from chipsmith.frontends.pytorch.qat import lower_quantised, quantisation_aware
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.learn.compression.channels import ChannelGroup, channel_groups, keep_channels
from chipsmith.learn.compression.distillation import distillation_loss
from chipsmith.learn.compression.masks import make_permanent, mask_smallest, mask_two_of_four
from chipsmith.learn.data import Dataset, Task
from chipsmith.learn.networks import Network
from chipsmith.learn.recipe import Recipe
from chipsmith.learn.reproducible import reproducible
from chipsmith.learn.training import Loss, TrainingSettings, fit, task_loss
from chipsmith.tosa.graph import Array

if TYPE_CHECKING:
    import torch

CALIBRATION_ROWS = 256
_TRACED_ROWS = 2
_GRADIENT_ROWS = 256
_QUANTISED_RATE = 0.1
"""Quantisation-aware training starts from a trained network: its learning rate is this share of the recipe's."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Base:
    """The trained float network that everything starts from and learns from; in evaluation mode.

    `epochs` are those of a whole training of a smaller network; shorter ones are shares of them.
    """

    recipe: Recipe
    dataset: Dataset
    chip: Chip
    module: torch.nn.Module
    epochs: int

    @cached_property
    def calibration(self) -> Array:
        """Inputs of training examples, by which the int8 ranges are chosen."""
        return np.array(self.dataset.train.first(CALIBRATION_ROWS).whole().inputs)

    @property
    def example(self) -> torch.Tensor:
        """A few inputs, to trace a module with."""
        import torch

        return torch.from_numpy(self.calibration[:_TRACED_ROWS])

    @property
    def columns(self) -> int:
        """Columns of the chip's array: output channels that it computes at once."""
        return self.chip.tensor.columns


@dataclass(frozen=True, kw_only=True, eq=False)
class Made:
    """A network that was made: `module` with its weights, float or trained with their rounding, and its int8 graph."""

    module: torch.nn.Module
    lowered: QuantizedNetwork


def quantised(base: Base, module: torch.nn.Module) -> Made:
    """A float network, quantised after training."""
    import torch

    example = (torch.from_numpy(base.calibration[:1]),)
    return Made(module=module, lowered=lower_module(module, example, [base.calibration], name=base.recipe.name))


def quantised_in_training(base: Base, module: torch.nn.Module, *, epochs: int) -> Made:
    """A float network trained on with its own int8 rounding."""
    batch = base.recipe.training.batch(len(base.dataset.train))
    aware = quantisation_aware(module, [base.calibration], batch_size=min(batch, 64), name=base.recipe.name)
    settings = _gentle(_epochs(base.recipe.training, epochs))
    fit(aware, base.dataset, settings=settings, seed=base.recipe.seed, loss=taught_by(base))
    return Made(module=aware, lowered=lower_quantised(aware))


def narrowed(base: Base, groups: tuple[ChannelGroup, ...], widths: dict[str, int], *, epochs: int) -> torch.nn.Module:
    """The network with the most important channels of each group alone, trained on."""
    smaller = keep_channels(base.module, base.example, groups, widths)
    settings = _epochs(base.recipe.training, epochs)
    fit(smaller, base.dataset, settings=settings, seed=base.recipe.seed, loss=taught_by(base))
    return smaller


def with_zeros(base: Base, mask: Callable[[torch.nn.Module], None], *, epochs: int) -> torch.nn.Module:
    """The network with masked weights at zero, trained on with them there."""
    sparse = copy.deepcopy(base.module)
    mask(sparse)
    settings = _epochs(base.recipe.training, epochs)
    fit(sparse, base.dataset, settings=settings, seed=base.recipe.seed, loss=taught_by(base))
    make_permanent(sparse)
    return sparse.eval()


MASKS: dict[str, Callable[[torch.nn.Module], None]] = {
    "two_of_four": mask_two_of_four,
    "unstructured": lambda module: mask_smallest(module, 0.5),
}
"""The patterns of zeros by the name of their method."""


def taught(base: Base, network: Network, *, epochs: int) -> torch.nn.Module:
    """Another network, trained afresh with the large one as its teacher where the task has classes."""
    with reproducible(seed=base.recipe.seed):
        student = network.build(input_shape=base.dataset.input_shape, outputs=base.dataset.outputs)
    settings = _epochs(base.recipe.training, epochs)
    fit(student, base.dataset, settings=settings, seed=base.recipe.seed, loss=taught_by(base))
    return student


def taught_by(base: Base) -> Loss | None:
    """Distillation from the large network where the task has classes; None, the task's own loss, elsewhere."""
    return distillation_loss(base.module) if base.dataset.task is Task.CLASSIFICATION else None


def scored_groups(base: Base) -> tuple[ChannelGroup, ...]:
    """The groups of channels, scored by the gradients of the task's loss on training examples. Raises BadInput."""
    import torch

    module = copy.deepcopy(base.module).eval()
    batch = base.dataset.train.first(_GRADIENT_ROWS).whole()
    with reproducible(seed=base.recipe.seed):
        task_loss(base.dataset.task)(module, torch.tensor(batch.inputs), torch.tensor(batch.targets)).backward()
    return channel_groups(module, base.example, criterion="taylor")


def _epochs(settings: TrainingSettings, epochs: int) -> TrainingSettings:
    return settings.model_copy(update={"epochs": max(1, epochs), "early_stopping": None})


def _gentle(settings: TrainingSettings) -> TrainingSettings:
    rate = settings.optimizer.learning_rate * _QUANTISED_RATE
    return settings.model_copy(update={"optimizer": settings.optimizer.model_copy(update={"learning_rate": rate})})
