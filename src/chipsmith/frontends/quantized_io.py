"""What the host does at the border of a graph: the author's values to and from the graph's integers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from chipsmith.errors import BadInput
from chipsmith.tosa.graph import Array, DType, Graph, Tensor


class ScaleDivision(StrEnum):
    """How a framework divides by a scale, in float32, and rounds the result: to the nearest integer, halves to even."""

    RECIPROCAL = "reciprocal"
    """x * (1 / scale), as torch.quantize_per_tensor does."""
    QUOTIENT = "quotient"
    """x / scale, as ONNX's QuantizeLinear does."""
    QUOTIENT_AWAY = "quotient_away"
    """x / scale, but halves away from zero, as TensorFlow Lite's QUANTIZE does."""


@dataclass(frozen=True, kw_only=True)
class AuthorTensor:
    """An input or output as its author has it: name, numpy type and the shape of one inference, own batch included."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class IoBinding:
    """How one input or output of a network, the one at `position`, relates to the graph's tensor of that name.

    `scale` and `zero_point`: real = (q - zero_point) * scale. Without a scale the author's values are integers too:
    integer = q - zero_point, which is how uint8 (zero point -128) lies in the graph's int8. `axes` moves the network's
    axes into the graph's order, as numpy.transpose takes it.
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


@dataclass(frozen=True, kw_only=True)
class PassedInput:
    """The author's output at `position`, which is the author's input number `source` as it is: the host hands it on."""

    position: int
    source: int


@dataclass(frozen=True, kw_only=True, eq=False)
class ConstantOutput:
    """The author's output at `position`, which depends on no input: `values` are those of one inference."""

    position: int
    values: Array


@dataclass(frozen=True, kw_only=True, eq=False)
class StateBinding:
    """A value that the host keeps from one inference to the next, by the graph's tensors.

    The graph reads it in its input `before` and gives what it becomes in its output `after`; `initial` is its value
    before the first inference, with the shape and type of `before`.
    """

    before: str
    after: str
    initial: Array


OutputBinding: TypeAlias = IoBinding | PassedInput | ConstantOutput


def bind_integers(graph: Graph, names: Sequence[str]) -> tuple[IoBinding, ...]:
    """Inputs or outputs that are the graph's own integers, in its layout."""
    return tuple(
        IoBinding(
            tensor=name, position=position, scale=None, zero_point=0, axes=tuple(range(len(graph.tensor(name).shape)))
        )
        for position, name in enumerate(names)
    )


def describe_integers(graph: Graph, names: Sequence[str]) -> tuple[AuthorTensor, ...]:
    """The author's inputs or outputs where bind_integers binds them."""
    tensors = (graph.tensor(name) for name in names)
    return tuple(AuthorTensor(name=each.name, dtype=each.dtype.numpy, shape=each.shape) for each in tensors)


def author_shape(binding: OutputBinding, graph: Graph, inputs: Sequence[AuthorTensor]) -> tuple[int, ...]:
    """The shape that the author sees of what is bound; `inputs` are the author's."""
    if isinstance(binding, PassedInput):
        return inputs[binding.source].shape
    if isinstance(binding, ConstantOutput):
        return tuple(binding.values.shape)
    return _shape_outside(binding, graph.tensor(binding.tensor))


def _shape_outside(binding: IoBinding, tensor: Tensor) -> tuple[int, ...]:
    places = {axis: place for place, axis in enumerate(binding.axes)}
    return tuple(tensor.shape[places[axis]] for axis in range(len(tensor.shape)))


def quantize(values: Array, binding: IoBinding, tensor: Tensor) -> Array:
    """Values in the network's layout to the graph's integers and layout, rounded as the network's framework rounds.

    `values` has the network's shape with any number of batches along axis 0 ([n] for a shape of rank 0): q =
    clamp(round(x / scale) + zero_point) in int8, or x + zero_point in the tensor's type where there is no scale. Raises
    BadInput where the shape does not fit, or where there is no scale and the tensor's type does not hold a value.
    """
    _check_shape(values.shape, binding, tensor)
    moved = _move_axes(values, binding.axes)
    if binding.scale is None:
        return np.ascontiguousarray(_as_integers(moved, binding, tensor))
    steps = _round(moved.astype(np.float32), binding) + np.float32(binding.zero_point)
    limits = np.iinfo(str(tensor.dtype.numpy))
    return np.ascontiguousarray(np.clip(steps, limits.min, limits.max).astype(tensor.dtype.numpy))


def count_clipped(values: Array, binding: IoBinding, tensor: Tensor) -> int:
    """How many values quantize cuts off, for the tensor's type ends before them; none where there is no scale."""
    if binding.scale is None:
        return 0
    steps = _round(values.astype(np.float32), binding) + np.float32(binding.zero_point)
    limits = np.iinfo(str(tensor.dtype.numpy))
    return int(np.count_nonzero((steps < limits.min) | (steps > limits.max)))


def _move_axes(values: Array, axes: Sequence[int]) -> Array:
    """The values with their axes in that order; [n], values of rank 0, as they are."""
    return np.transpose(values, axes) if len(axes) else values


def _round(values: npt.NDArray[np.float32], binding: IoBinding) -> npt.NDArray[np.float32]:
    """The values in whole steps of the scale."""
    steps = _divide(values, binding)
    rounded: npt.NDArray[np.float32] = np.rint(steps)
    if binding.rounding is ScaleDivision.QUOTIENT_AWAY:
        whole = np.trunc(steps)
        rounded = whole + np.sign(steps) * (np.abs(steps - whole) >= np.float32(0.5))
    return rounded


def _divide(values: npt.NDArray[np.float32], binding: IoBinding) -> npt.NDArray[np.float32]:
    assert binding.scale is not None
    if binding.rounding is ScaleDivision.RECIPROCAL:
        return values * np.float32(1.0 / binding.scale)
    return values / np.float32(binding.scale)


def _as_integers(values: Array, binding: IoBinding, tensor: Tensor) -> Array:
    if tensor.dtype is DType.BOOL:
        return values.astype(np.bool_)
    integers = values.astype(np.int64)
    limits = np.iinfo(str(tensor.dtype.numpy))
    low, high = limits.min - binding.zero_point, limits.max - binding.zero_point
    if values.dtype.kind not in "iub" and (integers != values).any():
        raise BadInput(f"input {binding.position} of the network takes integers, and others are among the values")
    if integers.size and (integers.min() < low or integers.max() > high):
        raise BadInput(
            f"input {binding.position} of the network takes {low} to {high}, and is given {integers.min()} to "
            f"{integers.max()}"
        )
    return (integers + binding.zero_point).astype(tensor.dtype.numpy)


def dequantize(values: Array, binding: IoBinding) -> Array:
    """The graph's integers to the network's values and layout: (q - zero_point) * scale in float32, or q - zero_point.

    Without scale and zero point they keep the graph's type.
    """
    moved = _move_axes(values, np.argsort(binding.axes).tolist())
    if binding.scale is not None:
        return (moved.astype(np.float32) - np.float32(binding.zero_point)) * np.float32(binding.scale)
    return moved.astype(np.int32) - binding.zero_point if binding.zero_point else moved


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
    """The author's outputs, in their order and layout, from the graph's outputs by name, where all are computed."""
    in_order = sorted(bindings, key=lambda binding: binding.position)
    return tuple(dequantize(outputs[binding.tensor], binding) for binding in in_order)


def _check_shape(shape: tuple[int, ...], binding: IoBinding, tensor: Tensor) -> None:
    expected = _shape_outside(binding, tensor)
    first = expected[0] if expected else 1
    if not shape or shape[1:] != expected[1:] or shape[0] % first:
        raise BadInput(
            f"values of shape {list(shape)} do not fit input {binding.position} of the network, which takes "
            f"{list(expected)} or more of them along the first axis"
        )
