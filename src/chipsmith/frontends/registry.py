"""The door to all front ends: a network by the name that a user gives, read by the front end whose form it has."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import TYPE_CHECKING

from chipsmith import frontends
from chipsmith.errors import BadInput
from chipsmith.frontends.calibration import CalibrationSource, draw_inputs
from chipsmith.frontends.front_end import FrontEnd, names_function
from chipsmith.frontends.options import DEFAULT_OPTIONS, LoadOptions

if TYPE_CHECKING:
    from chipsmith.frontends.quantized_network import QuantizedNetwork


def list_front_ends() -> tuple[FrontEnd, ...]:
    """The rows of the folders beside this file that have one: those of the base install first, then by name."""
    names = [module.name for module in pkgutil.iter_modules(frontends.__path__) if module.ispkg]
    folders = [vars(importlib.import_module(f"{frontends.__name__}.{name}")) for name in names]
    rows: list[FrontEnd] = [folder["FRONT_END"] for folder in folders if "FRONT_END" in folder]
    return tuple(sorted(rows, key=lambda row: (row.extra is not None, row.name)))


def front_end_of(model: str) -> FrontEnd:
    """The front end that reads a file with the ending of `model`, or a name of the form `package.module:function`.

    Raises BadInput for any other name.
    """
    suffix, rows = Path(model).suffix.lower(), list_front_ends()
    for row in rows:
        if suffix in row.suffixes or (not row.suffixes and names_function(model)):
            return row
    files = [row.form for row in rows if row.suffixes]
    functions = [row.form for row in rows if not row.suffixes]
    given = f"a {', '.join(files[:-1])} or {files[-1]} file"
    raise BadInput(f"'{model}' names no network: give {', or '.join([given, *functions])}")


def load_model(
    model: str, calibration: CalibrationSource | None = None, options: LoadOptions = DEFAULT_OPTIONS
) -> QuantizedNetwork:
    """The network that `model` names: a file of a known ending, or `package.module:function` of a torch.nn.Module.

    `calibration` is a float network's typical inputs: an array or, for several inputs, arrays by their names, or the
    `.npy` or `.npz` file of such. Raises BadInput where the name, a file or the function does not fit, OperatorRefused
    where an operator or type is outside of what Chipsmith takes.
    """
    return front_end_of(model).load(model, calibration, options)


def load_random(model: str, options: LoadOptions = DEFAULT_OPTIONS) -> QuantizedNetwork:
    """The float network that `model` names, its ranges chosen on random inputs: no result of it means anything.

    Raises as load_model, and BadInput for a network that does not itself say what its inputs are.
    """
    row = front_end_of(model)
    return row.load(model, draw_inputs(row.list_inputs(model)), options)
