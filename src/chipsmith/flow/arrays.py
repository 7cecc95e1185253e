"""Inputs and outputs of a Program as `.npy` and `.npz` files; never a pickle, never half a file."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.files import read_arrays, write_arrays, write_whole
from chipsmith.program.program import Port
from chipsmith.tosa.graph import Array


def read_inputs(path: Path, ports: Sequence[Port]) -> dict[str, Array]:
    """The arrays of a file by port name: `.npy` for a Program with one input, `.npz` keyed by name for any.

    Raises BadInput where the file is missing, damaged or not what the ports ask; shapes are the simulator's question.
    """
    loaded = read_arrays(path)
    return loaded if isinstance(loaded, dict) else name_inputs(loaded, ports, origin=f"{path} holds one array")


def name_inputs(array: Array, ports: Sequence[Port], *, origin: str) -> dict[str, Array]:
    """The array as that of the only port; `origin` says where it comes from. Raises BadInput where there are more."""
    if len(ports) != 1:
        names = ", ".join(port.name for port in ports)
        raise BadInput(f"{origin} and the program has {len(ports)} inputs; give an .npz keyed by {names}")
    return {ports[0].name: array}


def fit_integers(arrays: Mapping[str, Array], ports: Sequence[Port]) -> dict[str, Array]:
    """The arrays by port name, integers in the port's type where that holds all of them; others stay as they are."""
    types = {port.name: np.dtype(port.dtype) for port in ports}
    return {name: _fit(array, types.get(name)) for name, array in arrays.items()}


def _fit(array: Array, dtype: np.dtype[np.generic] | None) -> Array:
    if dtype is None or dtype == array.dtype or not array.size or {array.dtype.kind, dtype.kind} - set("iu"):
        return array
    limits = np.iinfo(str(dtype))
    return array.astype(dtype) if limits.min <= array.min() and array.max() <= limits.max else array


def check_output(path: Path, names: Sequence[str]) -> None:
    """Raise BadInput where outputs of these names cannot go to `path`: ask before hours of work, not after."""
    if path.suffix not in (".npy", ".npz"):
        raise BadInput(f"--output {path}: the name must end in .npy (one output) or .npz (any number)")
    if path.suffix == ".npy" and len(names) != 1:
        raise BadInput(f"--output {path}: there are {len(names)} outputs ({', '.join(names)}); end the name in .npz")
    check_folder(path)


def check_folder(path: Path) -> None:
    """Raise BadInput where the folder that `path` is to be written to does not exist."""
    if not path.parent.is_dir():
        raise BadInput(f"cannot write {path}: there is no folder {path.parent}")


def write_outputs(path: Path, outputs: Mapping[str, Array]) -> None:
    """Write the arrays to `path`, whole or not at all: the one array to `.npy`, all by name to `.npz`."""
    if path.suffix == ".npz":
        write_arrays(path, outputs)
        return
    (array,) = outputs.values()
    buffer = io.BytesIO()
    np.save(buffer, array)
    write_whole(path, buffer.getvalue())
