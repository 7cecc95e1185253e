"""What a network answers, and how wrong that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chipsmith.learn.data.labelled_images import Examples, Images, Labels
from chipsmith.learn.metrics import Accuracy, accuracy
from chipsmith.learn.reproducible import one_thread

if TYPE_CHECKING:
    import torch

_BATCH = 250


def predict_logits(module: torch.nn.Module, images: Images, *, batch: int = _BATCH) -> NDArray[np.float32]:
    """The module's outputs (n, classes) for n images, `batch` at a time (the last may be smaller).

    The module is run as it is: it must be in evaluation mode.
    """
    import torch

    with torch.inference_mode(), one_thread():
        parts = [module(part) for part in torch.tensor(images).split(batch)]
        logits: NDArray[np.float32] = torch.cat(parts).numpy()
    return logits


def classify(logits: NDArray[np.float32]) -> Labels:
    """The class with the largest of the logits (n, classes), the first of several: (n) int64."""
    classes: Labels = logits.argmax(axis=1).astype(np.int64)
    return classes


def cross_entropy(logits: NDArray[np.float32], labels: Labels) -> float:
    """Mean cross entropy in nats of logits (n, classes) against the true classes (n)."""
    wide = logits.astype(np.float64)
    peaks = wide.max(axis=1)
    norms = peaks + np.log(np.exp(wide - peaks[:, None]).sum(axis=1))
    return float((norms - wide[np.arange(len(labels)), labels]).mean())


def evaluate(module: torch.nn.Module, examples: Examples) -> Accuracy:
    """The accuracy of a module in evaluation mode."""
    return accuracy(examples.labels, classify(predict_logits(module, examples.images)))
