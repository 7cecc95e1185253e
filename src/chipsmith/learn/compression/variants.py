"""Variants of a trained network: pruned, distilled, trained on, quantised."""

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
from chipsmith.learn.compression.channels import ChannelGroup, find_channel_groups, keep_channels
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
class CompressionContext:
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
class Variant:
    """A smaller network: `module` with its weights, float or trained with their rounding, and its int8 graph."""

    module: torch.nn.Module
    quantised: QuantizedNetwork


def quantise(context: CompressionContext, module: torch.nn.Module) -> Variant:
    """Quantise a float network after its training."""
    import torch

    example = (torch.from_numpy(context.calibration[:1]),)
    return Variant(
        module=module, quantised=lower_module(module, example, [context.calibration], name=context.recipe.name)
    )


def quantise_in_training(context: CompressionContext, module: torch.nn.Module, *, epochs: int) -> Variant:
    """Train a float network on with its own int8 rounding."""
    batch = context.recipe.training.batch(len(context.dataset.train))
    aware = quantisation_aware(module, [context.calibration], batch_size=min(batch, 64), name=context.recipe.name)
    settings = _gentle(_epochs(context.recipe.training, epochs))
    fit(aware, context.dataset, settings=settings, seed=context.recipe.seed, loss=distillation_for(context))
    return Variant(module=aware, quantised=lower_quantised(aware))


def prune_channels(
    context: CompressionContext, groups: tuple[ChannelGroup, ...], widths: dict[str, int], *, epochs: int
) -> torch.nn.Module:
    """Keep the most important channels of each group alone, as many as `widths` says, and train on."""
    smaller = keep_channels(context.module, context.example, groups, widths)
    settings = _epochs(context.recipe.training, epochs)
    fit(smaller, context.dataset, settings=settings, seed=context.recipe.seed, loss=distillation_for(context))
    return smaller


def prune_weights(
    context: CompressionContext, mask: Callable[[torch.nn.Module], None], *, epochs: int
) -> torch.nn.Module:
    """Set the weights that `mask` chooses to zero, and train on with them there; one of MASKS."""
    sparse = copy.deepcopy(context.module)
    mask(sparse)
    settings = _epochs(context.recipe.training, epochs)
    fit(sparse, context.dataset, settings=settings, seed=context.recipe.seed, loss=distillation_for(context))
    make_permanent(sparse)
    return sparse.eval()


MASKS: dict[str, Callable[[torch.nn.Module], None]] = {
    "two_of_four": mask_two_of_four,
    "unstructured": lambda module: mask_smallest(module, 0.5),
}
"""The patterns of zeros by the name of their method."""


def distill(context: CompressionContext, network: Network, *, epochs: int) -> torch.nn.Module:
    """Train another network from the start, with the large one as its teacher where the task has classes."""
    with reproducible(seed=context.recipe.seed):
        student = network.build(input_shape=context.dataset.input_shape, outputs=context.dataset.outputs)
    settings = _epochs(context.recipe.training, epochs)
    fit(student, context.dataset, settings=settings, seed=context.recipe.seed, loss=distillation_for(context))
    return student


def distillation_for(context: CompressionContext) -> Loss | None:
    """Distillation from the large network where the task has classes; None, the task's own loss, elsewhere."""
    return distillation_loss(context.module) if context.dataset.task is Task.CLASSIFICATION else None


def score_groups(context: CompressionContext) -> tuple[ChannelGroup, ...]:
    """Score the groups of channels by the gradients of the task's loss on training examples. Raises BadInput."""
    import torch

    module = copy.deepcopy(context.module).eval()
    batch = context.dataset.train.first(_GRADIENT_ROWS).whole()
    with reproducible(seed=context.recipe.seed):
        task_loss(context.dataset.task)(module, torch.tensor(batch.inputs), torch.tensor(batch.targets)).backward()
    return find_channel_groups(module, context.example, criterion="taylor")


def _epochs(settings: TrainingSettings, epochs: int) -> TrainingSettings:
    return settings.model_copy(update={"epochs": max(1, epochs), "early_stopping": None})


def _gentle(settings: TrainingSettings) -> TrainingSettings:
    rate = settings.optimizer.learning_rate * _QUANTISED_RATE
    return settings.model_copy(update={"optimizer": settings.optimizer.model_copy(update={"learning_rate": rate})})
