"""Random legal ONNX networks, small and odd at their borders: names, ranks, types, readers, several outputs."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

import numpy as np
from door_networks import ELEMENTS, port, write_onnx
from onnx import helper

NAMES = ("file", "x/y:0", "Größe", "Relu", "args", "層", "a b", "output", "0", "self", "Conv_0", "x.1", "None", "data")
UNARY = ("Relu", "Sigmoid", "Tanh", "Neg", "Abs", "LeakyRelu", "HardSigmoid", "Softplus", "Identity", "Elu")
BINARY = ("Add", "Sub", "Mul", "Max", "Min")
FLOATS = ("float32", "float16")


@dataclass(frozen=True, kw_only=True)
class Value:
    """A tensor of the network; `depth` counts the operators before it."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    depth: int = 0

    @property
    def is_float(self):
        return self.dtype in FLOATS


@dataclass(kw_only=True)
class Growing:
    """A network while it grows."""

    draw: np.random.Generator
    dtype: str
    names: list[str]
    values: list[Value] = field(default_factory=list)
    nodes: list = field(default_factory=list)
    constants: dict = field(default_factory=dict)
    numbers: count = field(default_factory=count)

    def name(self):
        return self.names.pop() if self.names and self.draw.random() < 0.5 else f"t{next(self.numbers)}"

    def pick(self, allowed):
        """A value that is allowed, rather a late one; None where there is none."""
        fit = [value for value in self.values if allowed(value)]
        return fit[min(int(self.draw.integers(0, len(fit) + 2)), len(fit) - 1)] if fit else None

    def constant(self, array):
        array = np.asarray(array)
        name = f"c{next(self.numbers)}"
        self.constants[name] = array.astype(self.dtype) if array.dtype.kind == "f" else array
        return name

    def weights(self, *shape):
        fan = shape[-2] if len(shape) == 2 else int(np.prod(shape[1:]))
        return self.constant(self.draw.normal(size=shape) / np.sqrt(fan))

    def add(self, kind, inputs, shape, *, source, dtype=None, **attributes):
        """A node with one output; a third of the nodes has no name, others that of an operator or an output."""
        value = Value(name=self.name(), shape=tuple(shape), dtype=dtype or self.dtype, depth=source.depth + 1)
        label = str(self.draw.choice(["", "Relu", "file", f"node {value.name}"]))
        label = "" if label in {node.name for node in self.nodes} else label
        self.nodes.append(helper.make_node(kind, inputs, [value.name], label, **attributes))
        self.values.append(value)


def build_network(folder, seed):
    """The file of a random network, and 16 inputs of each of its ports, (16, *shape)."""
    draw = np.random.default_rng([seed, 10])
    dtype = "float16" if draw.random() < 0.15 else "float32"
    net = Growing(draw=draw, dtype=dtype, names=[str(name) for name in draw.permutation(NAMES)])
    inputs = [_enter(net, index) for index in range(draw.integers(1, 4))]
    for _ in range(int(draw.integers(3, 13))):
        GROWTHS[int(draw.integers(len(GROWTHS)))](net)
    if not net.nodes:
        _unary(net)
    outputs = _choose_outputs(net)
    ports = [[port(value.name, *value.shape, dtype=value.dtype) for value in values] for values in (inputs, outputs)]
    file = write_onnx(folder, net.nodes, *ports, net.constants, opset=int(draw.choice([13, 17])))
    return file, [_draw_column(value, draw) for value in inputs]


def _enter(net, index):
    """The first input is of floats; later ones may be indices or flags."""
    kinds = [net.dtype] if index == 0 else [net.dtype, net.dtype, "int64", "bool"]
    rank = int(net.draw.integers(0, 6))
    shape = tuple(int(size) for size in net.draw.integers(1, 5, rank))
    shape = (1, *shape[1:]) if net.draw.random() < 0.6 and shape else shape
    value = Value(name=net.name(), shape=shape, dtype=str(net.draw.choice(kinds)))
    net.values.append(value)
    return value


def _draw_column(value, draw):
    shape = (16, *value.shape)
    match value.dtype:
        case "int64":
            return draw.integers(-4, 4, shape)
        case "bool":
            return draw.random(shape) < 0.5
        case _:
            return draw.normal(size=shape).astype(value.dtype)


def _choose_outputs(net):
    """The last value and up to three more: inner ones, inputs as they are, and a constant."""
    produced = [value for value in net.values if value.depth]
    others = [value for value in net.values if value is not produced[-1]]
    picked = [others[index] for index in net.draw.permutation(len(others))[: int(net.draw.integers(0, 4))]]
    outputs = [produced[-1], *picked]
    if net.draw.random() < 0.15:
        name = net.name()
        values = helper.make_tensor("", 1, [2, 2], [0.5, -1.0, 3.25, 2.0])
        net.nodes.append(helper.make_node("Constant", [], [name], value=values))
        outputs.append(Value(name=name, shape=(2, 2), dtype="float32"))
    return [outputs[index] for index in net.draw.permutation(len(outputs))]


def _float(net, ranks=range(6), deepest=5):
    return net.pick(lambda value: value.is_float and len(value.shape) in ranks and value.depth < deepest)


def _unary(net):
    value = _float(net)
    if value is not None:
        net.add(str(net.draw.choice(UNARY)), [value.name], value.shape, source=value)


def _with_constant(net):
    value = _float(net, range(1, 6))
    if value is not None:
        shape = [size if net.draw.random() < 0.5 else 1 for size in value.shape][int(net.draw.integers(0, 2)) :]
        inputs = [value.name, net.constant(net.draw.normal(size=shape))]
        inputs = inputs if net.draw.random() < 0.7 else inputs[::-1]
        net.add(str(net.draw.choice(BINARY)), inputs, value.shape, source=value)


def _binary(net):
    first = _float(net)
    second = net.pick(
        lambda value: (
            value.is_float and first is not None and value is not first and _broadcasts(value.shape, first.shape)
        )
    )
    if first is not None and second is not None:
        shape = np.broadcast_shapes(first.shape, second.shape)
        source = max(first, second, key=lambda value: value.depth)
        net.add(str(net.draw.choice(BINARY)), [first.name, second.name], shape, source=source)


def _broadcasts(first, second):
    pairs = zip(reversed(first), reversed(second), strict=False)
    return all(left == right or 1 in (left, right) for left, right in pairs)


def _matmul(net):
    value = _float(net, range(2, 6))
    if value is not None:
        size = int(net.draw.integers(1, 6))
        weights = net.weights(value.shape[-1], size)
        net.add("MatMul", [value.name, weights], (*value.shape[:-1], size), source=value)


def _gemm(net):
    value = _float(net, (2,))
    if value is not None:
        size = int(net.draw.integers(1, 6))
        bias = net.constant(net.draw.normal(size=[(size,), (1, size), (1,), ()][int(net.draw.integers(4))]))
        inputs = [value.name, net.weights(value.shape[1], size), bias]
        net.add("Gemm", inputs, (value.shape[0], size), source=value, beta=float(net.draw.choice([1.0, 0.5])))


def _conv(net):
    value = _float(net, (3, 4))
    if value is not None:
        channels, spatial = int(net.draw.integers(1, 5)), value.shape[2:]
        kernel = [int(net.draw.integers(1, min(size, 3) + 1)) for size in spatial]
        shape = (value.shape[0], channels, *(size - k + 1 for size, k in zip(spatial, kernel, strict=True)))
        net.add("Conv", [value.name, net.weights(channels, value.shape[1], *kernel)], shape, source=value)


def _pool(net):
    value = _float(net, (4,))
    if value is not None and min(value.shape[2:]) > 1:
        shape = (*value.shape[:2], *(size - 1 for size in value.shape[2:]))
        kind = str(net.draw.choice(["MaxPool", "AveragePool"]))
        net.add(kind, [value.name], shape, source=value, kernel_shape=[2, 2])


def _transpose(net):
    value = _float(net, range(2, 6))
    if value is not None:
        order = [int(axis) for axis in net.draw.permutation(len(value.shape))]
        net.add("Transpose", [value.name], [value.shape[axis] for axis in order], source=value, perm=order)


def _reshape(net):
    value = _float(net, range(1, 6))
    if value is not None:
        shape = [(-1,), (1, -1), (value.shape[0], -1)][int(net.draw.integers(3))]
        size = int(np.prod(value.shape))
        net.add("Reshape", [value.name, net.constant(np.array(shape))], _fill(shape, size), source=value)


def _fill(shape, size):
    known = -int(np.prod(shape))
    return tuple(size // known if length == -1 else length for length in shape)


def _concat(net):
    value = _float(net, range(1, 5))
    if value is not None:
        axis = int(net.draw.integers(len(value.shape)))
        other = net.constant(net.draw.normal(size=value.shape) * 4) if net.draw.random() < 0.4 else value.name
        shape = [2 * size if index == axis else size for index, size in enumerate(value.shape)]
        net.add("Concat", [value.name, other], shape, source=value, axis=axis)


def _reduce(net):
    value = _float(net, range(1, 6))
    if value is not None:
        axis, kept = int(net.draw.integers(len(value.shape))), int(net.draw.integers(2))
        shape = list(value.shape)
        shape[axis : axis + 1] = [1] if kept else []
        kind = str(net.draw.choice(["ReduceMax", "ReduceMin", "ReduceMean"]))
        net.add(kind, [value.name], shape, source=value, axes=[axis], keepdims=kept)


def _softmax(net):
    value = _float(net, range(1, 6))
    if value is not None:
        net.add("Softmax", [value.name], value.shape, source=value, axis=int(net.draw.integers(len(value.shape))))


def _gather(net):
    indices = net.pick(lambda value: value.dtype == "int64" and len(value.shape) < 4 and not value.depth)
    if indices is not None:
        net.add("Gather", [net.weights(4, 3), indices.name], (*indices.shape, 3), source=indices)


def _where(net):
    condition = net.pick(lambda value: value.dtype == "bool" and not value.depth)
    if condition is not None:
        value = net.pick(lambda value: value.is_float and _broadcasts(value.shape, condition.shape))
        if value is not None:
            shape = np.broadcast_shapes(value.shape, condition.shape)
            inputs = [condition.name, value.name, net.constant(np.float64(-1.5))]
            net.add("Where", inputs, shape, source=value)


def _compare(net):
    value = _float(net)
    if value is not None:
        kind = str(net.draw.choice(["Greater", "Less"]))
        net.add(kind, [value.name, net.constant(np.float64(0.3))], value.shape, source=value, dtype="bool")


def _argmax(net):
    value = _float(net, range(1, 6))
    if value is not None:
        axis = int(net.draw.integers(len(value.shape)))
        shape = [1 if index == axis else size for index, size in enumerate(value.shape)]
        net.add("ArgMax", [value.name], shape, source=value, dtype="int64", axis=axis)


def _cast(net):
    value = net.pick(lambda value: not value.is_float)
    if value is not None:
        net.add("Cast", [value.name], value.shape, source=value, to=ELEMENTS[net.dtype])


def _slice(net):
    value = _float(net, range(1, 6))
    if value is not None:
        axis = int(net.draw.integers(len(value.shape)))
        first, last, stride = [(0, -1, 1), (-1, -9, -1), (1, 9, 2)][int(net.draw.integers(3))]
        size = len(range(value.shape[axis])[first:last:stride])
        if size:
            numbers = [net.constant(np.array([number])) for number in (first, last, axis, stride)]
            shape = [size if index == axis else length for index, length in enumerate(value.shape)]
            net.add("Slice", [value.name, *numbers], shape, source=value)


def _unsqueeze(net):
    value = _float(net, range(5))
    if value is not None:
        axis = int(net.draw.integers(len(value.shape) + 1))
        shape = (*value.shape[:axis], 1, *value.shape[axis:])
        net.add("Unsqueeze", [value.name, net.constant(np.array([axis]))], shape, source=value)


def _pad(net):
    value = _float(net, range(1, 5))
    if value is not None:
        rank = len(value.shape)
        pads = net.draw.integers(0, 2, 2 * rank)
        shape = [size + int(pads[axis] + pads[axis + rank]) for axis, size in enumerate(value.shape)]
        inputs = [value.name, net.constant(pads), net.constant(np.float64(net.draw.normal() * 5))]
        net.add("Pad", inputs, shape, source=value)


GROWTHS = (
    _argmax,
    _cast,
    _slice,
    _unsqueeze,
    _pad,
    _unary,
    _with_constant,
    _binary,
    _matmul,
    _gemm,
    _conv,
    _pool,
    _transpose,
    _reshape,
    _concat,
    _reduce,
    _softmax,
    _gather,
    _where,
    _compare,
)
"""Each adds an operator where one of its kind fits."""
