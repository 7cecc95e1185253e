"""What a module answers to arrays of any number of examples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chipsmith.learn.reproducible import one_thread

if TYPE_CHECKING:
    import torch

_BATCH = 250


def predict(module: torch.nn.Module, inputs: NDArray[Any], *, batch: int = _BATCH) -> NDArray[np.float32]:
    """The module's outputs (n, ...) for n inputs, `batch` at a time (the last may be smaller).

    The module is run as it is: it must be in evaluation mode.
    """
    import torch

    with torch.inference_mode(), one_thread():
        parts = [module(part) for part in torch.tensor(inputs).split(batch)]
        outputs: NDArray[np.float32] = torch.cat(parts).numpy()
    return outputs
