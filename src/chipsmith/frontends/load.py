"""One door for every form of network: a `.tosa` file, an int8 `.tflite` file, or a function of a Python module."""

from __future__ import annotations

import difflib
import importlib
import inspect
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.files import read_arrays
from chipsmith.frontends.pytorch import LoweredNetwork, lower_module
from chipsmith.frontends.tflite import read_tflite
from chipsmith.tosa.file import read_tosa
from chipsmith.tosa.graph import Array, Graph

if TYPE_CHECKING:
    import torch

_READERS = {".tosa": read_tosa, ".tflite": read_tflite}


def load_graph(model: str, calibration: str | os.PathLike[str] | None = None) -> Graph:
    """The network that `model` names: a `.tosa` or int8 `.tflite` file, or `package.module:function`.

    `calibration` is for a function alone; see load_network. Raises BadInput where the name, a file or the
    function does not fit, OperatorRefused where an operator or type is outside of what Chipsmith holds.
    """
    reader = _READERS.get(Path(model).suffix.lower())
    if reader is None:
        return load_network(model, calibration).graph
    if calibration is not None:
        raise BadInput(f"{model} is quantised already: leave --calibration out")
    return reader(model)


def load_network(model: str, calibration: str | os.PathLike[str] | None) -> LoweredNetwork:
    """The torch.nn.Module that the function `package.module:function` returns, quantised and lowered.

    The current directory can be imported from. `calibration` is an `.npy` file with inputs of the module along
    its first axis, in the module's own layout (NCHW for images) and scale; for several inputs an `.npz` file keyed
    by the names of the arguments of `forward`. Raises BadInput and OperatorRefused as lower_module does.
    """
    module_name, function = _split(model)
    if calibration is None:
        raise BadInput(
            f"{model} is a float network and needs --calibration x.npy: some hundred inputs as the network takes "
            "them (NCHW floats for images), from which the int8 ranges are chosen"
        )
    if find_spec("torch") is None:
        raise BadInput(f"cannot build {model}: torch is not installed; mend: pip install 'chipsmith[torch]'")
    with _importable_here(), redirect_stdout(sys.stderr):
        network = _build(_import(module_name), function, model)
        columns = _read_calibration(Path(calibration), network)
        return lower_module(network, _first_of(columns), columns, name=model)


def _split(model: str) -> tuple[str, str]:
    module_name, separator, function = model.partition(":")
    names = (*module_name.split("."), *function.split("."))
    if not separator or not all(name.isidentifier() for name in names):
        raise BadInput(
            f"'{model}' names no network: give a .tosa file, an int8 .tflite file, or package.module:function "
            "where the function returns a torch.nn.Module"
        )
    return module_name, function


@contextmanager
def _importable_here() -> Iterator[None]:
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        yield
    finally:
        if here in sys.path:
            sys.path.remove(here)


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not (name == error.name or name.startswith(f"{error.name}.")):
            raise BadInput(f"cannot import {name}: it needs the module '{error.name}', which is missing") from error
        message = f"there is no module '{error.name}' here or among the installed packages"
        raise BadInput(f"cannot import {name}: {message}; run in the folder that holds it") from error
    except Exception as error:  # whatever a user's module raises
        raise BadInput(f"cannot import {name}: it raised {_told(error)}") from error


def _build(module: ModuleType, function: str, model: str) -> torch.nn.Module:
    import torch

    build = _attribute(module, function, model)
    if isinstance(build, torch.nn.Module):
        return build
    if not callable(build):
        raise BadInput(f"{model} is a {type(build).__name__}; it must be a function that returns a torch.nn.Module")
    try:
        network = build()
    except Exception as error:  # whatever a user's function raises
        raise BadInput(f"{model} raised {_told(error)}; it is called without arguments") from error
    if not isinstance(network, torch.nn.Module):
        raise BadInput(f"{model} returned a {type(network).__name__}; it must return a torch.nn.Module")
    return network


def _attribute(module: ModuleType, function: str, model: str) -> object:
    value: object = module
    for name in function.split("."):
        if not hasattr(value, name):
            raise BadInput(f"{model}: '{name}' is not in {module.__name__}{_nearest(name, value)}")
        value = getattr(value, name)
    return value


def _nearest(name: str, holder: object) -> str:
    known = [item for item in vars(holder) if not item.startswith("_")] if hasattr(holder, "__dict__") else []
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean '{near[0]}'?" if near else f", which has {', '.join(sorted(known)[:10]) or 'no names'}"


def _told(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def _read_calibration(file: Path, network: torch.nn.Module) -> tuple[Array, ...]:
    loaded = read_arrays(file)
    arrays = _ordered(loaded, file, network) if isinstance(loaded, dict) else (loaded,)
    return tuple(_as_input(array, file) for array in arrays)


def _ordered(archive: dict[str, Array], file: Path, network: torch.nn.Module) -> tuple[Array, ...]:
    arguments = [name for name in inspect.signature(network.forward).parameters if name in archive]
    unknown = sorted(set(archive) - set(arguments))
    if unknown:
        message = f"{file} holds '{unknown[0]}', which is no argument of {type(network).__name__}.forward"
        raise BadInput(f"{message}; its arguments are {', '.join(inspect.signature(network.forward).parameters)}")
    return tuple(archive[name] for name in arguments)


def _as_input(array: Array, file: Path) -> Array:
    """Floats as float32, integers as int32: the types that a graph's host side holds."""
    if array.ndim == 0 or len(array) == 0:
        raise BadInput(f"{file} holds no inputs: the first axis of {list(array.shape)} counts them")
    if array.dtype.kind in "iub":
        return array.astype(np.int32)
    if array.dtype.kind != "f" or not np.isfinite(array).all():
        raise BadInput(f"{file} must hold finite numbers, and holds {array.dtype} with others among them")
    return array.astype(np.float32)


def _first_of(columns: tuple[Array, ...]) -> tuple[torch.Tensor, ...]:
    """Example inputs of batch 1."""
    import torch

    return tuple(torch.from_numpy(column[:1].copy()) for column in columns)
