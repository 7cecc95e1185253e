"""The statistics of a network's batch normalisation, gathered anew from training examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chipsmith.learn.data import Examples
from chipsmith.learn.reproducible import one_thread
from chipsmith.learn.training.measure import batches

if TYPE_CHECKING:
    import torch

EXAMPLES = 1024
"""Of the training part, the first ones: its order is mixed."""
_BATCH = 128


def recalibrate(module: torch.nn.Module, examples: Examples) -> None:
    """Set means and variances to those over the first EXAMPLES of `examples`; the module ends in evaluation mode.

    Each is the mean over whole batches of 128 (a rest is left out where there is a whole one); the same examples give
    the same bits. A network without batch normalisation stays as it is.
    """
    import torch
    from torch.nn.modules.batchnorm import _BatchNorm

    module.eval()
    norms = [part for part in module.modules() if isinstance(part, _BatchNorm) and part.track_running_stats]
    if not norms:
        return
    kept = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean over all batches
        norm.train()
    seen = examples.first(min(EXAMPLES, len(examples)))
    with torch.inference_mode(), one_thread():
        for number, (inputs, _) in enumerate(batches(seen, size=_BATCH)):
            if number == 0 or len(inputs) == _BATCH:
                module(inputs)
    for norm, momentum in zip(norms, kept, strict=True):
        norm.momentum = momentum
    module.eval()
