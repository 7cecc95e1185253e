"""A TensorFlow Lite file run by LiteRT."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from chipsmith.tosa.graph import Array


@dataclass(frozen=True, kw_only=True, eq=False)
class LiteRtModel:
    """A `.tflite` file, run by LiteRT's reference kernels (its default kernels round otherwise)."""

    file: Path

    @property
    def framework(self) -> str:
        """LiteRT and its version."""
        return f"LiteRT {version('ai-edge-litert')}, reference kernels"

    def run(self, *inputs: Array) -> tuple[Array, ...]:
        """The outputs as the file has them, batches along axis 0, for inputs with any number of batches.

        They run in order, and the network's states begin anew with each call of this function.
        """
        interpreter = open_interpreter(self.file.read_bytes())
        ports = interpreter.get_input_details()
        columns = [
            array.reshape(-1, *port["shape"]).astype(port["dtype"]) for array, port in zip(inputs, ports, strict=True)
        ]
        calls = [_call(interpreter, batch) for batch in zip(*columns, strict=True)]
        return tuple(np.concatenate(parts) for parts in zip(*calls, strict=True))


def open_interpreter(data: bytes) -> Any:
    """LiteRT's interpreter of a file's bytes, with its reference kernels, ready for inputs.

    Raises RuntimeError or ValueError where LiteRT does not run the file.
    """
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(model_content=data, experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    interpreter.allocate_tensors()
    return interpreter


def _call(interpreter: Any, batch: tuple[Array, ...]) -> list[Array]:
    for port, array in zip(interpreter.get_input_details(), batch, strict=True):
        interpreter.set_tensor(port["index"], array)
    interpreter.invoke()
    return [np.atleast_1d(interpreter.get_tensor(port["index"])) for port in interpreter.get_output_details()]
