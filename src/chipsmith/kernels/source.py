"""A kernel in float32 as others compute it: by PyTorch, and by Chipsmith's own interpreter where that is not there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from chipsmith.kernels.kind import KernelInput, KernelKind, Weights
from chipsmith.kernels.parameters import KernelSettings
from chipsmith.quantisation.network import FloatNetwork
from chipsmith.tosa.floating.evaluate import evaluate_floats
from chipsmith.tosa.graph import Array

if TYPE_CHECKING:
    import torch

    from chipsmith.frontends.onnx.runtime import OnnxRuntimeModel
    from chipsmith.frontends.pytorch.eager import EagerModel

_OPSET = 17
"""The first version with LayerNormalization."""


@dataclass(frozen=True, kw_only=True, eq=False)
class FloatInterpreter:
    """A float network in Chipsmith's interpreter of TOSA; each input has the author's shape."""

    network: FloatNetwork

    @property
    def framework(self) -> str:
        """What computes it."""
        return f"Chipsmith's float interpreter (numpy {np.__version__})"

    def run(self, *inputs: Array) -> tuple[Array, ...]:
        """As FrameworkModel.run."""
        pairs = zip(self.network.inputs, inputs, strict=True)
        values = {port.name: array.reshape(-1, *port.shape) for port, array in pairs}
        results = evaluate_floats(self.network.graph, values, keep=self.network.graph.outputs)
        return tuple(array.reshape(-1, *array.shape[2:]) for array in results.values())


def make_eager(
    kind: KernelKind, settings: KernelSettings, weights: Weights, inputs: Sequence[KernelInput]
) -> EagerModel:
    """The kernel as PyTorch has it, with the same weights. PyTorch must be installed."""
    from chipsmith.frontends.pytorch.eager import EagerModel
    from chipsmith.frontends.pytorch.exported import ModuleCall

    module = load_module(kind, settings, weights)
    return EagerModel(build=lambda: module, call=ModuleCall(positional=_make_examples(inputs)))


def export_onnx(
    kind: KernelKind, settings: KernelSettings, weights: Weights, inputs: Sequence[KernelInput]
) -> OnnxRuntimeModel:
    """The kernel as PyTorch writes it into an ONNX file, with ONNX's own operator for it where there is such.

    PyTorch and onnx must be installed.
    """
    import torch

    from chipsmith.frontends.onnx.model import parse_model
    from chipsmith.frontends.onnx.runtime import OnnxRuntimeModel
    from chipsmith.frontends.pytorch.exported import silence

    file = BytesIO()
    with silence():
        torch.onnx.export(
            load_module(kind, settings, weights),
            _make_examples(inputs),
            file,
            dynamo=False,
            opset_version=_OPSET,
            input_names=[port.name for port in inputs],
        )
    return OnnxRuntimeModel(model=parse_model(file.getvalue(), f"{kind.name}.onnx"))


def _make_examples(inputs: Sequence[KernelInput]) -> tuple[torch.Tensor, ...]:
    import torch

    return tuple(torch.zeros(port.shape) for port in inputs)


def load_module(kind: KernelKind, settings: KernelSettings, weights: Weights) -> torch.nn.Module:
    """The kernel's PyTorch module in evaluation mode, with the weights in it."""
    import torch

    module = kind.module(settings)
    module.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
    return module.eval()
