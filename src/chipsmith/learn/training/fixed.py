"""Layers that learn nothing are run once, and not in every epoch."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from chipsmith.learn.data.dataset import Dataset
from chipsmith.learn.data.examples import ArrayExamples, Examples, GroupedExamples
from chipsmith.learn.training.measure import batches
from chipsmith.learn.training.settings import TrainingSettings

if TYPE_CHECKING:
    import torch

MOST_BYTES = 1 << 29
"""Of what the fixed layers give for training and validation part; more is not kept, but reckoned anew each time."""


def split_fixed(
    module: torch.nn.Module, dataset: Dataset, *, settings: TrainingSettings
) -> tuple[torch.nn.Module, Dataset]:
    """The layers from the first that learns on, and the training and validation part as these see them.

    The weights are those of `module`. Module and data set as they are where the first layers are not fixed, the inputs
    are other ones in each epoch, the targets are the inputs, or what would be kept is more than MOST_BYTES.
    """
    from torch import nn

    layers = list(module) if isinstance(module, nn.Sequential) else []
    count = next((number for number, layer in enumerate(layers) if not _passes(layer)), len(layers))
    fixed = nn.Sequential(*layers[:count]).eval()
    if not any(_is_fixed(layer) for layer in fixed) or settings.augmentation or dataset.task.targets_are_inputs:
        return module, dataset
    example = _run(fixed, dataset.train.first(1), settings.device).whole().inputs
    if example.nbytes * (len(dataset.train) + len(dataset.validation)) > MOST_BYTES:
        return module, dataset
    train, validation, test = (
        _run(fixed, part, settings.device) for part in (dataset.train, dataset.validation, dataset.test.first(1))
    )
    seen = replace(dataset, train=train, validation=validation, test=test, input_shape=example.shape[1:])
    return nn.Sequential(*layers[count:]), seen


def _is_fixed(layer: torch.nn.Module) -> bool:
    return bool(getattr(layer, "is_fixed", False))


def _passes(layer: torch.nn.Module) -> bool:
    """Whether a layer answers alike in training and evaluation, and has nothing to learn."""
    from torch import nn

    return _is_fixed(layer) or type(layer) in (nn.AvgPool2d, nn.MaxPool2d, nn.Flatten, nn.ReLU)


def _run(fixed: torch.nn.Sequential, part: Examples, device: str) -> Examples:
    import torch

    with torch.inference_mode():
        outputs = [fixed(inputs).cpu().numpy() for inputs, _ in batches(part, device=device)]
    examples = ArrayExamples(inputs=np.concatenate(outputs), all_targets=part.targets)
    return examples if part.groups is None else GroupedExamples(examples=examples, all_groups=part.groups)
