"""From a PyTorch module to a QuantizedNetwork: exported, lowered in float, quantised over a calibration."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chipsmith.errors import BadInput
from chipsmith.frontends.layout import Border
from chipsmith.frontends.pytorch import FRONT_END
from chipsmith.frontends.pytorch.eager import EagerModel
from chipsmith.frontends.pytorch.exported import ModuleCall, export_module
from chipsmith.frontends.pytorch.float_network import build_float_network
from chipsmith.frontends.pytorch.functional import make_functional
from chipsmith.frontends.quantise import quantise_network
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.quantisation.network import FloatNetwork
from chipsmith.quantisation.settings import QuantisationSettings
from chipsmith.tosa.graph import Array

if TYPE_CHECKING:
    import torch

_DEFAULTS = QuantisationSettings()


@dataclass(frozen=True, kw_only=True, eq=False)
class FloatModule:
    """A module as a float network, and the module itself, unchanged, as its source."""

    network: FloatNetwork
    source: EagerModel


def read_module(module: torch.nn.Module, call: ModuleCall, *, name: str) -> FloatModule:
    """The float network of a module in evaluation mode, for arguments of the shapes and types of `call`.

    `module` stays as it is. Raises BadInput where PyTorch cannot export it or the `torch` extra is missing, and
    OperatorRefused, with the module and line that call it, for an operator without a counterpart on the chip.
    """
    FRONT_END.require(f"lower '{name}'")
    kept = _copy(module, name)
    program = make_functional(export_module(kept, call, name))
    network = build_float_network(program, name=name)
    return FloatModule(network=network, source=EagerModel(build=lambda: kept, call=call, program=program))


def lower_module(
    module: torch.nn.Module,
    example_inputs: tuple[torch.Tensor, ...],
    calibration: Sequence[Array],
    *,
    name: str = "network",
    settings: QuantisationSettings = _DEFAULTS,
    border: Border = Border.HOST,
) -> QuantizedNetwork:
    """Quantise `module`, in evaluation mode, to int8 after training.

    `example_inputs` fix the shapes, batch included, and types. `calibration` holds one array for each input, in the
    module's own layout, with any number of batches along axis 0: the ranges of activations are chosen over them as
    `settings` say. `border` as in LoadOptions. `module` stays as it is. Raises as read_module, and BadInput where
    the calibration does not fit.
    """
    read = read_module(module, ModuleCall(positional=example_inputs), name=name)
    return quantise_network(read.network, calibration, source=read.source, settings=settings, border=border)


def _copy(module: torch.nn.Module, name: str) -> torch.nn.Module:
    try:
        return copy.deepcopy(module).eval()
    except Exception as error:  # whatever a user's module raises
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise BadInput(f"'{name}' cannot be copied: {reason}; make its tensors parameters or buffers") from error
