"""A torch.nn.Module, or a function that returns one, and its calibration to a QuantizedNetwork."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from typing import TYPE_CHECKING

from chipsmith.errors import BadInput
from chipsmith.frontends.calibration import CalibrationSource, missing_calibration, read_calibration
from chipsmith.frontends.options import DEFAULT_OPTIONS, LoadOptions
from chipsmith.frontends.pytorch.exported import ModuleCall
from chipsmith.frontends.pytorch.network import FloatModule, read_module
from chipsmith.frontends.pytorch.time_axis import find_time_inputs
from chipsmith.frontends.pytorch.user_module import build_module, importable_here, split_name
from chipsmith.frontends.quantise import quantise_network
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.tosa.builder import Shape
from chipsmith.tosa.graph import Array

if TYPE_CHECKING:
    import torch


def load_pytorch(
    model: str | torch.nn.Module,
    calibration: CalibrationSource | None = None,
    options: LoadOptions = DEFAULT_OPTIONS,
) -> QuantizedNetwork:
    """A torch.nn.Module, or the one that the function `package.module:function` returns, quantised and lowered.

    The current directory can be imported from. `calibration` has inputs of the module along its first axis, in the
    module's own layout (NCHW for images) and scale; for several inputs arrays by the names of the arguments of
    `forward`. A call takes one of them, or what the shapes of `options` say. Raises BadInput and OperatorRefused as
    read_module does.
    """
    name = model if isinstance(model, str) else type(model).__name__
    if calibration is None:
        raise missing_calibration(name, layout=" (NCHW floats for images)")
    module = _find_module(model)
    columns = _name_columns(read_calibration(calibration), module)
    with importable_here(), redirect_stdout(sys.stderr):
        read = read_module(module, _make_call(module, columns, options.shapes), name=name)
        _refuse_open_time(read, options.shapes)
        return quantise_network(
            read.network,
            tuple(columns.values()),
            source=read.source,
            settings=options.quantisation,
            border=options.border,
        )


def _find_module(model: str | torch.nn.Module) -> torch.nn.Module:
    if not isinstance(model, str):
        return model
    split_name(model)
    return build_module(model, {})


def _name_columns(arrays: Array | Mapping[str, Array], module: torch.nn.Module) -> dict[str, Array]:
    """The calibration by the names of the arguments of `forward`, in their order."""
    parameters = list(inspect.signature(module.forward).parameters)
    if not isinstance(arrays, Mapping):
        return {parameters[0] if parameters else "": arrays}
    unknown = sorted(set(arrays) - set(parameters))
    if unknown:
        raise BadInput(
            f"the calibration holds '{unknown[0]}', which is no argument of {type(module).__name__}.forward; its "
            f"arguments are {', '.join(parameters)}"
        )
    return {name: arrays[name] for name in parameters if name in arrays}


def _make_call(module: torch.nn.Module, columns: Mapping[str, Array], shapes: Mapping[str, Shape]) -> ModuleCall:
    """The arguments of a single inference, of the first inputs of the calibration."""
    unknown = sorted(set(shapes) - set(columns))
    if unknown:
        raise BadInput(f"there is no input '{unknown[0]}' to give a shape to; there are {', '.join(columns)}")
    examples = {name: _take_first(name, column, shapes.get(name), module) for name, column in columns.items()}
    kinds = [inspect.signature(module.forward).parameters[name].kind for name in examples]
    if inspect.Parameter.VAR_POSITIONAL in kinds:
        return ModuleCall(positional=tuple(examples.values()))
    return ModuleCall(named=examples)


def _take_first(name: str, column: Array, shape: Shape | None, module: torch.nn.Module) -> torch.Tensor:
    """An example of an input, of batch 1 unless its shape is given; floats are of the module's own type."""
    import torch

    wanted = (1, *column.shape[1:]) if shape is None else shape
    count = wanted[0] if wanted and column.shape[1:] == wanted[1:] else 1
    example = torch.tensor(column[:count])
    if example.numel() != torch.Size(wanted).numel():
        raise BadInput(f"the calibration of '{name}', {list(column.shape)}, holds no input of shape {list(wanted)}")
    return example.reshape(wanted).to(_float_type(module)) if example.is_floating_point() else example.reshape(wanted)


def _float_type(module: torch.nn.Module) -> torch.dtype:
    """The type of the module's first weights, which its inputs have too."""
    import torch

    types = (parameter.dtype for parameter in module.parameters() if parameter.is_floating_point())
    return next(types, torch.float32)


def _refuse_open_time(read: FloatModule, shapes: Mapping[str, Shape]) -> None:
    """An input whose first axis is time must have its length from the user: a calibration only counts along it."""
    assert read.source.program is not None
    for name, layer in find_time_inputs(read.source.program).items():
        if name not in shapes:
            size = "x".join(map(str, next(port.shape for port in read.network.inputs if port.name == name)[1:]))
            raise BadInput(
                f"the first axis of '{name}' is time, along which '{layer}' goes (batch_first=False), not the batch; "
                f"say its length with --shape {name}=STEPSx{size}"
            )
