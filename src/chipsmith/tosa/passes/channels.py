"""A graph with other numbers of output channels in a layer, for what it would cost: the form of a pruned network.

Its numbers are a stand-in, the first channels again and again: what it answers is worth nothing before it is trained.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from chipsmith.errors import BadInput
from chipsmith.tosa.graph import Array, DType, Graph, Operator, Tensor
from chipsmith.tosa.passes.canonicalize import canonicalize
from chipsmith.tosa.verify import verify

Channels = npt.NDArray[np.intp]
"""For each new channel the old one whose numbers stand in for it."""
CHANNEL_LAYERS = ("CONV2D",)
"""Operators whose output channels can be set; those of a depthwise one are its input's."""
MOST_CHANNELS = 1 << 14
_TIED = (*CHANNEL_LAYERS, "DEPTHWISE_CONV2D")
_CHANNEL_AXIS = 3
_POOLS = ("MAX_POOL2D", "AVG_POOL2D")
_SAME = ("CLAMP", "TABLE", "CAST", "ABS", "NEGATE", "IDENTITY", "RELU", "SIGMOID", "TANH", "RECIPROCAL", "CLZ", *_POOLS)
_BROADCAST = (
    *("ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM", "INTDIV", "POW"),
    *("ARITHMETIC_RIGHT_SHIFT", "LOGICAL_LEFT_SHIFT", "LOGICAL_RIGHT_SHIFT"),
)
_REDUCTIONS = ("REDUCE_SUM", "REDUCE_MAX", "REDUCE_MIN", "ARGMAX")


@dataclass(frozen=True, kw_only=True)
class _Mark:
    """Where the channels stand in a tensor: along `axis`, `outer` times all of them, each `inner` times in turn."""

    axis: int
    outer: int = 1
    inner: int = 1


class _TiedError(Exception):
    """The channels are tied to something whose size cannot change: the message says to what."""


def output_channels(graph: Graph, layer: str) -> int:
    """How many output channels an operator of CHANNEL_LAYERS has. Raises BadInput for any other name."""
    operator = next((each for each in graph.operators if each.name == layer), None)
    if operator is None or operator.kind not in CHANNEL_LAYERS:
        names = [each.name for each in graph.operators if each.kind in CHANNEL_LAYERS]
        shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
        raise BadInput(f"'{layer}' is no convolution of {graph.name}; its convolutions are {shown or 'none'}")
    return graph.tensors[operator.inputs[1]].shape[0]


def tied_layers(graph: Graph, layer: str) -> tuple[str, ...]:
    """The convolutions, depthwise ones too, whose output channels are those of a layer, itself among them; in order.

    Raises BadInput where there is no such layer, or its channels cannot change.
    """
    output_channels(graph, layer)
    graph = canonicalize(graph)
    spread = _ChannelSpread(graph=graph, channels=output_channels(graph, layer))
    try:
        spread.follow(layer)
    except _TiedError as tie:
        raise BadInput(f"the channels of '{layer}' cannot change: {tie}") from None
    return tuple(each.name for each in graph.operators if each.kind in _TIED and each.outputs[0] in spread.marks)


def set_channels(graph: Graph, layer: str, channels: int) -> Graph:
    """The graph, in its canonical form, with so many output channels in a convolution and in all that is tied to them.

    Raises BadInput where there is no such layer, or its channels cannot change.
    """
    output_channels(graph, layer)  # names the layers of the graph that was given
    graph = canonicalize(graph)  # weights that are constants behind other operators become constants themselves
    before = output_channels(graph, layer)
    if not 1 <= channels <= MOST_CHANNELS:
        raise BadInput(f"'{layer}' may have 1 to {MOST_CHANNELS} channels; {channels} are given")
    spread = _ChannelSpread(graph=graph, channels=before)
    try:
        spread.follow(layer)
        changed = _apply(spread, channels)
        verify(changed)
    except _TiedError as tie:
        raise BadInput(f"the channels of '{layer}' cannot change: {tie}") from None
    except BadInput as error:
        raise BadInput(f"the channels of '{layer}' cannot change: {error}") from error
    return changed


@dataclass(kw_only=True)
class _ChannelSpread:
    """Which axes of which tensors, and of which constant operands, are the channels of a layer."""

    graph: Graph
    channels: int
    marks: dict[str, _Mark] = field(default_factory=dict)
    cuts: dict[tuple[str, int], _Mark] = field(default_factory=dict)
    """Of a constant operand: the operator's name, and which of its inputs it is."""
    _waiting: list[str] = field(default_factory=list)

    def follow(self, layer: str) -> None:
        """Mark the output channels of a layer, and all that is tied to them."""
        users, makers = _users(self.graph), {name: each for each in self.graph.operators for name in each.outputs}
        output = next(each for each in self.graph.operators if each.name == layer).outputs[0]
        self._mark(output, _Mark(axis=_CHANNEL_AXIS))
        while self._waiting:
            name = self._waiting.pop()
            for operator in (makers[name], *users.get(name, ())):
                self._spread(operator, name)

    def _mark(self, name: str, mark: _Mark) -> None:
        known = self.marks.get(name)
        if known is not None:
            if known != mark:
                raise _TiedError(f"'{name}' has them twice, in different places")
            return
        if name in self.graph.inputs or name in self.graph.outputs:
            raise _TiedError(f"'{name}' is an input or an output of the network")
        size = self.graph.tensors[name].shape[mark.axis]
        if size != mark.outer * self.channels * mark.inner:
            raise _TiedError(f"'{name}' has {size} values there")
        self.marks[name] = mark
        self._waiting.append(name)

    def _spread(self, operator: Operator, name: str) -> None:
        """From one marked tensor of an operator to the others."""
        mark, output = self.marks[name], operator.outputs[0]
        if operator.kind == "CONV2D":
            self._spread_convolution(operator, name, mark)
        elif operator.kind == "DEPTHWISE_CONV2D":
            self._spread_depthwise(operator, mark)
        elif operator.kind == "RESCALE":
            self._tie(operator, mark, operator.inputs[0], output)
            self._cut_rescale(operator, mark)
        elif operator.kind in _SAME:
            if operator.kind in _POOLS and mark.axis not in (0, _CHANNEL_AXIS):
                raise _TiedError(f"'{operator.name}' pools over them")
            self._tie(operator, mark, operator.inputs[0], output)
        elif operator.kind in _BROADCAST:
            self._spread_broadcast(operator, mark)
        elif operator.kind == "TRANSPOSE":
            self._spread_transpose(operator, name, mark)
        elif operator.kind == "RESHAPE":
            self._spread_reshape(operator, name, mark)
        elif operator.kind in ("SLICE", "PAD"):
            self._spread_whole(operator, mark)
        elif operator.kind in _REDUCTIONS:
            self._spread_reduction(operator, name, mark)
        else:
            raise _TiedError(f"'{operator.name}' ({operator.kind}) takes them as they are")

    def _tie(self, operator: Operator, mark: _Mark, *names: str) -> None:
        for name in names:
            if name in self.graph.constants:
                raise _TiedError(f"'{operator.name}' has a constant there")
            self._mark(name, mark)

    def _spread_convolution(self, operator: Operator, name: str, mark: _Mark) -> None:
        if mark.axis != _CHANNEL_AXIS:
            raise _TiedError(f"'{operator.name}' sums over places of theirs")
        if any(each not in self.graph.constants for each in operator.inputs[1:3]):
            raise _TiedError(f"the weights of '{operator.name}' are computed")
        if name == operator.outputs[0]:
            self.cuts[operator.name, 1] = replace(mark, axis=0)
            self._cut_if_long(operator, 2, replace(mark, axis=0))
        if name == operator.inputs[0]:
            known = self.cuts.get((operator.name, 1))
            if known is not None and known.axis != mark.axis:
                raise _TiedError(f"'{operator.name}' has them on both sides")
            self.cuts[operator.name, 1] = mark

    def _spread_depthwise(self, operator: Operator, mark: _Mark) -> None:
        weights = self.graph.tensors[operator.inputs[1]].shape
        if mark.axis != _CHANNEL_AXIS or weights[3] != 1 or operator.inputs[1] not in self.graph.constants:
            raise _TiedError(f"'{operator.name}' makes several channels of each")
        self._tie(operator, mark, operator.inputs[0], operator.outputs[0])
        self.cuts[operator.name, 1] = replace(mark, axis=2)
        self._cut_if_long(operator, 2, replace(mark, axis=0))

    def _cut_rescale(self, operator: Operator, mark: _Mark) -> None:
        last = len(self.graph.tensors[operator.outputs[0]].shape) - 1
        for position in (1, 2):
            if self.graph.tensors[operator.inputs[position]].elements > 1:
                if mark.axis != last:
                    continue
                self._cut_if_long(operator, position, replace(mark, axis=0))

    def _cut_if_long(self, operator: Operator, position: int, mark: _Mark) -> None:
        """A constant operand has the channels unless it has one value for all of them."""
        size = self.graph.tensors[operator.inputs[position]].shape[mark.axis]
        if size != 1 or self.channels * mark.outer * mark.inner == 1:
            self.cuts[operator.name, position] = mark

    def _spread_broadcast(self, operator: Operator, mark: _Mark) -> None:
        self._mark(operator.outputs[0], mark)
        for position, name in enumerate(operator.inputs[:2]):
            tensor = self.graph.tensors[name]
            if len(tensor.shape) <= mark.axis or tensor.shape[mark.axis] == 1:
                continue
            if name in self.graph.constants:
                self.cuts[operator.name, position] = mark
            else:
                self._mark(name, mark)

    def _spread_transpose(self, operator: Operator, name: str, mark: _Mark) -> None:
        order = operator.attributes["perms"]
        assert isinstance(order, tuple)
        source, output = operator.inputs[0], operator.outputs[0]
        if name == source:
            self._mark(output, replace(mark, axis=order.index(mark.axis)))
        else:
            self._tie(operator, replace(mark, axis=order[mark.axis]), source)

    def _spread_reshape(self, operator: Operator, name: str, mark: _Mark) -> None:
        other = operator.outputs[0] if name == operator.inputs[0] else operator.inputs[0]
        before, after = self.graph.tensors[name].shape, self.graph.tensors[other].shape
        self._tie(operator, _reshaped(mark, before, after, self.channels, operator.name), other)

    def _spread_whole(self, operator: Operator, mark: _Mark) -> None:
        source, output = operator.inputs[0], operator.outputs[0]
        shapes = [self.graph.tensors[name].shape for name in (source, output)]
        if shapes[0][mark.axis] != shapes[1][mark.axis]:
            raise _TiedError(f"'{operator.name}' takes a part of them")
        self._tie(operator, mark, source, output)

    def _spread_reduction(self, operator: Operator, name: str, mark: _Mark) -> None:
        source, output = operator.inputs[0], operator.outputs[0]
        if operator.kind == "ARGMAX" or (operator.axis == mark.axis and name == output):
            raise _TiedError(f"'{operator.name}' counts them")
        if operator.axis != mark.axis:
            self._tie(operator, mark, source, output)


def _users(graph: Graph) -> dict[str, list[Operator]]:
    users: dict[str, list[Operator]] = {}
    for operator in graph.operators:
        for name in dict.fromkeys(operator.inputs):
            users.setdefault(name, []).append(operator)
    return users


def _reshaped(mark: _Mark, before: tuple[int, ...], after: tuple[int, ...], channels: int, name: str) -> _Mark:
    """Where the channels stand in the same elements of another shape."""
    inner = mark.inner * math.prod(before[mark.axis + 1 :])
    behind = 1
    for axis in reversed(range(len(after))):
        if inner % behind == 0 and (behind * after[axis]) % (inner * channels) == 0:
            return _Mark(axis=axis, outer=after[axis] * behind // (inner * channels), inner=inner // behind)
        behind *= after[axis]
    raise _TiedError(f"'{name}' spreads them over several axes")


def _apply(spread: _ChannelSpread, channels: int) -> Graph:
    graph = spread.graph
    kept = np.arange(channels) % spread.channels
    tensors, constants = dict(graph.tensors), dict(graph.constants)
    for name, mark in spread.marks.items():
        tensors[name] = _resized(graph.tensors[name], mark, channels)
    operators = []
    for operator in graph.operators:
        inputs = list(operator.inputs)
        for position, data in _new_operands(spread, operator, kept, tensors):
            fresh = f"{operator.name}/channels{position}"
            old = graph.tensors[operator.inputs[position]]
            tensors[fresh], constants[fresh] = Tensor(name=fresh, shape=data.shape, dtype=old.dtype), data
            inputs[position] = fresh
        operators.append(replace(operator, inputs=tuple(inputs)))
    return _without_unused(replace(graph, tensors=tensors, constants=constants, operators=tuple(operators)))


def _new_operands(
    spread: _ChannelSpread, operator: Operator, kept: Channels, tensors: Mapping[str, Tensor]
) -> Iterator[tuple[int, Array]]:
    """The constant operands of an operator that change: their places and their data."""
    graph = spread.graph
    for (name, position), mark in spread.cuts.items():
        if name == operator.name:
            yield position, _taken(graph.constants[operator.inputs[position]], mark, spread.channels, kept)
    mark_of = spread.marks.get(operator.outputs[0])
    if mark_of is not None and operator.kind in ("RESHAPE", "SLICE"):
        position = 1 if operator.kind == "RESHAPE" else 2
        yield position, np.array(tensors[operator.outputs[0]].shape, DType.SHAPE.numpy)


def _taken(data: Array, mark: _Mark, channels: int, kept: Channels) -> Array:
    """The values of the channels that are kept, along the mark's axis."""
    split = (*data.shape[: mark.axis], mark.outer, channels, mark.inner, *data.shape[mark.axis + 1 :])
    taken = np.take(data.reshape(split), kept, axis=mark.axis + 1)
    size = mark.outer * len(kept) * mark.inner
    return np.ascontiguousarray(taken.reshape((*data.shape[: mark.axis], size, *data.shape[mark.axis + 1 :])))


def _resized(tensor: Tensor, mark: _Mark, channels: int) -> Tensor:
    shape = list(tensor.shape)
    shape[mark.axis] = mark.outer * channels * mark.inner
    return replace(tensor, shape=tuple(shape))


def _without_unused(graph: Graph) -> Graph:
    """The graph without constants that nothing reads any more."""
    read = {name for operator in graph.operators for name in operator.inputs} | set(graph.outputs)
    constants = {name: data for name, data in graph.constants.items() if name in read}
    gone = set(graph.constants) - set(constants)
    tensors = {name: tensor for name, tensor in graph.tensors.items() if name not in gone}
    return replace(graph, constants=constants, tensors=tensors)
