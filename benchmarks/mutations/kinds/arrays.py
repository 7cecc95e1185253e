"""Arrays: `.npy` and `.npz` files as inputs of a program."""

from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from chipsmith.flow.arrays import read_inputs
from chipsmith.sim.functional import execute
from mutations.kinds.networks import small_program
from mutations.mutators import Mutate, mutate_bytes, mutate_members
from mutations.target import Target

_WORDS = (b"'<i8'", b"'|O'", b"'<f4'", b"'|b1'", b"'<M8[s]'", b"'<U999999999'", b"[('a','<i4')]", b"'|V0'")
_SHAPES = (
    b"(-1,)",
    b"(9999999999,)",
    b"()",
    b"(1, 28, 28)",
    b"(1, 28, 28, 1, 1)",
    b"(2, 28, 28, 1)",
    b"(0, 28, 28, 1)",
)


def npy(_: Path) -> Target:
    """An `.npy` file that a program executes."""
    return _target("x.npy", _npy(_input()), mutate_npy)


def npz(_: Path) -> Target:
    """An `.npz` file that a program executes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(f"{_port().name}.npy", _npy(_input()))
    return _target("x.npz", buffer.getvalue(), mutate_members(lambda rng, _, data: mutate_npy(rng, data)))


def _target(file: str, sample: bytes, mutate: Mutate) -> Target:
    program = small_program()
    return Target(
        file=file,
        samples=[sample],
        mutate=mutate,
        parse=lambda path: read_inputs(path, program.manifest.inputs),
        use=lambda arrays: execute(program, arrays),
    )


def _port() -> Any:
    return small_program().manifest.inputs[0]


def _input() -> np.ndarray[Any, Any]:
    port = _port()
    return np.random.default_rng(0).integers(-9, 9, (3, *port.shape[1:])).astype(port.dtype)


def _npy(array: np.ndarray[Any, Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def mutate_npy(rng: random.Random, data: bytes) -> bytes:
    """Another type or shape in the header, other data, or any bytes."""
    kind = rng.random()
    size = 10 + int.from_bytes(data[8:10], "little")
    if kind < 0.35:
        return _with_header(rng, data)
    if kind < 0.55:
        return data[:size] + bytes(rng.randbytes(len(data) - size))
    if kind < 0.7:
        return mutate_bytes(rng, data[:size])[:size] + data[size:]
    return mutate_bytes(rng, data)


def _with_header(rng: random.Random, data: bytes) -> bytes:
    old, new = rng.choice(
        [(b"'|i1'", word) for word in _WORDS]
        + [(data[data.index(b"(") : data.index(b")") + 1], shape) for shape in _SHAPES]
        + [(b"False", word) for word in (b"True", b"None", b"1/0", b"__import__('os')")]
    )
    size = 10 + int.from_bytes(data[8:10], "little")
    header = data[10:size].replace(old, new)
    return data[:8] + len(header).to_bytes(2, "little") + header + data[size:]
