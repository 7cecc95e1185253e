"""An ONNX network run by onnxruntime, as its file is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt

from chipsmith.errors import CheckFailed
from chipsmith.frontends.onnx.model import OnnxModel
from chipsmith.frontends.onnx.session import first_line, open_session, show_tensors
from chipsmith.tosa.graph import Array


@dataclass(frozen=True, kw_only=True, eq=False)
class OnnxRuntimeModel:
    """The unchanged bytes of an `.onnx` file, which onnxruntime computes node by node, without optimisations."""

    model: OnnxModel = field(repr=False)

    @property
    def framework(self) -> str:
        """The name of onnxruntime and its version."""
        return f"onnxruntime {version('onnxruntime')}"

    def run(self, *inputs: Array) -> tuple[Array, ...]:
        """The outputs, batches along axis 0, for inputs with any number of batches along axis 0.

        Raises CheckFailed with onnxruntime's words where it does not run the network.
        """
        named = self._name_inputs(inputs)
        calls = _call(self._session, self.model.outputs, named)
        return tuple(np.concatenate([np.atleast_1d(part) for part in parts]) for parts in zip(*calls, strict=True))

    @property
    def fingerprint(self) -> bytes:
        """The file's bytes."""
        return self.model.data

    def tensors(self, names: Sequence[str], *inputs: Array) -> Mapping[str, Array]:
        """Tensors of the nodes by their names, (n, *shape) for n batches. Raises as run."""
        known = {name for node in self.model.nodes for name in node.outputs}
        asked = [name for name in dict.fromkeys(names) if name in known]
        if not asked:
            return {}
        session = open_session(show_tensors(self.model.data, asked), self.model.file.parent)
        calls = _call(session, asked, self._name_inputs(inputs))
        return {name: np.stack(column) for name, column in zip(asked, zip(*calls, strict=True), strict=True)}

    def _name_inputs(self, inputs: Sequence[Array]) -> dict[str, npt.NDArray[Any]]:
        """The inputs by name, (n, *shape)."""
        ports = self.model.inputs
        return {
            port.name: array.reshape(-1, *port.shape).astype(port.dtype)
            for array, port in zip(inputs, ports, strict=True)
        }

    @cached_property
    def _session(self) -> Any:
        return open_session(self.model.data, self.model.file.parent)


def _call(session: Any, outputs: Sequence[str], inputs: Mapping[str, npt.NDArray[Any]]) -> list[Any]:
    """The outputs for each batch. Raises CheckFailed with onnxruntime's words where it does not run the network."""
    batches = zip(*inputs.values(), strict=True)
    try:
        return [session.run(list(outputs), dict(zip(inputs, map(np.asarray, batch), strict=True))) for batch in batches]
    except Exception as error:  # onnxruntime's classes have no common base of their own
        raise CheckFailed(f"onnxruntime did not run the network: {first_line(error)}") from error
