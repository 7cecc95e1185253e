"""Hand-made graphs, an operator a line."""

from __future__ import annotations

import numpy as np

from chipsmith.tosa.graph import DType, Graph, Operator, Tensor
from chipsmith.tosa.verify import verify

RESCALE = {
    "scale32": True,
    "rounding_mode": "SINGLE_ROUND",
    "per_channel": False,
    "input_unsigned": False,
    "output_unsigned": False,
}
CONV = {"pad": (0, 0, 0, 0), "stride": (1, 1), "dilation": (1, 1), "local_bound": False, "acc_type": "INT32"}


class Net:
    """A graph in the making; each method returns the name of the tensor that it adds."""

    def __init__(self, **inputs):
        self.tensors, self.operators, self.constants, self.inputs = {}, [], {}, []
        for name, shape in inputs.items():
            self.inputs.append(self.tensor(name, shape, DType.INT8))

    def tensor(self, name, shape, dtype):
        self.tensors[name] = Tensor(name=name, shape=tuple(shape), dtype=dtype)
        return name

    def constant(self, values, dtype=DType.INT8):
        data = np.array(values, dtype.numpy)
        name = self.tensor(f"c{len(self.tensors)}", data.shape, dtype)
        self.constants[name] = data
        return name

    def shape(self, *values):
        return self.constant(values, DType.SHAPE)

    def add(self, kind, inputs, shape, dtype=DType.INT8, **attributes):
        name = self.tensor(f"t{len(self.tensors)}", shape, dtype)
        self.operators.append(
            Operator(kind=kind, name=name, inputs=tuple(inputs), outputs=(name,), attributes=attributes)
        )
        return name

    def reshape(self, source, *shape):
        return self.add("RESHAPE", (source, self.shape(*shape)), shape, self.tensors[source].dtype)

    def transpose(self, source, *perms):
        before = self.tensors[source]
        return self.add("TRANSPOSE", (source,), [before.shape[axis] for axis in perms], before.dtype, perms=perms)

    def rescale(self, source, dtype, *, multiplier=1 << 30, shift=30, zero_points=(0, 0)):
        before = self.tensors[source]
        operands = (
            self.constant([multiplier], DType.INT32),
            self.constant([shift]),
            self.constant([zero_points[0]], before.dtype),
            self.constant([zero_points[1]], dtype),
        )
        return self.add("RESCALE", (source, *operands), before.shape, dtype, **RESCALE)

    def conv(self, source, weights, out, *, kind="CONV2D", input_zp=0, weight_zp=0, **changes):
        channels = out[-1]
        bias = self.constant(np.arange(channels) * 7 - 3, DType.INT32)
        operands = (source, weights, bias, self.constant([input_zp]), self.constant([weight_zp]))
        return self.add(kind, operands, out, DType.INT32, **{**CONV, **changes})

    def graph(self, *outputs):
        graph = Graph(
            name="net",
            tensors=self.tensors,
            operators=tuple(self.operators),
            constants=self.constants,
            inputs=tuple(self.inputs),
            outputs=outputs,
        )
        verify(graph)
        return graph


def random_int8(*shape, seed=0):
    return np.random.default_rng(seed).integers(-128, 128, shape).astype(np.int8)


def kinds(graph):
    return [op.kind for op in graph.operators]
