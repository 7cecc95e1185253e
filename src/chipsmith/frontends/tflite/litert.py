"""A TensorFlow Lite file run by LiteRT."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
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

    @property
    def fingerprint(self) -> bytes:
        """The file's bytes."""
        return self.file.read_bytes()

    def run(self, *inputs: Array) -> tuple[Array, ...]:
        """The outputs as the file has them, batches along axis 0, for inputs with any number of batches.

        A state is fresh with each call, and goes on from batch to batch.
        """
        calls = [self._call(batch) for batch in self._split(inputs)]
        return tuple(np.concatenate([np.atleast_1d(part) for part in parts]) for parts in zip(*calls, strict=True))

    def tensors(self, names: Sequence[str], *inputs: Array) -> Mapping[str, Array]:
        """Tensors of the file by their names, (n, *shape) for n batches."""
        ports = {port["name"]: port["index"] for port in self._interpreter.get_tensor_details()}
        known = {name: ports[name] for name in names if name in ports}
        rows = [self._show(batch, known) for batch in self._split(inputs)]
        return {name: np.stack([row[name] for row in rows]) for name in known}

    def _show(self, batch: tuple[Array, ...], indices: Mapping[str, int]) -> dict[str, Array]:
        self._call(batch)
        return {name: self._interpreter.get_tensor(index) for name, index in indices.items()}

    def _split(self, inputs: Sequence[Array]) -> list[tuple[Array, ...]]:
        self._interpreter.reset_all_variables()
        ports = self._interpreter.get_input_details()
        columns = [
            array.reshape(-1, *port["shape"]).astype(port["dtype"]) for array, port in zip(inputs, ports, strict=True)
        ]
        return list(zip(*columns, strict=True))

    def _call(self, batch: tuple[Array, ...]) -> list[Array]:
        interpreter = self._interpreter
        for port, array in zip(interpreter.get_input_details(), batch, strict=True):
            interpreter.set_tensor(port["index"], array)
        interpreter.invoke()
        return [interpreter.get_tensor(port["index"]) for port in interpreter.get_output_details()]

    @cached_property
    def _interpreter(self) -> Any:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        interpreter = Interpreter(
            model_content=self.fingerprint,
            experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
            experimental_preserve_all_tensors=True,
        )
        interpreter.allocate_tensors()
        return interpreter
