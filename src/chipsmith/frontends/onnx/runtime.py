"""An ONNX network run by onnxruntime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt

from chipsmith.errors import BadInput, CheckFailed
from chipsmith.frontends.onnx.evaluate import PROVIDERS, quiet_options
from chipsmith.frontends.onnx.model import OnnxModel
from chipsmith.frontends.onnx.witness import onnx_tensors
from chipsmith.frontends.quantized_network import FrameworkModel
from chipsmith.tosa.graph import Array


@dataclass(frozen=True, kw_only=True, eq=False)
class OnnxRuntimeModel:
    """A network that onnxruntime computes node by node, without optimisations: a QDQ network in float32."""

    model: OnnxModel = field(repr=False)

    @property
    def framework(self) -> str:
        """The name of onnxruntime and its version."""
        return f"onnxruntime {version('onnxruntime')}"

    @property
    def fingerprint(self) -> bytes:
        """The network's bytes."""
        data: bytes = self.model.proto.SerializeToString(deterministic=True)
        return data

    def run(self, *inputs: Array) -> tuple[Array, ...]:
        """The outputs, batches along axis 0, for inputs with any number of batches along axis 0.

        Raises CheckFailed with onnxruntime's words where it does not run the network.
        """
        named = self._name_inputs(inputs)
        try:
            calls = [
                self._session.run(list(self.model.outputs), dict(zip(named, batch, strict=True)))
                for batch in zip(*named.values(), strict=True)
            ]
        except Exception as error:  # onnxruntime's classes have no common base of its own
            reason = str(error).strip().splitlines()[0][:200]
            raise CheckFailed(f"onnxruntime did not run the network: {reason}") from error
        return tuple(np.concatenate([np.atleast_1d(part) for part in parts]) for parts in zip(*calls, strict=True))

    def tensors(self, names: Sequence[str], *inputs: Array) -> Mapping[str, Array]:
        """Tensors of the nodes by their names, (n, *shape) for n batches. Raises as run."""
        known = {name for node in self.model.nodes for name in node.outputs}
        asked = [name for name in dict.fromkeys(names) if name in known]
        return onnx_tensors(self.model.proto, asked, self._name_inputs(inputs)) if asked else {}

    def _name_inputs(self, inputs: Sequence[Array]) -> dict[str, npt.NDArray[Any]]:
        """The inputs by name, (n, *shape)."""
        ports = self.model.inputs
        return {
            port.name: array.reshape(-1, *port.shape).astype(port.dtype)
            for array, port in zip(inputs, ports, strict=True)
        }

    @cached_property
    def _session(self) -> Any:
        import onnxruntime

        return onnxruntime.InferenceSession(self.model.proto.SerializeToString(), quiet_options(), providers=PROVIDERS)


def onnx_model(model: FrameworkModel | None) -> OnnxModel:
    """The network that an OnnxRuntimeModel runs; raises BadInput for a model of another framework, or none."""
    if not isinstance(model, OnnxRuntimeModel):
        raise BadInput("the network is no ONNX network: give an .onnx file")
    return model.model
