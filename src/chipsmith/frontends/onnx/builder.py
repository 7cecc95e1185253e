"""A TOSA graph in the making, operator by operator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from chipsmith.errors import BadInput
from chipsmith.frontends.onnx.scales import Reals, to_fixed_point
from chipsmith.frontends.onnx.values import Axes, Shape
from chipsmith.tosa.graph import Array, AttributeValue, DType, Graph, Operator, Tensor

_NOTHING: Mapping[str, AttributeValue] = {}


class GraphBuilder:
    """Collects tensors, constants and operators; methods that add an operator return the name of its tensor.

    Operators are named after `scope`, the node of the network that is being lowered; none takes a `reserved` name.
    `origins` keeps, by its name, the `origin` of each operator: the node of the author that it computes a part of.
    """

    def __init__(self, reserved: Iterable[str]) -> None:
        self._reserved = frozenset(reserved)
        self.scope = "network"
        self.origin = "network"
        self.origins: dict[str, str] = {}
        self._tensors: dict[str, Tensor] = {}
        self._operators: list[Operator] = []
        self._constants: dict[str, Array] = {}
        self._inputs: list[str] = []
        self._views: dict[str, str] = {}
        self._orders: dict[tuple[str, Axes], str] = {}

    def tensor(self, name: str) -> Tensor:
        """The tensor of that name."""
        return self._tensors[name]

    def enter(self, name: str, shape: Shape, dtype: DType) -> str:
        """An input of the graph."""
        self._inputs.append(self._declare(name, shape, dtype))
        return self._inputs[-1]

    def constant(self, data: npt.ArrayLike, dtype: DType) -> str:
        """A constant tensor."""
        array = _to_integers(np.asarray(data), dtype, self.scope)
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
        """An operator with its one output."""
        name = self._declare(self.scope, shape, dtype)
        self.origins[name] = self.origin
        self._operators.append(
            Operator(kind=kind, name=name, inputs=tuple(inputs), outputs=(name,), attributes=attributes)
        )
        return name

    def rescale(
        self, source: str, dtype: DType, ratios: Reals, *, input_zero_point: int = 0, output_zero_point: int = 0
    ) -> str:
        """(source - input_zero_point) x ratio, rounded once, + output_zero_point; one ratio or one a channel."""
        scale = to_fixed_point(ratios)
        before = self._tensors[source]
        operands = (
            source,
            self.constant(scale.multiplier, DType.INT32),
            self.constant(scale.shift, DType.INT8),
            self.constant([input_zero_point], before.dtype),
            self.constant([output_zero_point], dtype),
        )
        attributes: dict[str, AttributeValue] = {
            "scale32": True,
            "rounding_mode": "SINGLE_ROUND",
            "per_channel": scale.multiplier.size > 1,
            "input_unsigned": False,
            "output_unsigned": False,
        }
        return self.emit("RESCALE", operands, before.shape, dtype, attributes)

    def binary(self, kind: str, left: str, right: str, *, dtype: DType = DType.INT32) -> str:
        """An elementwise operator of two tensors of one rank, with broadcasting."""
        attributes = {"nan_mode": "PROPAGATE"} if kind in ("MAXIMUM", "MINIMUM") else _NOTHING
        return self.emit(kind, (left, right), self._broadcast(left, right), dtype, attributes)

    def multiply(self, left: str, right: str, *, shift: int = 0) -> str:
        """The int32 product, divided by 2**shift with halves up."""
        operands = (left, right, self.constant([shift], DType.INT8))
        return self.emit("MUL", operands, self._broadcast(left, right), DType.INT32)

    def table(self, source: str, entries: npt.NDArray[Any]) -> str:
        """TABLE: 256 int8 entries for an int8 tensor, 513 int16 entries for an int16 tensor, which gives int32."""
        before = self._tensors[source]
        result = DType.INT8 if before.dtype is DType.INT8 else DType.INT32
        return self.emit("TABLE", (source, self.constant(entries, before.dtype)), before.shape, result)

    def reduce(self, kind: str, source: str, axis: int) -> str:
        """REDUCE_SUM, REDUCE_MAX or REDUCE_MIN along one axis, which stays with size 1."""
        before = self._tensors[source]
        shape = (*before.shape[:axis], 1, *before.shape[axis + 1 :])
        attributes: dict[str, AttributeValue] = {"axis": axis}
        if kind != "REDUCE_SUM":
            attributes["nan_mode"] = "PROPAGATE"
        return self.emit(kind, (source,), shape, before.dtype, attributes)

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
        name = self.emit("RESHAPE", (source, self.shape_constant(shape)), shape, before.dtype)
        self._views[name] = source
        return name

    def before_reshape(self, name: str) -> str:
        """The tensor that a RESHAPE made this one of, if both have the same channels (last axis); else the tensor."""
        shape = self._tensors[name].shape
        source = self._views.get(name, name)
        return source if shape[-1:] == self._tensors[source].shape[-1:] else name

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

    def pad(self, source: str, widths: Sequence[tuple[int, int]], value: int) -> str:
        """A constant around a tensor: so many before and after on each axis."""
        before = self._tensors[source]
        shape = tuple(low + size + high for size, (low, high) in zip(before.shape, widths, strict=True))
        flat = [width for pair in widths for width in pair]
        operands = (source, self.shape_constant(flat), self.constant([value], before.dtype))
        return self.emit("PAD", operands, shape, before.dtype)

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

    def _declare(self, name: str, shape: Shape, dtype: DType) -> str:
        free, count = name, 0
        while free in self._tensors or free in self._reserved:
            count += 1
            free = f"{name}.{count}"
        self._tensors[free] = Tensor(name=free, shape=tuple(int(size) for size in shape), dtype=dtype)
        return free

    def _broadcast(self, left: str, right: str) -> Shape:
        return tuple(np.broadcast_shapes(self._tensors[left].shape, self._tensors[right].shape))


def _to_integers(data: npt.NDArray[Any], dtype: DType, scope: str) -> Array:
    """The data in the type of a tensor; BadInput where it does not hold them."""
    if dtype is DType.BOOL:
        return np.ascontiguousarray(data, np.bool_)
    limits = np.iinfo(dtype.numpy.name)
    if not np.isfinite(data).all() or data.min(initial=0) < limits.min or data.max(initial=0) > limits.max:
        raise BadInput(f"'{scope}': a constant is not a number, or beyond {dtype.name.lower()} at the scale it has")
    return np.ascontiguousarray(data, dtype.numpy)
