"""A TensorFlow Lite file run by LiteRT."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from chipsmith.errors import CheckFailed
from chipsmith.tosa.graph import Array


@dataclass(frozen=True, kw_only=True, eq=False)
class LiteRtModel:
    """A `.tflite` file, run by LiteRT's reference kernels (its default kernels round otherwise)."""

    file: Path

    @property
    def framework(self) -> str:
        """LiteRT and its version."""
        return f"LiteRT {version('ai-edge-litert')}, reference kernels"

    @property
    def fingerprint(self) -> bytes:
        """The file's bytes."""
        return self.file.read_bytes()

    def run(self, *inputs: Array) -> tuple[Array, ...]:
        """The outputs as the file has them, batches along axis 0, for inputs with any number of batches.

        A state is fresh with each call, and goes on from batch to batch. Raises CheckFailed where LiteRT does not run
        the file.
        """
        interpreter = self._open(keep_all=False)
        indices = [port["index"] for port in interpreter.get_output_details()]
        calls = _call_all(interpreter, inputs, indices)
        return tuple(np.concatenate([np.atleast_1d(part) for part in parts]) for parts in zip(*calls, strict=True))

    def tensors(self, names: Sequence[str], *inputs: Array) -> Mapping[str, Array]:
        """Tensors of the file by their names, (n, *shape) for n batches. Raises as run."""
        interpreter = self._open(keep_all=True)
        ports = {port["name"]: port["index"] for port in interpreter.get_tensor_details()}
        known = [name for name in dict.fromkeys(names) if name in ports]
        calls = _call_all(interpreter, inputs, [ports[name] for name in known])
        return {name: np.stack(parts) for name, parts in zip(known, zip(*calls, strict=True), strict=True)}

    def _open(self, *, keep_all: bool) -> Any:
        try:
            return open_interpreter(self.fingerprint, keep_all=keep_all)
        except (RuntimeError, ValueError) as error:
            reason = str(error).strip().splitlines()[0][:200]
            raise CheckFailed(f"LiteRT did not run {self.file}: {reason}") from error


def open_interpreter(data: bytes, *, keep_all: bool = False) -> Any:
    """LiteRT's interpreter of a file's bytes, with its reference kernels, ready for inputs.

    `keep_all` keeps the values of inner tensors. Raises RuntimeError or ValueError where LiteRT does not run the file.
    """
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(
        model_content=data,
        experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
        experimental_preserve_all_tensors=keep_all,
    )
    interpreter.allocate_tensors()
    return interpreter


def _call_all(interpreter: Any, inputs: Sequence[Array], indices: Sequence[int]) -> list[list[Array]]:
    """The tensors of these indices behind each of the inputs' batches, in order."""
    ports = interpreter.get_input_details()
    columns = [
        array.reshape(-1, *port["shape"]).astype(port["dtype"]) for array, port in zip(inputs, ports, strict=True)
    ]
    calls = []
    for batch in zip(*columns, strict=True):
        for port, array in zip(ports, batch, strict=True):
            interpreter.set_tensor(port["index"], array)
        interpreter.invoke()
        calls.append([interpreter.get_tensor(index) for index in indices])
    return calls
