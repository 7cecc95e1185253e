"""What the host does at the border of a graph: float values of the network to and from the graph's integers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.tosa.graph import Array, Tensor


@dataclass(frozen=True, kw_only=True)
class Border:
    """How one input or output of a network, the one at `position`, relates to the graph's tensor of that name.

    `scale` and `zero_point`: real = (q - zero_point) * scale; `scale` is None where the network itself takes or
    gives the integers. `axes` moves the network's axes into the graph's order, as numpy.transpose takes it.
    """

    tensor: str
    position: int
    scale: float | None
    zero_point: int
    axes: tuple[int, ...]

    @property
    def moves_axes(self) -> bool:
        """Whether the graph's layout differs from the network's."""
        return self.axes != tuple(range(len(self.axes)))


@dataclass(frozen=True, kw_only=True)
class HostStep:
    """One step that the host does for the chip; `reason` is the sentence of the placement table."""

    name: str
    tensor: str
    reason: str


def quantize(values: Array, border: Border, tensor: Tensor) -> Array:
    """Float values in the network's layout to the graph's int8 values and layout, rounded as PyTorch rounds them.

    `values` has the network's shape with any number of batches along axis 0: q = clamp(rint(x / scale) +
    zero_point), where x * (1 / scale) is a float32 product, as in torch.quantize_per_tensor.
    """
    moved = arrange(values, border, tensor)
    if border.scale is None:
        return np.ascontiguousarray(moved, tensor.dtype.numpy)
    limits = np.iinfo(np.int8)
    steps = np.rint(moved.astype(np.float32) * np.float32(1.0 / border.scale)) + np.float32(border.zero_point)
    return np.ascontiguousarray(np.clip(steps, limits.min, limits.max).astype(np.int8))


def arrange(values: Array, border: Border, tensor: Tensor) -> Array:
    """Values of the network, batches along axis 0, in the graph's layout; BadInput where they do not fit."""
    _check_shape(values.shape, border, tensor)
    return np.transpose(values, border.axes)


def dequantize(values: Array, border: Border) -> Array:
    """The graph's integers to the network's float32 values and layout: (q - zero_point) * scale."""
    moved = np.transpose(values, np.argsort(border.axes))
    if border.scale is None:
        return moved
    return (moved.astype(np.float32) - np.float32(border.zero_point)) * np.float32(border.scale)


def dequantize_all(outputs: Mapping[str, Array], borders: Iterable[Border]) -> tuple[Array, ...]:
    """The network's outputs, in its own order and layout, from the graph's outputs by name."""
    return tuple(dequantize(outputs[one.tensor], one) for one in sorted(borders, key=lambda one: one.position))


def _check_shape(shape: tuple[int, ...], border: Border, tensor: Tensor) -> None:
    expected = [tensor.shape[axis] for axis in np.argsort(border.axes)]
    if list(shape[1:]) != expected[1:] or shape[0] % expected[0]:
        raise BadInput(
            f"values of shape {list(shape)} do not fit input {border.position} of the network, which takes "
            f"{expected} or more of them along the first axis"
        )


def host_steps(inputs: tuple[Border, ...], outputs: tuple[Border, ...]) -> tuple[HostStep, ...]:
    """The host's steps in order: each input's, then each output's."""
    before = [step for border in inputs for step in _input_steps(border)]
    after = [step for border in outputs for step in _output_steps(border)]
    return (*before, *after)


def _input_steps(border: Border) -> list[HostStep]:
    steps = []
    if border.scale is not None:
        reason = f"float32 to int8: rint(x / {border.scale:.6g}) + {border.zero_point}"
        steps.append(HostStep(name=f"quantize {border.tensor}", tensor=border.tensor, reason=reason))
    if border.moves_axes:
        reason = f"the network's axes in the order {list(border.axes)}, as the chip reads them"
        steps.append(HostStep(name=f"transpose {border.tensor}", tensor=border.tensor, reason=reason))
    return steps


def _output_steps(border: Border) -> list[HostStep]:
    steps = []
    if border.moves_axes:
        reason = f"back to the network's axes, in the order {np.argsort(border.axes).tolist()}"
        steps.append(HostStep(name=f"transpose {border.tensor}", tensor=border.tensor, reason=reason))
    if border.scale is not None:
        reason = f"int8 to float32: (q - {border.zero_point}) * {border.scale:.6g}"
        steps.append(HostStep(name=f"dequantize {border.tensor}", tensor=border.tensor, reason=reason))
    return steps
