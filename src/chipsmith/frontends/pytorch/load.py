"""A function that returns a torch.nn.Module, and its calibration, to a QuantizedNetwork."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from typing import TYPE_CHECKING

from chipsmith.errors import BadInput
from chipsmith.frontends.calibration import CalibrationSource, missing_calibration, read_calibration
from chipsmith.frontends.options import DEFAULT_OPTIONS, LoadOptions
from chipsmith.frontends.pytorch.network import lower_module
from chipsmith.frontends.pytorch.user_module import build_module, importable_here, split_name
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.tosa.graph import Array

if TYPE_CHECKING:
    import torch


def load_pytorch(
    model: str, calibration: CalibrationSource | None = None, _options: LoadOptions = DEFAULT_OPTIONS
) -> QuantizedNetwork:
    """The torch.nn.Module that the function `package.module:function` returns, quantised and lowered.

    The current directory can be imported from. `calibration` is an `.npy` file with inputs of the module along
    its first axis, in the module's own layout (NCHW for images) and scale; for several inputs an `.npz` file keyed
    by the names of the arguments of `forward`. Raises BadInput and OperatorRefused as lower_module does.
    """
    module, columns = load_module(model, calibration)
    with importable_here(), redirect_stdout(sys.stderr):
        return lower_module(module, _take_first(columns), columns, name=model)


def load_module(model: str, calibration: CalibrationSource | None) -> tuple[torch.nn.Module, tuple[Array, ...]]:
    """The float module of `package.module:function`, and its calibration, one array for each argument of `forward`."""
    split_name(model)
    if calibration is None:
        raise missing_calibration(model, layout=" (NCHW floats for images)")
    module = build_module(model, {})
    return module, _order(read_calibration(calibration), module)


def _order(arrays: Array | Mapping[str, Array], module: torch.nn.Module) -> tuple[Array, ...]:
    if not isinstance(arrays, Mapping):
        return (arrays,)
    parameters = inspect.signature(module.forward).parameters
    unknown = sorted(set(arrays) - set(parameters))
    if unknown:
        message = f"the calibration holds '{unknown[0]}', which is no argument of {type(module).__name__}.forward"
        raise BadInput(f"{message}; its arguments are {', '.join(parameters)}")
    return tuple(arrays[name] for name in parameters if name in arrays)


def _take_first(columns: tuple[Array, ...]) -> tuple[torch.Tensor, ...]:
    """Example inputs of batch 1."""
    import torch

    return tuple(torch.from_numpy(column[:1].copy()) for column in columns)
