"""One door for every form of network: a `.tosa`, int8 `.tflite` or `.onnx` file, or a function of a Python module."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.files import read_arrays
from chipsmith.frontends.pytorch.user_module import build_module, importable_here, split_name
from chipsmith.frontends.tflite.network import read_tflite
from chipsmith.tosa.file import read_tosa
from chipsmith.tosa.graph import Array, Graph

if TYPE_CHECKING:
    import torch

    from chipsmith.frontends.onnx.model import OnnxModel, Shapes
    from chipsmith.frontends.onnx.network import OnnxNetwork
    from chipsmith.frontends.pytorch.network import LoweredNetwork

_READERS = {".tosa": read_tosa, ".tflite": read_tflite}


def load_graph(model: str, calibration: str | os.PathLike[str] | None = None) -> Graph:
    """The network that `model` names: a `.tosa`, int8 `.tflite` or `.onnx` file, or `package.module:function`.

    `calibration` is for float networks alone; see load_network and load_onnx. Raises BadInput where the name, a file
    or the function does not fit, OperatorRefused where an operator or type is outside of what Chipsmith holds.
    """
    if is_onnx(model):
        return load_onnx(model, calibration).graph
    reader = _READERS.get(Path(model).suffix.lower())
    if reader is None:
        return load_network(model, calibration).graph
    if calibration is not None:
        raise BadInput(f"{model} is quantised already: leave --calibration out")
    return reader(model)


def is_onnx(model: str) -> bool:
    """Whether the name is that of an ONNX file."""
    return Path(model).suffix.lower() == ".onnx"


def load_onnx(model: str, calibration: str | os.PathLike[str] | None) -> OnnxNetwork:
    """The network of an `.onnx` file: a QDQ network with its own scales, a float one quantised by its calibration.

    `calibration` is an `.npy` file with inputs along its first axis, as the network takes them; for several inputs an
    `.npz` file keyed by their names. It fixes sizes that the file leaves open. Raises BadInput and OperatorRefused as
    read_model, quantise and lower_network do.
    """
    from chipsmith.frontends.onnx.model import read_model
    from chipsmith.frontends.onnx.network import lower_network
    from chipsmith.frontends.onnx.quantise import quantise

    if calibration is None:
        network = read_model(model)
        if not network.quantised:
            raise BadInput(
                f"{model} is a float network and needs --calibration x.npy: some hundred inputs as the network takes "
                "them, from which the int8 ranges are chosen"
            )
        return lower_network(network)
    network, columns = read_columns(model, calibration)
    if network.quantised:
        raise BadInput(f"{model} is quantised already: leave --calibration out")
    return lower_network(*quantise(network, columns))


def read_columns(model: str, calibration: str | os.PathLike[str]) -> tuple[OnnxModel, list[Array]]:
    """The network of an `.onnx` file and one array for each of its inputs, whose shapes fix what the file leaves open.

    Raises BadInput as load_onnx does.
    """
    from chipsmith.frontends.onnx.model import read_model

    loaded = read_arrays(calibration)
    network = read_model(model, _shapes(loaded))
    names = [port.name for port in network.inputs]
    return network, _onnx_columns(loaded, names, Path(calibration))


def _shapes(loaded: Array | dict[str, Array]) -> Shapes:
    """Shapes of inputs, in their order or by name."""
    return {name: array.shape for name, array in loaded.items()} if isinstance(loaded, dict) else (loaded.shape,)


def _onnx_columns(loaded: Array | dict[str, Array], names: Sequence[str], file: Path) -> list[Array]:
    if not isinstance(loaded, dict):
        return [_as_input(loaded, file)]
    if set(loaded) != set(names):
        raise BadInput(f"{file} holds {', '.join(sorted(loaded))} where the inputs {', '.join(names)} belong")
    return [_as_input(loaded[name], file) for name in names]


def load_network(model: str, calibration: str | os.PathLike[str] | None) -> LoweredNetwork:
    """The torch.nn.Module that the function `package.module:function` returns, quantised and lowered.

    The current directory can be imported from. `calibration` is an `.npy` file with inputs of the module along
    its first axis, in the module's own layout (NCHW for images) and scale; for several inputs an `.npz` file keyed
    by the names of the arguments of `forward`. Raises BadInput and OperatorRefused as lower_module does.
    """
    from chipsmith.frontends.pytorch.network import lower_module

    network, columns = load_module(model, calibration)
    with importable_here(), redirect_stdout(sys.stderr):
        return lower_module(network, _first_of(columns), columns, name=model)


def load_module(model: str, calibration: str | os.PathLike[str] | None) -> tuple[torch.nn.Module, tuple[Array, ...]]:
    """The float module of `package.module:function`, and its calibration, one array for each argument of `forward`."""
    split_name(model)
    if calibration is None:
        raise BadInput(
            f"{model} is a float network and needs --calibration x.npy: some hundred inputs as the network takes "
            "them (NCHW floats for images), from which the int8 ranges are chosen"
        )
    network = build_module(model, {})
    return network, _read_calibration(Path(calibration), network)


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
