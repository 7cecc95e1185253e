"""Quantisation-aware training: a module that answers as its int8 network will, to be trained, then lowered to TOSA."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.extras import require_package
from chipsmith.frontends.pytorch import FRONT_END
from chipsmith.frontends.pytorch.eager import EagerModel, to_int32_tensor
from chipsmith.frontends.pytorch.executorch import convert_trained, prepare_training
from chipsmith.frontends.pytorch.exported import ModuleCall, export_module
from chipsmith.frontends.pytorch.trained import lower_trained
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.tosa.graph import Array

if TYPE_CHECKING:
    import torch
    from torch.export import ExportedProgram

_PACKAGES = ("torch", "executorch", "torchao")


def quantisation_aware(
    module: torch.nn.Module, calibration: Sequence[Array], *, batch_size: int, name: str = "network"
) -> torch.nn.Module:
    """A module of fake-quantised weights and activations with the weights of `module`, which stays as it is.

    It takes the inputs of `module` in any number of rows and gives one tensor; inside it works on `batch_size` rows at
    a time, on single rows where PyTorch takes these apart otherwise (attention of several heads): that is slow.
    `calibration` has one array for each input, with rows along axis 0: the ranges of activations begin there.
    In training mode the ranges follow the activations, in evaluation mode they stay. Dropout is off, and batch
    normalisation folded into the weights. Raises as lower_module does.
    """
    for package in _PACKAGES:
        require_package(package, extra=FRONT_END.extra, task=f"train '{name}' with its quantisation")
    source = copy.deepcopy(module).eval()
    prepared, values = _prepare_rows(source, calibration, batch_size=batch_size, name=name)
    aware: torch.nn.Module = _define_module()(prepared, source, values, name)
    aware.train()
    for batch in zip(*(np.array_split(array, max(1, len(array) // batch_size)) for array in calibration), strict=True):
        aware(*map(to_int32_tensor, batch))
    return aware.eval()


def lower_quantised(trained: torch.nn.Module) -> QuantizedNetwork:
    """The int8 graph, for one row, of a module of `quantisation_aware` after its training; it can be trained further.

    The scales are those of the training. Raises BadInput for any other module, OperatorRefused as lower_module does.
    """
    if not hasattr(trained, "quantised_source"):
        raise BadInput(f"{type(trained).__name__} is no module of quantisation_aware: lower it with lower_module")
    source, calibration, name = trained.quantised_source
    examples = [rows[:1] for rows in calibration]
    program, prepared = _prepare(source, examples, name)
    prepared.load_state_dict(trained.network.state_dict())
    kept = copy.deepcopy(trained).eval()
    return lower_trained(
        convert_trained(prepared, name),
        _make_call(examples),
        author=program,
        source=EagerModel(build=lambda: kept, call=_make_call(calibration)),
        calibration=calibration,
        name=name,
    )


def _prepare_rows(
    source: torch.nn.Module, calibration: Sequence[Array], *, batch_size: int, name: str
) -> tuple[torch.nn.Module, list[Array]]:
    """The network for training, and inputs of as many rows as it takes: its state must fit the network of one row."""
    rows = {size: [_resize(array, size) for array in calibration] for size in (batch_size, 1)}
    networks = {size: _prepare(source, values, name)[1] for size, values in rows.items()}
    alike = networks[batch_size].state_dict().keys() == networks[1].state_dict().keys()
    size = batch_size if alike else 1
    return networks[size], rows[size]


def _prepare(source: torch.nn.Module, rows: Sequence[Array], name: str) -> tuple[ExportedProgram, torch.nn.Module]:
    exported = export_module(copy.deepcopy(source), _make_call(rows), name)
    return exported, prepare_training(exported, name)


def _make_call(rows: Sequence[Array]) -> ModuleCall:
    return ModuleCall(positional=tuple(map(to_int32_tensor, rows)))


def _resize(array: Array, rows: int) -> Array:
    return np.resize(array, (rows, *array.shape[1:]))


def _define_module() -> Any:
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
            parts = zip(*(tensor.split(size) for tensor in inputs), strict=True)
            return torch.cat([self._padded(part, size) for part in parts])

        def train(self, mode: bool = True) -> QuantisationAware:
            self.training = mode
            self.network.apply(enable_observer if mode else disable_observer)
            return self

        def _padded(self, inputs: tuple[torch.Tensor, ...], size: int) -> torch.Tensor:
            """The exported network has one batch size: rows are repeated up to it, and their outputs dropped."""
            rows = len(inputs[0])
            chosen = torch.arange(size) % rows
            outputs: torch.Tensor = self.network(*(tensor[chosen] for tensor in inputs))
            return outputs[:rows]

    return QuantisationAware
