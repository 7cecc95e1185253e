"""Questions about a graph that the compiler asks again and again."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from chipsmith.compiler.fuse.chains import ChannelScale, ScaleStage
from chipsmith.program.instructions import Rounding
from chipsmith.tosa.graph import Graph, Operator
from chipsmith.tosa.passes.rewrite import find_producers

MOST_PHASES = 16
"""Transposed convolutions whose strides make more phases are no sliding windows (lower/transposed_conv.py)."""
_ROUNDINGS = {
    "SINGLE_ROUND": Rounding.SINGLE,
    "INEXACT_ROUND": Rounding.SINGLE,
    "DOUBLE_ROUND": Rounding.DOUBLE,
}


@dataclass(frozen=True)
class GraphIndex:
    """A graph with its producers, consumers and constants at hand."""

    graph: Graph

    @cached_property
    def producers(self) -> Mapping[str, Operator]:
        """The operator that computes each tensor."""
        return find_producers(self.graph)

    @cached_property
    def by_name(self) -> dict[str, Operator]:
        """The operators by name."""
        return {op.name: op for op in self.graph.operators}

    def operator(self, name: str) -> Operator:
        """The operator of that name."""
        return self.by_name[name]

    @cached_property
    def uses(self) -> Counter[str]:
        """How often each tensor is read; being an output of the graph counts too."""
        reads = Counter(name for op in self.graph.operators for name in op.inputs)
        reads.update(self.graph.outputs)
        return reads

    def sole_producer(self, tensor: str) -> Operator | None:
        """The producer of a tensor that nobody else reads, which a chain may therefore swallow."""
        return self.producers.get(tensor) if self.uses[tensor] == 1 else None

    def constant_int(self, tensor: str) -> int | None:
        """The value of a constant whose elements are all the same."""
        data = self.graph.constant(tensor)
        if data is None or data.size == 0:
            return None
        first: int = data.flat[0].item()
        return int(first) if bool(np.all(data == first)) else None

    def zero_point(self, tensor: str) -> int:
        """The value of a zero point operand."""
        value = self.constant_int(tensor)
        if value is None:
            raise ValueError(f"zero point {tensor} is no constant")
        return value

    def rescale_zero_points(self, op: Operator) -> tuple[int, int]:
        """Zero points of a RESCALE's input and output, read without a sign where the operand has none."""
        flags = (op.attributes["input_unsigned"], op.attributes["output_unsigned"])
        values = (self.zero_point(name) for name in op.inputs[3:5])
        sizes = (self.graph.tensor(name).dtype.size_bytes for name in op.inputs[3:5])
        source, target = (
            value % (1 << 8 * size) if flag else value for flag, value, size in zip(flags, values, sizes, strict=True)
        )
        return source, target

    def uniform_scale(self, op: Operator) -> ScaleStage | None:
        """The scale of a RESCALE with one multiplier and shift, else None."""
        scale = self.channel_scale(op)
        if scale is None or not scale.uniform:
            return None
        return ScaleStage(rounding=scale.rounding, multiplier=int(scale.multiplier[0]), shift=int(scale.shift[0]))

    def channel_scale(self, op: Operator) -> ChannelScale | None:
        """The scale of a RESCALE with constant multipliers, else None; 16-bit multipliers round as SINGLE does."""
        multiplier, shift = (self.graph.constant(name) for name in op.inputs[1:3])
        if multiplier is None or shift is None:
            return None
        return ChannelScale(
            rounding=_ROUNDINGS[str(op.attributes["rounding_mode"])],
            multiplier=np.asarray(multiplier, np.int64),
            shift=np.asarray(shift, np.int64),
        )


def integer(op: Operator, attribute: str) -> int:
    """An attribute that is one integer."""
    return int(op.attributes[attribute])  # type: ignore[arg-type]


def integers(op: Operator, attribute: str) -> tuple[int, ...]:
    """An attribute that is a list of integers."""
    return tuple(int(value) for value in op.attributes[attribute])  # type: ignore[union-attr]


def macs(graph: Graph, anchor: Operator) -> int:
    """Multiply-accumulates of a convolution or matrix product for one run of the graph."""
    output, weights = graph.tensor(anchor.outputs[0]), graph.tensor(anchor.inputs[1]).shape
    match anchor.kind:
        case "CONV2D" | "CONV3D":
            return output.elements * math.prod(weights[1:])
        case "TRANSPOSE_CONV2D":
            return graph.tensor(anchor.inputs[0]).elements * math.prod(weights[:-1])
        case "DEPTHWISE_CONV2D":
            return output.elements * weights[0] * weights[1]
        case _:
            return output.elements * weights[1]


def has_many_phases(graph: Graph, anchor: Operator) -> bool:
    """Whether an operator is a transposed convolution whose strides make more phases than MOST_PHASES."""
    if anchor.kind != "TRANSPOSE_CONV2D":
        return False
    sizes = graph.tensor(anchor.outputs[0]).shape[1:3]
    return math.prod(min(pair) for pair in zip(sizes, integers(anchor, "stride"), strict=True)) > MOST_PHASES
