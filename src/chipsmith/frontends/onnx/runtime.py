"""An ONNX network run by onnxruntime, as its file is."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from typing import Any

import numpy as np

from chipsmith.errors import BadInput, CheckFailed
from chipsmith.frontends.onnx.model import OnnxModel
from chipsmith.frontends.onnx.session import first_line, open_session
from chipsmith.frontends.quantized_network import FrameworkModel
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
        columns = [
            array.reshape(-1, *port.shape).astype(port.dtype)
            for array, port in zip(inputs, self.model.inputs, strict=True)
        ]
        names = [port.name for port in self.model.inputs]
        try:
            calls = [
                self._session.run(list(self.model.outputs), dict(zip(names, batch, strict=True)))
                for batch in zip(*columns, strict=True)
            ]
        except Exception as error:  # onnxruntime's classes have no common base of their own
            raise CheckFailed(f"onnxruntime did not run the network: {first_line(error)}") from error
        return tuple(np.concatenate([np.atleast_1d(part) for part in parts]) for parts in zip(*calls, strict=True))

    @cached_property
    def _session(self) -> Any:
        return open_session(self.model.data, self.model.file.parent)


def onnx_model(model: FrameworkModel | None) -> OnnxModel:
    """The network that an OnnxRuntimeModel runs; raises BadInput for a model of another framework, or none."""
    if not isinstance(model, OnnxRuntimeModel):
        raise BadInput("the network is no ONNX network: give an .onnx file")
    return model.model
