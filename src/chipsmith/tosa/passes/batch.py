"""Several inferences as one: a graph whose inputs hold a batch of what the graph took, one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from chipsmith.errors import BadInput, OperatorRefused
from chipsmith.tosa.builder import GraphBuilder
from chipsmith.tosa.graph import AttributeValue, Graph, Operator
from chipsmith.tosa.names import rename_tensors
from chipsmith.tosa.operators.row import MAX_RANK
from chipsmith.tosa.verify import row_of, verify

Shape = tuple[int, ...]

_WINDOWED = ("CONV2D", "CONV3D", "DEPTHWISE_CONV2D", "TRANSPOSE_CONV2D", "AVG_POOL2D", "MAX_POOL2D", "RESIZE")
"""Operators whose first axis is a batch of their own, of their first operand alone."""
_IN_BATCHES = ("MATMUL", "GATHER", "SCATTER")
"""Operators whose first axis is a batch of their own, of each operand."""
_ALONG_AXIS = ("ARGMAX", "CONCAT", "REVERSE", "REDUCE_ALL", "REDUCE_ANY", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_SUM")
_SHARED = {"MATMUL": 1, "GATHER": 0}
"""The operand that all inferences may share, by its position: a matrix, a table."""


def batch_graph(graph: Graph, batch: int) -> Graph:
    """The graph of `batch` inferences at once: the same bits, inputs and outputs `batch` times as long along axis 0.

    Inputs and outputs keep their names; one of rank 0 becomes [batch]. In every tensor that depends on an input the
    inferences stand one after the other in memory: most operators only grow along their first axis, and one that works
    along that axis is done in a shape with an axis more.

    Raises BadInput for a batch under 1 and where the graph is illegal, and OperatorRefused with the operator where it
    has no room for that axis, or where its weights depend on an input.
    """
    if batch < 1:
        raise BadInput(f"a batch has 1 or more inferences, not {batch}")
    verify(graph)
    if batch == 1:
        return graph
    batched = _Batching(graph, batch).build()
    verify(batched)
    return batched


@dataclass(frozen=True, kw_only=True)
class _BatchedOperator:
    """An operator: its operands with elements, those that are its parameters, the shape of one inference's result."""

    operator: Operator
    data: tuple[str, ...]
    parameters: tuple[str, ...]
    shape: Shape


class _Batching:
    """A graph while it is batched; `_batched` has the new tensor for each one that depends on an input."""

    def __init__(self, graph: Graph, batch: int) -> None:
        self._graph = graph
        self._batch = batch
        self._batched: dict[str, str] = {}
        self._builder = GraphBuilder(reserved=graph.tensors)
        constants = {name: graph.tensor(name) for name in graph.constants}
        self._builder.adopt(replace(graph, tensors=constants, operators=(), inputs=(), outputs=()))
        self._shared: dict[str, str] = {name: name for name in constants}

    def build(self) -> Graph:
        for name in self._graph.inputs:
            tensor = self._graph.tensor(name)
            self._batched[name] = self._builder.enter(name, self._grow(tensor.shape), tensor.dtype)
        for operator in self._graph.operators:
            step = self._step(operator)
            self._builder.scope = f"{operator.outputs[0]}/batch"
            if any(name in self._batched for name in step.data):
                self._batched[operator.outputs[0]] = self._add(step)
            else:
                operands = [self._shared[name] for name in step.data]
                self._shared[operator.outputs[0]] = self._emit(step, operands, step.shape)
        outputs: dict[str, str] = {}
        for name in self._graph.outputs:
            outputs[self._apart_from(outputs, name)] = name
        return rename_tensors(self._builder.finish(self._graph.name, tuple(outputs)), outputs)

    def _apart_from(self, outputs: Mapping[str, str], name: str) -> str:
        """The tensor of an output: a copy where it is another output too, or an input of another name."""
        tensor = self._repeated(name)
        taken = tensor in outputs or (tensor in self._graph.inputs and tensor != name)
        return self._builder.unary("IDENTITY", tensor) if taken else tensor

    def _step(self, operator: Operator) -> _BatchedOperator:
        operands = row_of(operator).inputs
        count = len(operator.inputs) if operands[0].variadic else sum(not operand.compile_time for operand in operands)
        return _BatchedOperator(
            operator=operator,
            data=operator.inputs[:count],
            parameters=operator.inputs[count:],
            shape=self._graph.tensor(operator.outputs[0]).shape,
        )

    def _add(self, step: _BatchedOperator) -> str:
        kind = step.operator.kind
        if kind in _WINDOWED:
            return self._add_windowed(step)
        if kind in _IN_BATCHES:
            return self._add_in_batches(step)
        if kind == "RESHAPE":
            return self._builder.reshape(self._batched[step.data[0]], self._grow(step.shape))
        return self._add_longer(step) if self._leaves_first_axis(step) else self._add_apart(step)

    def _add_windowed(self, step: _BatchedOperator) -> str:
        source, *weights = step.data
        if any(name in self._batched for name in weights):
            operator = step.operator
            raise OperatorRefused(f"{operator.kind} '{operator.name}' has weights that depend on an input: no batch")
        operands = (self._batched[source], *(self._shared[name] for name in weights))
        return self._emit(step, operands, self._grow(step.shape))

    def _add_in_batches(self, step: _BatchedOperator) -> str:
        position = _SHARED.get(step.operator.kind)
        if position is not None and (name := step.data[position]) in self._shared and self._shape(name)[0] == 1:
            return self._add_shared(step, name)
        return self._emit(step, [self._repeated(name) for name in step.data], self._grow(step.shape))

    def _add_shared(self, step: _BatchedOperator, shared: str) -> str:
        """With one matrix or table for all inferences: the rows of all of them are one operand."""
        operands = [
            self._shared[name] if name == shared else self._builder.reshape(self._batched[name], self._as_rows(name))
            for name in step.data
        ]
        _, rows, *rest = step.shape
        result = self._emit(step, operands, (1, self._batch * rows, *rest))
        return self._builder.reshape(result, self._grow(step.shape))

    def _as_rows(self, name: str) -> Shape:
        _, rows, *rest = self._shape(name)
        return (1, self._batch * rows, *rest)

    def _leaves_first_axis(self, step: _BatchedOperator) -> bool:
        """Whether the operator does nothing along axis 0 of its operands, so that they may be longer there."""
        attributes = step.operator.attributes
        match step.operator.kind:
            case "SLICE" | "PAD" | "TILE":
                return self._shape(step.data[0])[0] == step.shape[0]
            case "TRANSPOSE":
                return _integers(attributes["perms"])[0] == 0
            case "RESCALE" if attributes["per_channel"]:
                return len(step.shape) > 1
            case kind if kind in _ALONG_AXIS:
                return attributes["axis"] != 0
        return all(self._shape(name)[:1] == self._first_size(name, step) for name in step.data)

    def _first_size(self, name: str, step: _BatchedOperator) -> Shape:
        """The size of axis 0 with which an operand of an elementwise operator may be longer, or the same for all."""
        return step.shape[:1] if name in self._batched else (1,)

    def _add_longer(self, step: _BatchedOperator) -> str:
        joins = step.operator.kind == "CONCAT"
        operands = [self._repeated(name) if joins else self._current(name) for name in step.data]
        shape, parameters = self._grow(step.shape), list(step.parameters)
        if step.operator.kind == "SLICE":
            parameters[1] = self._builder.shape_constant(shape)
        return self._emit(replace(step, parameters=tuple(parameters)), operands, shape)

    def _add_apart(self, step: _BatchedOperator) -> str:
        """The operator in a shape whose first axis counts the inferences, and the result as one again."""
        operator = step.operator
        if max(len(self._shape(name)) for name in (*step.data, *operator.outputs)) == MAX_RANK:
            raise OperatorRefused(f"{operator.kind} '{operator.name}' has {MAX_RANK} axes: a batch has no room for one")
        moved = replace(operator, attributes=_behind_first(operator))
        apart = replace(step, operator=moved, parameters=tuple(self._parameters_apart(step)))
        result = self._emit(apart, [self._apart(name, step) for name in step.data], (self._batch, *step.shape))
        return self._builder.reshape(result, self._grow(step.shape))

    def _apart(self, name: str, step: _BatchedOperator) -> str:
        shape = self._shape(name)
        if name in self._batched:
            return self._builder.reshape(self._batched[name], (self._batch, *shape))
        alone = self._builder.reshape(self._shared[name], (1, *shape))
        joins = step.operator.kind == "CONCAT"
        return self._builder.tile(alone, (self._batch, *(1 for _ in shape))) if joins else alone

    def _parameters_apart(self, step: _BatchedOperator) -> Sequence[str]:
        first: Mapping[str, tuple[Shape, ...]] = {
            "SLICE": ((0,), (self._batch,)),
            "PAD": ((0, 0), ()),
            "TILE": ((1,),),
        }
        added = first.get(step.operator.kind, ((),) * len(step.parameters))
        return [self._lengthen(name, more) for name, more in zip(step.parameters, added, strict=True)]

    def _lengthen(self, name: str, more: Shape) -> str:
        values = self._graph.constants[name].reshape(-1).tolist()
        return self._builder.shape_constant((*more, *values)) if more else name

    def _current(self, name: str) -> str:
        return self._batched[name] if name in self._batched else self._shared[name]

    def _repeated(self, name: str) -> str:
        """A tensor with its batch: what is the same for all inferences is repeated."""
        if name in self._batched:
            return self._batched[name]
        shape = self._shape(name)
        whole = self._builder.reshape(self._shared[name], shape or (1,))
        return self._builder.tile(whole, (self._batch, *(1 for _ in shape[1:])))

    def _shape(self, name: str) -> Shape:
        """The shape of a tensor of one inference."""
        return self._graph.tensor(name).shape

    def _grow(self, shape: Shape) -> Shape:
        """The shape of as many, one after the other."""
        return (self._batch * shape[0], *shape[1:]) if shape else (self._batch,)

    def _emit(self, step: _BatchedOperator, operands: Sequence[str], shape: Shape) -> str:
        operator = step.operator
        dtype = self._graph.tensor(operator.outputs[0]).dtype
        return self._builder.emit(operator.kind, (*operands, *step.parameters), shape, dtype, operator.attributes)


def _behind_first(operator: Operator) -> Mapping[str, AttributeValue]:
    """The attributes of an operator whose operands get an axis more in front."""
    attributes = dict(operator.attributes)
    if operator.kind == "TRANSPOSE":
        attributes["perms"] = (0, *(axis + 1 for axis in _integers(attributes["perms"])))
    elif operator.kind in _ALONG_AXIS:
        (axis,) = _integers((attributes["axis"],))
        attributes["axis"] = axis + 1
    return attributes


def _integers(value: object) -> tuple[int, ...]:
    assert isinstance(value, tuple)
    return tuple(int(item) for item in value)
