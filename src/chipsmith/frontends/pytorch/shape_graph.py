"""The graph of a module's shapes alone, for its time and energy, which do not depend on its weights."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np

from chipsmith.frontends.pytorch.network import lower_module
from chipsmith.tosa.graph import Array, Graph

if TYPE_CHECKING:
    import torch

_CALIBRATION_ROWS = 4


def shape_graph(module: torch.nn.Module, example: Array, *, name: str = "network") -> Graph:
    """A graph with the shapes of `module` for one row of `example` (n, ...), and weights that mean nothing.

    Time and energy of a network depend on its shapes alone. Networks of one structure give one graph, so that all of
    them share an entry of the cache; no training is needed. Raises as lower_module does.
    """
    import torch

    rows = np.resize(example, (_CALIBRATION_ROWS, *example.shape[1:]))
    return lower_module(_set_weights(module), (torch.as_tensor(rows[:1]),), [rows], name=name).graph


def _set_weights(module: torch.nn.Module) -> torch.nn.Module:
    """A copy whose floating-point weights are drawn from a fixed seed; averages and variances become 0 and 1."""
    import torch

    copied = copy.deepcopy(module).eval()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in copied.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) / max(1, parameter[0].numel()) ** 0.5)
        for layer in copied.modules():
            if isinstance(layer, torch.nn.modules.batchnorm._NormBase):
                layer.reset_running_stats()
    return copied
