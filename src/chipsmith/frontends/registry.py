"""The door to all front ends: a network by the name that a user gives, read by the front end whose form it has."""

from __future__ import annotations

import importlib
import os
import pkgutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from chipsmith import frontends
from chipsmith.errors import BadInput
from chipsmith.frontends.calibration import CalibrationSource, draw_inputs, needless_calibration
from chipsmith.frontends.front_end import FrontEnd, names_function
from chipsmith.frontends.options import DEFAULT_OPTIONS, LoadOptions
from chipsmith.frontends.quantized_io import AuthorTensor

if TYPE_CHECKING:
    from chipsmith.frontends.quantized_network import QuantizedNetwork


def list_front_ends() -> tuple[FrontEnd, ...]:
    """The rows of the folders beside this file that have one: those of the base install first, then by name."""
    names = [module.name for module in pkgutil.iter_modules(frontends.__path__) if module.ispkg]
    folders = [vars(importlib.import_module(f"{frontends.__name__}.{name}")) for name in names]
    rows: list[FrontEnd] = [folder["FRONT_END"] for folder in folders if "FRONT_END" in folder]
    return tuple(sorted(rows, key=lambda row: (row.extra is not None, row.name)))


def front_end_of(model: object) -> FrontEnd:
    """The front end of a file with the ending of `model`, of a name `package.module:function`, or of a live module.

    Raises BadInput for anything else.
    """
    rows = list_front_ends()
    for row in rows:
        if row.takes(model) or (isinstance(model, str | os.PathLike) and _reads(row, str(model))):
            return row
    files = [row.form for row in rows if row.suffixes]
    functions = [row.form for row in rows if not row.suffixes]
    given = f"a {', '.join(files[:-1])} or {files[-1]} file"
    raise BadInput(f"{_call(model)} no network: give {', or '.join([given, *functions])}")


def _reads(row: FrontEnd, model: str) -> bool:
    return Path(model).suffix.lower() in row.suffixes or (not row.suffixes and names_function(model))


def _call(model: object) -> str:
    return f"'{model}' names" if isinstance(model, str | os.PathLike) else f"a {type(model).__name__} is"


def name_model(model: object) -> str:
    """What a network is called in messages: its name, its graph's, or its class where it is given itself."""
    if isinstance(model, str | os.PathLike):
        return str(model)
    ready = _as_ready(model)
    return type(model).__name__ if ready is None else ready.graph.name


def list_model_inputs(model: object, options: LoadOptions) -> tuple[AuthorTensor, ...]:
    """What the inputs of a network are, as it says itself and `options` say: float32 where these alone do.

    Raises BadInput where neither says.
    """
    row, shapes = front_end_of(model), options.shapes
    if not row.sampler and shapes:
        return tuple(AuthorTensor(name=name, dtype=np.dtype("float32"), shape=shape) for name, shape in shapes.items())
    return row.list_inputs(name_model(model), options)


def load_model(
    model: object, calibration: CalibrationSource | None = None, options: LoadOptions = DEFAULT_OPTIONS
) -> QuantizedNetwork:
    """The network that `model` names or is: a file of a known ending, `package.module:function` of a torch.nn.Module,
    such a module, a Graph, or a QuantizedNetwork, which is given back.

    `calibration` is a float network's typical inputs: an array or, for several inputs, arrays by their names, or the
    `.npy` or `.npz` file of such. Raises BadInput where the name, a file or the function does not fit, OperatorRefused
    where an operator or type is outside of what Chipsmith takes.
    """
    ready = _as_ready(model)
    if ready is not None:
        if calibration is not None:
            raise needless_calibration(f"the network {ready.graph.name}")
        return ready
    row = front_end_of(model)
    return row.load(str(model) if isinstance(model, os.PathLike) else model, calibration, options)


def _as_ready(model: object) -> QuantizedNetwork | None:
    """The network itself where it is one: there is nothing to read."""
    if isinstance(model, str | os.PathLike):
        return None
    from chipsmith.frontends.quantized_network import QuantizedNetwork

    return model if isinstance(model, QuantizedNetwork) else None


def load_random(model: object, options: LoadOptions = DEFAULT_OPTIONS) -> QuantizedNetwork:
    """The float network that `model` names, its ranges chosen on random inputs: no result of it means anything.

    Raises as load_model, and BadInput for a network that does not itself say what its inputs are.
    """
    if _as_ready(model) is not None:
        raise needless_calibration(name_model(model))
    return load_model(model, draw_inputs(list_model_inputs(model, options)), options)
