"""A node of an exported program as its handler reads it: operands by the names that the operator's schema has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from chipsmith.errors import BadInput, OperatorRefused
from chipsmith.frontends.forms.values import Const, GraphValue, Value, materialise, natural_value
from chipsmith.tosa.builder import GraphBuilder, Shape
from chipsmith.tosa.graph import DType

if TYPE_CHECKING:
    import torch

Result: TypeAlias = Any
"""What a node gives: a GraphValue, a torch.Tensor that is constant, None, a number, or a tuple or list of these."""


@dataclass(frozen=True, kw_only=True, eq=False)
class AtenCall:
    """One node: its `operator`, such as "conv2d", its `place` in the user's code, and its `operands` by name.

    `title` names both in messages. `results` are the tensors that the node gives, as PyTorch foresees them: shape and
    type alone.
    """

    operator: str
    place: str
    title: str
    operands: Mapping[str, Result]
    results: tuple[torch.Tensor, ...]
    build: GraphBuilder

    @property
    def shape(self) -> Shape:
        """The shape of the first result. Raises OperatorRefused where it depends on the network's inputs."""
        sizes = self.results[0].shape
        if not all(isinstance(size, int) for size in sizes):
            raise self.refuse("how many elements there are is known only as the network runs")
        return tuple(sizes)

    @property
    def dtype(self) -> DType:
        """The type that the graph has for the first result."""
        return graph_type(self.results[0].dtype)

    def has(self, operand: str) -> bool:
        """Whether an operand is given."""
        return self.operands.get(operand) is not None

    def value(self, operand: str) -> Value:
        """A tensor, or a number as a tensor of rank 0."""
        return as_value(self.operands[operand])

    def optional(self, operand: str) -> Value | None:
        """A tensor, or None where it is not given."""
        return self.value(operand) if self.has(operand) else None

    def values(self, operand: str) -> tuple[Value, ...]:
        """The tensors of a list."""
        return tuple(as_value(item) for item in self.operands[operand])

    def computed(self, operand: str) -> GraphValue:
        """A tensor of the graph; a constant becomes one."""
        return self.place_value(self.value(operand))

    def as_computed(self, item: Result) -> GraphValue:
        """An item of a list of tensors as a tensor of the graph."""
        return self.place_value(as_value(item))

    def place_value(self, value: Value) -> GraphValue:
        """The value as a tensor of the graph; a constant of the type that the graph has for it."""
        if isinstance(value, GraphValue):
            return value
        axes = tuple(range(len(value.shape)))
        dtype = value_type(self.build, value)
        return natural_value(self.build, materialise(self.build, value, rank=len(axes), axes=axes, dtype=dtype))

    def constant(self, operand: str) -> npt.NDArray[Any]:
        """The elements of a tensor that must be constant. Raises OperatorRefused where it is computed."""
        value = self.value(operand)
        if isinstance(value, GraphValue):
            raise self.refuse(f"its {operand} is computed from the network's inputs, and must be constant")
        return value.values

    def number(self, operand: str) -> float:
        """A number."""
        return float(self._scalar(operand))

    def integer(self, operand: str) -> int:
        """A whole number."""
        return int(self._scalar(operand))

    def flag(self, operand: str) -> bool:
        """True or false; false where it is not given."""
        return bool(self.operands.get(operand))

    def integers(self, operand: str) -> tuple[int, ...]:
        """A list of whole numbers; a single number counts as a list of itself."""
        items = self.operands[operand]
        return tuple(int(item) for item in (items if isinstance(items, (list, tuple)) else (items,)))

    def axis(self, operand: str, rank: int) -> int:
        """An axis that may be counted from the end."""
        return self.integer(operand) % max(rank, 1)

    def axes(self, operand: str, rank: int) -> tuple[int, ...]:
        """Axes in their order, which may be counted from the end; all of them where none is given."""
        given = self.integers(operand) if self.has(operand) else ()
        return tuple(sorted({axis % max(rank, 1) for axis in given})) or tuple(range(rank))

    def refuse(self, reason: str) -> OperatorRefused:
        """The refusal of this node: its operator, its place, and why."""
        return OperatorRefused(f"{self.title}: {reason}. Replace that part of the network, or do it outside of it")

    def _scalar(self, operand: str) -> Any:
        item = self.operands[operand]
        if isinstance(item, GraphValue):
            raise self.refuse(f"its {operand} is computed from the network's inputs, and must be constant")
        return item


AtenHandler: TypeAlias = Callable[[AtenCall], Result]
"""Gives what a node gives."""


def as_value(item: Result) -> Value:
    """A tensor of the graph as it is, and a constant tensor or number with its elements."""
    if isinstance(item, (GraphValue, Const)):
        return item
    return Const(values=as_array(item))


def as_array(item: Result) -> npt.NDArray[Any]:
    """The elements of a constant tensor or a number; numpy has no bfloat16, which becomes float32."""
    if isinstance(item, Const):
        return item.values
    if isinstance(item, (bool, int, float)):
        return np.asarray(item)
    import torch

    tensor = item.detach().to(torch.float32) if item.dtype == torch.bfloat16 else item.detach()
    array: npt.NDArray[Any] = tensor.resolve_conj().cpu().numpy()
    return array


def graph_type(dtype: torch.dtype) -> DType:
    """The graph's type of a tensor: FP32 for all floats, INT32 for all integers, BOOL. Raises BadInput for others."""
    import torch

    if dtype == torch.bool:
        return DType.BOOL
    if dtype.is_complex:
        raise BadInput(f"a tensor of type {str(dtype).removeprefix('torch.')} has no counterpart on the chip")
    return DType.FP32 if dtype.is_floating_point else DType.INT32


def value_type(build: GraphBuilder, value: Value) -> DType:
    """The type of a tensor of the graph, and the one that a constant gets in it."""
    if isinstance(value, GraphValue):
        return build.dtype(value.tensor)
    return {"f": DType.FP32, "b": DType.BOOL}.get(value.values.dtype.kind, DType.INT32)
