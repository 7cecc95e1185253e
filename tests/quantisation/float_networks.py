"""Small float networks, and calibrations of theirs, for the tests of the quantiser."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from chipsmith.quantisation.network import FloatLayer, FloatNetwork, NetworkInput, NetworkOutput
from chipsmith.tosa.builder import GraphBuilder
from chipsmith.tosa.graph import DType, Graph


class NetworkWriter(GraphBuilder):
    """A GraphBuilder with the operators that tests write often; each is named after the tensor that it gives."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        self.random = np.random.default_rng(seed)

    def real(self, data: object) -> str:
        """A constant of reals."""
        return self.constant(np.asarray(data, np.float32), DType.FP32)

    def convolve(
        self,
        source: str,
        channels: int,
        *,
        name: str,
        size: int = 1,
        depthwise: bool = False,
        scale: object = 1.0,
        bias: object = None,
    ) -> str:
        """A convolution with random weights times `scale` (a number a channel), padded to the source's size."""
        self.scope = self.origin = name
        *outer, inputs = self.shape(source)
        shape = (size, size, inputs, 1) if depthwise else (channels, size, size, inputs)
        fan = size * size * (1 if depthwise else inputs)
        weights = self.random.normal(size=shape) / np.sqrt(fan)
        weights = weights * np.reshape(scale, (-1, 1) if depthwise else (-1, 1, 1, 1))
        shift = self.random.normal(size=channels) if bias is None else np.broadcast_to(bias, channels)
        zeros = [self.real([0.0]), self.real([0.0])]
        before = size // 2
        attributes = {
            "pad": (before, size - 1 - before) * 2,
            "stride": (1, 1),
            "dilation": (1, 1),
            "local_bound": False,
            "acc_type": "FP32",
        }
        kind = "DEPTHWISE_CONV2D" if depthwise else "CONV2D"
        operands = [source, self.real(weights), self.real(shift), *zeros]
        return self.emit(kind, operands, (*outer, channels), DType.FP32, attributes)

    def clamp(self, source: str, low: float, high: float, *, name: str) -> str:
        """The source within limits."""
        self.scope = self.origin = name
        return self.emit("CLAMP", [source], self.shape(source), DType.FP32, {"min_val": low, "max_val": high})

    def apply(self, kind: str, *sources: str, name: str) -> str:
        """An elementwise operator of one or two tensors."""
        self.scope = self.origin = name
        if kind == "MUL":
            return self.multiply(*sources)
        return self.unary(kind, *sources) if len(sources) == 1 else self.binary(kind, *sources)

    def matmul(self, left: str, right: str, *, name: str) -> str:
        """The product of two stacks of matrices."""
        self.scope = self.origin = name
        shape = (*self.shape(left)[:2], self.shape(right)[2])
        return self.emit("MATMUL", [left, right, self.real([0.0]), self.real([0.0])], shape, DType.FP32)

    def softmax(self, source: str, *, name: str) -> str:
        """exp(x - max) / sum of it along the last axis."""
        self.scope = self.origin = name
        axis = len(self.shape(source)) - 1
        raised = self.unary("EXP", self.binary("SUB", source, self.reduce("REDUCE_MAX", source, axis)))
        return self.multiply(raised, self.unary("RECIPROCAL", self.reduce("REDUCE_SUM", raised, axis)))


def network_of(graph: Graph, layers: Sequence[str] = ()) -> FloatNetwork:
    """The network whose author has the graph's own tensors."""
    types = {DType.FP32: np.dtype(np.float32), DType.INT32: np.dtype(np.int32), DType.BOOL: np.dtype(np.bool_)}
    tensors = graph.tensors
    return FloatNetwork(
        graph=graph,
        inputs=tuple(
            NetworkInput(name=name, dtype=types[tensors[name].dtype], shape=tensors[name].shape)
            for name in graph.inputs
        ),
        outputs=tuple(
            NetworkOutput(name=name, dtype=types[tensors[name].dtype], tensor=name) for name in graph.outputs
        ),
        layers=tuple(
            FloatLayer(name=name, operator="", tensor=name, axes=tuple(range(len(tensors[name].shape))), source=name)
            for name in layers
        ),
        origins={operator.name: operator.name for operator in graph.operators},
    )


def write_network(write: Callable[[NetworkWriter, str], Sequence[str]], shape: tuple[int, ...]) -> FloatNetwork:
    """The network with an input `x` whose outputs `write` gives."""
    writer = NetworkWriter()
    return network_of(writer.finish("network", write(writer, writer.enter("x", shape, DType.FP32))))


def write_residual(writer: NetworkWriter, x: str) -> Sequence[str]:
    """Convolutions with Relu, a residual sum, and logits."""
    first = writer.clamp(writer.convolve(x, 8, name="first", size=3), 0.0, np.inf, name="relu")
    second = writer.convolve(first, 8, name="second", size=3)
    total = writer.clamp(writer.apply("ADD", first, second, name="sum"), 0.0, np.inf, name="out")
    return [writer.convolve(total, 2, name="logits")]


def normal(count: int, shape: tuple[int, ...], seed: int = 1) -> dict[str, np.ndarray]:
    """Inputs `x` with normally distributed values."""
    return {"x": np.random.default_rng(seed).normal(size=(count, *shape)).astype(np.float32)}
