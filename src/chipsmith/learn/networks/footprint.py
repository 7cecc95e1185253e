"""What a training of a network keeps in memory, known before any of it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chipsmith.errors import BadInput
from chipsmith.learn.networks.base import Network, Shape
from chipsmith.memory import usable_memory
from chipsmith.units import format_bytes

if TYPE_CHECKING:
    import torch

_COPIES = 4
"""Of the weights: themselves, their gradients, and two moments of an optimiser such as Adam."""


@dataclass(frozen=True, kw_only=True)
class Footprint:
    """Bytes of all parameters, and of what the layers give for one example, which the backward pass reads."""

    weight_bytes: int
    activation_bytes: int

    def training_bytes(self, batch: int) -> int:
        """The least that steps of `batch` examples keep in memory."""
        return _COPIES * self.weight_bytes + batch * self.activation_bytes


def measure_footprint(network: Network, *, input_shape: Shape, outputs: int) -> Footprint:
    """Of a network that is built and called without memory, on PyTorch's meta device. Raises as `build`."""
    import torch

    with torch.device("meta"):
        module = network.build(input_shape=input_shape, outputs=outputs).eval()
    given = tuple(argument.to("meta") for argument in network.example_inputs(input_shape=input_shape))
    sizes: list[int] = []

    def note(_: torch.nn.Module, __: Any, output: Any) -> None:
        tensors = output if isinstance(output, tuple) else (output,)
        sizes.append(sum(tensor.nbytes for tensor in tensors if isinstance(tensor, torch.Tensor)))

    for layer in module.modules():
        if not list(layer.children()):
            layer.register_forward_hook(note)
    with torch.no_grad():
        module(*given)
    return Footprint(
        weight_bytes=sum(parameter.nbytes for parameter in module.parameters()), activation_bytes=sum(sizes)
    )


def require_memory(network: Network, *, input_shape: Shape, outputs: int, batch: int) -> None:
    """Raise BadInput for a network whose training needs more memory than this process may use."""
    usable = usable_memory()
    footprint = measure_footprint(network, input_shape=input_shape, outputs=outputs)
    needed = footprint.training_bytes(batch)
    if usable is not None and needed > usable:
        name, weights = type(network).__name__, format_bytes(_COPIES * footprint.weight_bytes)
        raise BadInput(
            f"training this network ({name}) in steps of {batch} examples needs {format_bytes(needed)}, and this "
            f"process may use {format_bytes(usable)}: weights, gradients and moments {weights}, layers "
            f"{format_bytes(footprint.activation_bytes)} an example; take a smaller network or a smaller "
            "training.batch_size"
        )
