"""Quantisation-aware training: a module that answers as its int8 network will, to be trained, then lowered to TOSA."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.frontends.pytorch.executorch import export_program, prepare_training
from chipsmith.frontends.pytorch.network import LoweredNetwork, lower_trained, require_extra
from chipsmith.tosa.graph import Array

if TYPE_CHECKING:
    import torch
    from torch.export import ExportedProgram


def quantisation_aware(
    module: torch.nn.Module, calibration: Sequence[Array], *, batch_size: int, name: str = "network"
) -> torch.nn.Module:
    """A module of fake-quantised weights and activations with the weights of `module`, which stays as it is.

    It takes the inputs of `module` in any number of rows and gives one tensor; inside it works on `batch_size` rows at
    a time. `calibration` has one array for each input, with rows along axis 0: the ranges of activations begin there.
    In training mode the ranges follow the activations, in evaluation mode they stay. Dropout is off, and batch
    normalisation folded into the weights. Raises as lower_module does.
    """
    require_extra(name)
    source = copy.deepcopy(module).eval()
    values = [_resized(array, batch_size) for array in calibration]
    _, prepared = _prepare(source, values, name)
    made: torch.nn.Module = _module_class()(prepared, source, values, name)
    made.train()
    for array in zip(*(np.array_split(one, max(1, len(one) // batch_size)) for one in calibration), strict=True):
        made(*(_tensor(one) for one in array))
    return made.eval()


def lower_quantised(trained: torch.nn.Module) -> LoweredNetwork:
    """The int8 graph, for one row, of a module of `quantisation_aware` after its training; it can be trained further.

    Raises BadInput for any other module, OperatorRefused as lower_module does.
    """
    if not hasattr(trained, "quantised_source"):
        raise BadInput(f"{type(trained).__name__} is no module of quantisation_aware: lower it with lower_module")
    source, rows, name = trained.quantised_source
    exported, prepared = _prepare(source, [one[:1] for one in rows], name)
    prepared.load_state_dict(trained.network.state_dict())
    return lower_trained(exported, tuple(_tensor(one[:1]) for one in rows), prepared, name=name)


def _prepare(source: torch.nn.Module, rows: Sequence[Array], name: str) -> tuple[ExportedProgram, torch.nn.Module]:
    exported = export_program(copy.deepcopy(source), tuple(map(_tensor, rows)), name)
    return exported, prepare_training(exported, name)


def _resized(array: Array, rows: int) -> Array:
    return np.resize(array, (rows, *array.shape[1:]))


def _tensor(array: Array) -> torch.Tensor:
    import torch

    return torch.as_tensor(array.astype(np.int32) if array.dtype == np.int64 else array)


def _module_class() -> Any:
    """The class of the modules: made here, because torch is imported where it is used."""
    import torch
    from torchao.quantization.pt2e import disable_observer, enable_observer

    class QuantisationAware(torch.nn.Module):  # type: ignore[misc]
        """See quantisation_aware."""

        def __init__(self, network: torch.nn.Module, source: torch.nn.Module, rows: Sequence[Array], name: str) -> None:
            super().__init__()
            self.network = network
            self.quantised_source = (source, rows, name)  # in a tuple it is no submodule and has no part in training

        def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
            size = len(self.quantised_source[1][0])
            parts = zip(*(one.split(size) for one in inputs), strict=True)
            return torch.cat([self._padded(part, size) for part in parts])

        def train(self, mode: bool = True) -> QuantisationAware:
            self.training = mode
            self.network.apply(enable_observer if mode else disable_observer)
            return self

        def _padded(self, inputs: tuple[torch.Tensor, ...], size: int) -> torch.Tensor:
            """The exported network has one batch size: rows are repeated up to it, and their outputs dropped."""
            rows = len(inputs[0])
            chosen = torch.arange(size) % rows
            outputs: torch.Tensor = self.network(*(one[chosen] for one in inputs))
            return outputs[:rows]

    return QuantisationAware
