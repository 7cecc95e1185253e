"""What a training makes small, for each task; and how well outputs fit their targets."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from chipsmith.errors import BadInput
from chipsmith.learn.data.task import Task

if TYPE_CHECKING:
    import torch

Loss = Callable[["torch.nn.Module", "torch.Tensor", "torch.Tensor"], "torch.Tensor"]
"""(module, inputs (n, ...), targets (n, ...)) -> the mean loss over the n examples, a scalar with a gradient.

The module is in training mode for a step and in evaluation mode for a measurement.
"""


VALUES = (Task.REGRESSION, Task.RECONSTRUCTION, Task.GENERATION)
"""Tasks whose outputs are values; the others' are logits."""


def task_loss(task: Task, *, label_smoothing: float = 0.0, kl_weight: float = 1.0) -> Loss:
    """Cross entropy for classes and next tokens, squared error for values, and `negative_elbo` for generation."""
    if task is Task.GENERATION:
        return lambda module, inputs, _: negative_elbo(module, inputs, kl_weight=kl_weight)
    if task in VALUES:
        return lambda module, inputs, targets: squared_error(module(inputs), targets)
    return lambda module, inputs, targets: cross_entropy(module(inputs), targets, label_smoothing=label_smoothing)


def cross_entropy(logits: torch.Tensor, targets: torch.Tensor, *, label_smoothing: float = 0.0) -> torch.Tensor:
    """Mean cross entropy in nats of logits (n, ..., classes) against classes (n, ...), int64."""
    import torch.nn.functional as functional

    flat = logits.reshape(-1, logits.shape[-1])
    return functional.cross_entropy(flat, targets.reshape(-1), label_smoothing=label_smoothing)


def squared_error(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Mean squared difference of outputs and targets (n, ...). Raises BadInput where their shapes differ."""
    if outputs.shape != targets.shape:
        # torch would stretch one over the other and train towards nonsense.
        raise BadInput(
            f"the network gives outputs of shape {list(outputs.shape[1:])}, its targets have {list(targets.shape[1:])}"
        )
    loss: torch.Tensor = ((outputs - targets) ** 2).mean()
    return loss


def negative_elbo(module: torch.nn.Module, inputs: torch.Tensor, *, kl_weight: float = 1.0) -> torch.Tensor:
    """Mean over n examples of the negative evidence lower bound in nats, of values from 0 to 1.

    The module has `encode(inputs) -> (mean, log_variance)` and `decode(z) -> reconstruction`. The bound is
    -log p(x | z), Bernoulli's, plus `kl_weight` times the divergence of N(mean, variance) from N(0, 1). In training
    mode z is drawn, in evaluation mode it is the mean. Raises BadInput for values outside of 0 to 1. Source:
    D. Kingma, M. Welling: Auto-encoding variational Bayes, ICLR 2014, section 3 and appendix B.
    """
    import torch
    import torch.nn.functional as functional

    if not (hasattr(module, "encode") and hasattr(module, "decode")):
        raise BadInput("generation needs a module with `encode` and `decode`, such as a network of kind vae")
    if inputs.min() < 0 or inputs.max() > 1:
        raise BadInput("a generative network is trained on values from 0 to 1; take images without standardising them")
    mean, log_variance = module.encode(inputs)
    noise = torch.randn_like(mean) if module.training else torch.zeros_like(mean)
    decoded = module.decode(mean + noise * (log_variance / 2).exp())
    with torch.autocast(inputs.device.type, enabled=False):
        reconstruction = functional.binary_cross_entropy(decoded.float(), inputs, reduction="sum")
    divergence = -0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum()
    loss: torch.Tensor = (reconstruction + kl_weight * divergence) / len(inputs)
    return loss


def l1_penalty(module: torch.nn.Module) -> torch.Tensor:
    """The sum of |weight| over all parameters with two axes or more: matrices and kernels, no biases, no scales."""
    import torch

    weights = [parameter.abs().sum() for parameter in module.parameters() if parameter.ndim > 1]
    return torch.stack(weights).sum() if weights else torch.zeros(())
