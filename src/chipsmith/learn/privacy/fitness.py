"""What would void the promise of a private training is refused before the first step, with what mends it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.learn.data.dataset import Dataset
from chipsmith.learn.training.measure import tensors
from chipsmith.learn.training.processes import Processes
from chipsmith.learn.training.settings import TrainingSettings

if TYPE_CHECKING:
    import torch

_COMPARED = 64
"""Training examples among which two different ones are looked for."""


def require_settings(settings: TrainingSettings, *, together: Processes) -> None:
    """Raise BadInput for settings that a private training cannot keep, all in one message."""
    faults = tuple(_faults(settings, together))
    if faults:
        raise BadInput(f"training.privacy: {'; '.join(faults)}")


def _faults(settings: TrainingSettings, together: Processes) -> Iterator[str]:
    if settings.early_stopping is not None:
        yield "the last epoch is kept, whatever the curves say: leave early_stopping out and choose epochs"
    if settings.gradient_clip is not None:
        yield "each example's gradient is cut: write training.privacy.clip in place of training.gradient_clip"
    if settings.mixed_precision:
        yield "gradients are cut in float32: set mixed_precision to false"
    if settings.privacy is not None and settings.privacy.views > 1 and settings.augmentation is None:
        yield "views are augmentations of an example: add an augmentation, or set views to 1"
    if together.count > 1:
        yield "it takes one process, not several under torchrun"


def require_apart(module: torch.nn.Module, dataset: Dataset) -> None:
    """Raise BadInput where the answer to an example depends on the others of its batch, or a layer has no gradient.

    Batch normalisation is known by its kind. Whatever else mixes examples is seen: two batches that differ in their
    second example alone must get one answer to the first, and leave the same parameters and buffers behind.
    """
    from opacus.validators import ModuleValidator
    from torch.nn.modules.batchnorm import _BatchNorm

    mixing = [name for name, layer in module.named_modules() if isinstance(layer, _BatchNorm)]
    if mixing:
        raise BadInput(
            f"training.privacy: batch normalisation ({', '.join(mixing[:3])}) mixes the examples of a batch, so that "
            "none has a gradient of its own; take network.norm=group (families cnn and resnet), or torch.nn.GroupNorm "
            "in a network of your own"
        )
    faults = ModuleValidator.validate(module.train(), strict=False)
    if faults:
        raise BadInput(
            f"training.privacy: {_first(faults[0])}; a private training takes dense, convolutional, embedding and "
            "normalising layers: take a network of these, such as cnn, resnet, mlp or gabor"
        )
    mixed, kept = _compare_batches(module, dataset)
    if mixed:
        raise BadInput(
            "training.privacy: the network's answer to an example depends on the others of its batch: take a network "
            "that treats each example by itself"
        )
    if kept:
        raise BadInput(
            f"training.privacy: the network keeps what it saw of its examples in {kept[0]}, without any noise: take "
            "layers without running statistics"
        )


def _compare_batches(module: torch.nn.Module, dataset: Dataset) -> tuple[bool, tuple[str, ...]]:
    """What differs between two batches that differ in their second example alone.

    Whether the answers to the first do, and the names of the tensors of the module that do afterwards. The module is
    left as it was.
    """
    import torch

    first, other = _different_inputs(module, dataset)
    before = _tensors_of(module)
    answers, after = [], []
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        for second in (first, other):
            torch.manual_seed(0)
            answers.append(module(torch.stack([first, second]))[0])
            after.append(_tensors_of(module))
            _put_back(module, before)
    kept = tuple(name for name, tensor in after[0].items() if not torch.equal(tensor, after[1][name]))
    return not torch.equal(*answers), kept


def _different_inputs(module: torch.nn.Module, dataset: Dataset) -> tuple[torch.Tensor, torch.Tensor]:
    """The first training input and another that is not the same, as far as some of them differ."""
    import torch

    chosen = np.unique(np.linspace(0, len(dataset.train) - 1, _COMPARED).astype(np.int64))
    first, *others = tensors(dataset.train, chosen, device=str(next(module.parameters()).device))[0]
    return first, next((other for other in reversed(others) if not torch.equal(first, other)), first)


def _tensors_of(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Copies of its parameters and buffers by name, also of those that are not saved."""
    named = (*module.named_parameters(), *module.named_buffers())
    return {name: tensor.detach().clone() for name, tensor in named}


def _put_back(module: torch.nn.Module, before: dict[str, torch.Tensor]) -> None:
    for name, tensor in (*module.named_parameters(), *module.named_buffers()):
        tensor.copy_(before[name])


def require_counted(module: torch.nn.Module, examples: int) -> None:
    """Raise BadInput where the gradients at hand are not one of each example: what is cut would be something else."""
    for name, parameter in module.named_parameters():
        gradients = getattr(parameter, "grad_sample", None)
        if parameter.requires_grad and (gradients is None or len(gradients) != examples):
            counted = "no gradient" if gradients is None else f"{len(gradients)} gradients"
            raise BadInput(
                f"training.privacy: parameter {name} has {counted} of {examples} examples: it is unused, or the "
                "network folds examples and positions into one axis; take a layer that keeps the batch axis first"
            )


def _first(fault: Exception) -> str:
    return " ".join(str(fault).split())[:200]
