"""What the host does at the border of a graph: float values of the network to and from the graph's integers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from chipsmith.errors import BadInput
from chipsmith.profile.profile import HostStep
from chipsmith.tosa.graph import Array, Graph, Tensor


class ScaleDivision(StrEnum):
    """How a framework divides by a scale, in float32, before it rounds to the nearest even integer."""

    RECIPROCAL = "reciprocal"
    """x * (1 / scale), as torch.quantize_per_tensor does."""
    QUOTIENT = "quotient"
    """x / scale, as ONNX's QuantizeLinear does."""


@dataclass(frozen=True, kw_only=True)
class IoBinding:
    """How one input or output of a network, the one at `position`, relates to the graph's tensor of that name.

    `scale` and `zero_point`: real = (q - zero_point) * scale; `scale` is None where the network itself takes or
    gives the integers. `axes` moves the network's axes into the graph's order, as numpy.transpose takes it.
    """

    tensor: str
    position: int
    scale: float | None
    zero_point: int
    axes: tuple[int, ...]
    rounding: ScaleDivision = ScaleDivision.RECIPROCAL

    @property
    def moves_axes(self) -> bool:
        """Whether the graph's layout differs from the network's."""
        return self.axes != tuple(range(len(self.axes)))


def bind_integers(graph: Graph, names: tuple[str, ...]) -> tuple[IoBinding, ...]:
    """Inputs or outputs that are the graph's own integers, in its layout."""
    return tuple(
        IoBinding(
            tensor=name, position=position, scale=None, zero_point=0, axes=tuple(range(len(graph.tensor(name).shape)))
        )
        for position, name in enumerate(names)
    )


def quantize(values: Array, binding: IoBinding, tensor: Tensor) -> Array:
    """Values in the network's layout to the graph's integers and layout, rounded as the network's framework rounds.

    `values` has the network's shape with any number of batches along axis 0: q = clamp(rint(x / scale) + zero_point)
    in int8, or the values themselves in the tensor's type where there is no scale. Raises BadInput where the shape
    does not fit.
    """
    _check_shape(values.shape, binding, tensor)
    moved = np.transpose(values, binding.axes)
    if binding.scale is None:
        return np.ascontiguousarray(moved, tensor.dtype.numpy)
    steps = np.rint(_divide(moved.astype(np.float32), binding)) + np.float32(binding.zero_point)
    limits = np.iinfo(np.int8)
    return np.ascontiguousarray(np.clip(steps, limits.min, limits.max).astype(np.int8))


def _divide(values: npt.NDArray[np.float32], binding: IoBinding) -> npt.NDArray[np.float32]:
    assert binding.scale is not None
    if binding.rounding is ScaleDivision.QUOTIENT:
        return values / np.float32(binding.scale)
    return values * np.float32(1.0 / binding.scale)


def dequantize(values: Array, binding: IoBinding) -> Array:
    """The graph's integers to the network's float32 values and layout: (q - zero_point) * scale."""
    moved = np.transpose(values, np.argsort(binding.axes))
    if binding.scale is None:
        return moved
    return (moved.astype(np.float32) - np.float32(binding.zero_point)) * np.float32(binding.scale)


def quantize_all(
    values: Sequence[Array], bindings: Iterable[IoBinding], tensors: Mapping[str, Tensor]
) -> dict[str, Array]:
    """The graph's inputs by name from the author's inputs in their order; `tensors` are the graph's, by name.

    Raises BadInput as quantize does.
    """
    return {
        binding.tensor: quantize(values[binding.position], binding, tensors[binding.tensor]) for binding in bindings
    }


def dequantize_all(outputs: Mapping[str, Array], bindings: Iterable[IoBinding]) -> tuple[Array, ...]:
    """The author's outputs, in their order, layout and types, from the graph's outputs by name."""
    in_order = sorted(bindings, key=lambda binding: binding.position)
    return tuple(dequantize(outputs[binding.tensor], binding) for binding in in_order)


def _check_shape(shape: tuple[int, ...], binding: IoBinding, tensor: Tensor) -> None:
    expected = [tensor.shape[axis] for axis in np.argsort(binding.axes)]
    if list(shape[1:]) != expected[1:] or shape[0] % expected[0]:
        raise BadInput(
            f"values of shape {list(shape)} do not fit input {binding.position} of the network, which takes "
            f"{expected} or more of them along the first axis"
        )


def list_host_steps(inputs: tuple[IoBinding, ...], outputs: tuple[IoBinding, ...]) -> tuple[HostStep, ...]:
    """The host's steps in order: each input's, then each output's."""
    before = [step for binding in inputs for step in _list_input_steps(binding)]
    after = [step for binding in outputs for step in _list_output_steps(binding)]
    return (*before, *after)


def _list_input_steps(binding: IoBinding) -> list[HostStep]:
    steps = []
    if binding.scale is not None:
        reason = f"float32 to int8: rint(x / {binding.scale:.6g}) + {binding.zero_point}"
        steps.append(HostStep(name=f"quantize {binding.tensor}", when="before", reason=reason))
    if binding.moves_axes:
        reason = f"the network's axes in the order {list(binding.axes)}, as the chip reads them"
        steps.append(HostStep(name=f"transpose {binding.tensor}", when="before", reason=reason))
    return steps


def _list_output_steps(binding: IoBinding) -> list[HostStep]:
    steps = []
    if binding.moves_axes:
        reason = f"back to the network's axes, in the order {np.argsort(binding.axes).tolist()}"
        steps.append(HostStep(name=f"transpose {binding.tensor}", when="after", reason=reason))
    if binding.scale is not None:
        reason = f"int8 to float32: (q - {binding.zero_point}) * {binding.scale:.6g}"
        steps.append(HostStep(name=f"dequantize {binding.tensor}", when="after", reason=reason))
    return steps
