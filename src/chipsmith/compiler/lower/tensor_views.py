"""Where the tensors of a graph stand: views of buffers, shared wherever no bytes need to move."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from chipsmith.compiler.fuse.graph_index import GraphIndex, integer
from chipsmith.compiler.lower.kernel import Buffer
from chipsmith.compiler.lower.view import View, dense_view
from chipsmith.tosa.graph import Array, Operator


@dataclass(frozen=True)
class TensorViews:
    """The views and buffers of a graph while it is lowered: both grow, and a tensor that is copied moves."""

    index: GraphIndex
    buffers: dict[str, Buffer] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)

    def view(self, tensor: str) -> View:
        """Where a tensor stands; one that stands nowhere yet gets a buffer of its own."""
        if tensor not in self.views:
            data = self.index.graph.constant(tensor)
            self.views[tensor] = self.new_buffer(tensor, tensor) if data is None else self._constant(tensor, data)
        return self.views[tensor]

    def new_buffer(self, tensor: str, buffer: str) -> View:
        """A new buffer that holds a tensor, row-major."""
        described = self.index.graph.tensor(tensor)
        self.buffers[buffer] = Buffer(name=buffer, size_bytes=described.size_bytes)
        return dense_view(described, buffer)

    def _constant(self, tensor: str, data: Array) -> View:
        little = data.astype(data.dtype.newbyteorder("<")).tobytes()
        self.buffers[tensor] = Buffer(name=tensor, size_bytes=len(little), data=little)
        return dense_view(self.index.graph.tensor(tensor), tensor)

    def is_constant(self, view: View) -> bool:
        """Whether the bytes of a view are constants."""
        return self.buffers[view.buffer].data is not None

    # --- concatenation --------------------------------------------------------------------------------------------

    def place_concatenations(self, computed: Collection[str]) -> None:
        """Let the inputs of CONCAT be computed in their places wherever a view of the result can hold them.

        `computed`: the tensors that chains make.
        """
        for op in reversed(self.index.graph.operators):
            if op.kind == "CONCAT":
                for name, part in self.parts(op):
                    self._claim(name, part, computed)

    def parts(self, op: Operator) -> Iterator[tuple[str, View]]:
        """Each input of a CONCAT, and its place in the output."""
        axis, whole = integer(op, "axis"), self.view(op.outputs[0])
        first = 0
        for name in op.inputs:
            shape = self.index.graph.tensor(name).shape
            start = tuple(first if dimension == axis else 0 for dimension in range(len(shape)))
            yield name, whole.slice(start, shape)
            first += shape[axis]

    def _claim(self, tensor: str, target: View, computed: Collection[str]) -> None:
        """Let a tensor stand in a target, where nothing else decides where it stands."""
        op = self.index.producers.get(tensor)
        if op is None or tensor in self.views or tensor in self.index.graph.outputs:
            return
        if op.kind == "RESHAPE":
            inner = target.reshape(self.index.graph.tensor(op.inputs[0]).shape)
            if inner is not None:
                self._claim(op.inputs[0], inner, computed)
        elif tensor in computed or op.kind == "CONCAT":
            self.views[tensor] = target
