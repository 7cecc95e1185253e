"""A TOSA graph in the making, operator by operator, of floating-point or integer tensors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from chipsmith.errors import BadInput
from chipsmith.tosa.graph import Array, AttributeValue, DType, Graph, Operator, Tensor

Axes: TypeAlias = tuple[int, ...]
Shape: TypeAlias = tuple[int, ...]

_NOTHING: Mapping[str, AttributeValue] = {}
_NAN_MODES = ("MAXIMUM", "MINIMUM", "REDUCE_MAX", "REDUCE_MIN", "ARGMAX", "CLAMP", "MAX_POOL2D")
"""Operators with the attribute nan_mode."""


def pointwise_attributes(acc_type: str) -> dict[str, AttributeValue]:
    """The attributes of a CONV2D of 1 x 1, which is a product with a matrix; `acc_type` is INT32 or FP32."""
    return {"pad": (0, 0, 0, 0), "stride": (1, 1), "dilation": (1, 1), "local_bound": False, "acc_type": acc_type}


class GraphBuilder:
    """Collects tensors, constants and operators; methods that add an operator return the name of its tensor.

    Operators are named after `scope`, the author's node that is being lowered; no name is taken twice, and none is one
    of `reserved`. `origins` keeps, by its name, the `origin` of each operator: the author's node that it computes a
    part of.
    """

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self.scope = "network"
        self.origin = "network"
        self.origins: dict[str, str] = {}
        self._reserved = frozenset(reserved)
        self._tensors: dict[str, Tensor] = {}
        self._operators: list[Operator] = []
        self._constants: dict[str, Array] = {}
        self._inputs: list[str] = []
        self._orders: dict[tuple[str, Axes], str] = {}

    def adopt(self, graph: Graph) -> None:
        """Begin with what a graph has; nothing may be there yet."""
        assert not self._tensors
        self._tensors.update(graph.tensors)
        self._constants.update(graph.constants)
        self._operators.extend(graph.operators)
        self._inputs.extend(graph.inputs)

    @property
    def computed(self) -> frozenset[str]:
        """The tensors that operators make."""
        return frozenset(name for operator in self._operators for name in operator.outputs)

    def tensor(self, name: str) -> Tensor:
        """The tensor of that name."""
        return self._tensors[name]

    def shape(self, name: str) -> Shape:
        """The shape of a tensor."""
        return self._tensors[name].shape

    def dtype(self, name: str) -> DType:
        """The element type of a tensor."""
        return self._tensors[name].dtype

    def constant_data(self, name: str) -> Array | None:
        """The data of a constant; None for a tensor that is computed."""
        return self._constants.get(name)

    def enter(self, name: str, shape: Shape, dtype: DType) -> str:
        """An input of the graph, under its own name even where that is reserved."""
        self._tensors[name] = Tensor(name=name, shape=tuple(int(size) for size in shape), dtype=dtype)
        self._inputs.append(name)
        return name

    def constant(self, data: npt.ArrayLike, dtype: DType) -> str:
        """A constant tensor. Raises BadInput where the type does not hold the data."""
        array = _convert(np.asarray(data), dtype, self.scope)
        name = self._declare(f"{self.scope}/constant", array.shape, dtype)
        self._constants[name] = array
        return name

    def shape_constant(self, sizes: Sequence[int]) -> str:
        """A constant of type shape."""
        return self.constant(np.array(sizes, np.int64), DType.SHAPE)

    def emit(
        self,
        kind: str,
        inputs: Sequence[str],
        shape: Shape,
        dtype: DType,
        attributes: Mapping[str, AttributeValue] = _NOTHING,
    ) -> str:
        """An operator with its one output; nan_mode is PROPAGATE where the operator has it."""
        name = self._declare(self.scope, shape, dtype)
        self.origins[name] = self.origin
        complete = {**attributes, "nan_mode": "PROPAGATE"} if kind in _NAN_MODES else dict(attributes)
        self._operators.append(
            Operator(kind=kind, name=name, inputs=tuple(inputs), outputs=(name,), attributes=complete)
        )
        return name

    def unary(self, kind: str, source: str, dtype: DType | None = None) -> str:
        """An elementwise operator of one tensor without attributes; `dtype` is the source's unless it is given."""
        return self.emit(kind, (source,), self.shape(source), dtype or self.dtype(source))

    def binary(self, kind: str, left: str, right: str, dtype: DType | None = None) -> str:
        """An elementwise operator of two tensors of equal rank, which broadcast; `dtype` as for unary."""
        shape = tuple(np.broadcast_shapes(self.shape(left), self.shape(right)))
        return self.emit(kind, (left, right), shape, dtype or self.dtype(left))

    def multiply(self, left: str, right: str, shift: int = 0) -> str:
        """The product: in floating point, or of int32 divided by 2**shift with halves up."""
        shape = tuple(np.broadcast_shapes(self.shape(left), self.shape(right)))
        return self.emit("MUL", (left, right, self.constant([shift], DType.INT8)), shape, self.dtype(left))

    def reduce(self, kind: str, source: str, axis: int) -> str:
        """REDUCE_... along an axis, which stays with size 1."""
        before = self._tensors[source]
        shape = (*before.shape[:axis], 1, *before.shape[axis + 1 :])
        return self.emit(kind, (source,), shape, before.dtype, {"axis": axis})

    def transpose(self, source: str, perms: Axes) -> str:
        """Axes in another order; each order of a tensor is made once."""
        if perms == tuple(range(len(perms))):
            return source
        if (source, perms) not in self._orders:
            before = self._tensors[source]
            shape = tuple(before.shape[axis] for axis in perms)
            self._orders[source, perms] = self.emit("TRANSPOSE", (source,), shape, before.dtype, {"perms": perms})
        return self._orders[source, perms]

    def reshape(self, source: str, shape: Shape) -> str:
        """The same elements under another shape."""
        before = self._tensors[source]
        if before.shape == shape:
            return source
        return self.emit("RESHAPE", (source, self.shape_constant(shape)), shape, before.dtype)

    def slice(self, source: str, start: Sequence[int], size: Sequence[int]) -> str:
        """A block of a tensor."""
        before = self._tensors[source]
        if before.shape == tuple(size):
            return source
        operands = (source, self.shape_constant(start), self.shape_constant(size))
        return self.emit("SLICE", operands, tuple(size), before.dtype)

    def concat(self, sources: Sequence[str], axis: int) -> str:
        """Tensors joined along an axis."""
        first = self._tensors[sources[0]]
        joined = sum(self._tensors[name].shape[axis] for name in sources)
        shape = (*first.shape[:axis], joined, *first.shape[axis + 1 :])
        return self.emit("CONCAT", sources, shape, first.dtype, {"axis": axis})

    def pad(self, source: str, widths: Sequence[tuple[int, int]], value: float) -> str:
        """A constant around a tensor: so many before and after on each axis."""
        before = self._tensors[source]
        shape = tuple(low + size + high for size, (low, high) in zip(before.shape, widths, strict=True))
        flat = [width for pair in widths for width in pair]
        operands = (source, self.shape_constant(flat), self.constant([value], before.dtype))
        return self.emit("PAD", operands, shape, before.dtype)

    def tile(self, source: str, multiples: Shape) -> str:
        """The tensor repeated so many times along each axis."""
        if set(multiples) <= {1}:
            return source
        before = self._tensors[source]
        shape = tuple(size * times for size, times in zip(before.shape, multiples, strict=True))
        return self.emit("TILE", (source, self.shape_constant(multiples)), shape, before.dtype)

    def finish(self, name: str, outputs: Sequence[str]) -> Graph:
        """The graph as it stands."""
        return Graph(
            name=name,
            tensors=dict(self._tensors),
            operators=tuple(self._operators),
            constants=dict(self._constants),
            inputs=tuple(self._inputs),
            outputs=tuple(outputs),
        )

    def free_name(self, name: str) -> str:
        """The name, with a number behind it where it is taken or reserved."""
        free, count = name, 0
        while free in self._tensors or free in self._reserved:
            count += 1
            free = f"{name}.{count}"
        return free

    def _declare(self, name: str, shape: Shape, dtype: DType) -> str:
        free = self.free_name(name)
        self._tensors[free] = Tensor(name=free, shape=tuple(int(size) for size in shape), dtype=dtype)
        return free


def _convert(data: npt.NDArray[Any], dtype: DType, scope: str) -> Array:
    """The data in the numpy type of a tensor; BadInput where it does not hold them."""
    if dtype.numpy.kind in "bf":
        return np.asarray(data, dtype.numpy, order="C")
    limits = np.iinfo(dtype.numpy.name)
    if not np.isfinite(data).all() or data.min(initial=0) < limits.min or data.max(initial=0) > limits.max:
        raise BadInput(f"'{scope}': a constant is not a number, or beyond {dtype.name.lower()} for the scale it has")
    return np.asarray(data, dtype.numpy, order="C")
