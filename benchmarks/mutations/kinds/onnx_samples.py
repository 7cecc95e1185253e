"""A small `.onnx` network, and changes of its messages that keep it a message."""

from __future__ import annotations

import random

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from mutations.mutators import mutate_bytes

_KINDS = ("Conv", "Relu", "Add", "MatMul", "Gather", "Reshape", "Softmax", "MaxPool", "Loop", "Unknown", "Slice", "Pad")
_NUMBERS = (-1, 0, 1, 2, 3, 7, 1 << 20, (1 << 31) - 1, 1 << 40, -(1 << 62))


def float_network(*, batch: int | str = 1) -> bytes:
    """A convolution, a pool, a reshape and a product; a batch of that name is left open."""
    rng = np.random.default_rng(0)
    weights = {
        "w": rng.normal(size=(4, 2, 3, 3)).astype(np.float32),
        "b": rng.normal(size=4).astype(np.float32),
        "shape": np.array([-1, 36], np.int64),
        "m": rng.normal(size=(36, 3)).astype(np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["x", "w", "b"], ["c"], name="conv", pads=[1, 1, 1, 1], strides=[1, 1]),
        helper.make_node("Relu", ["c"], ["r"], name="relu"),
        helper.make_node("MaxPool", ["r"], ["p"], name="pool", kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Reshape", ["p", "shape"], ["f"], name="flat"),
        helper.make_node("MatMul", ["f", "m"], ["y"], name="dense"),
    ]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, 2, 6, 6])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [batch, 3])],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return bytes(model.SerializeToString())


def mutate_model(rng: random.Random, data: bytes) -> bytes:
    """A changed operator, attribute, name, type or shape; or changed bytes."""
    if rng.random() < 0.2:
        return mutate_bytes(rng, data)
    model = onnx.load_from_string(data)
    for _ in range(rng.choice((1, 1, 1, 2))):
        rng.choice(_CHANGES)(rng, model.graph)
    return bytes(model.SerializeToString())


def _change_node(rng: random.Random, graph: onnx.GraphProto) -> None:
    node = rng.choice(graph.node)
    match rng.randrange(4):
        case 0:
            node.op_type = rng.choice(_KINDS)
        case 1:
            names = rng.choice((node.input, node.output))
            names[rng.randrange(len(names))] = rng.choice(("", "x", "y", "w", "nowhere"))
        case 2:
            graph.node.remove(node)
        case 3:
            graph.node.add().CopyFrom(node)
    if not graph.node:
        graph.node.add().op_type = "Relu"


def _change_attribute(rng: random.Random, graph: onnx.GraphProto) -> None:
    node = rng.choice(graph.node)
    if not node.attribute:
        node.attribute.add().CopyFrom(helper.make_attribute(rng.choice(("axis", "pads", "to")), rng.choice(_NUMBERS)))
        return
    attribute = rng.choice(node.attribute)
    if attribute.ints:
        attribute.ints[rng.randrange(len(attribute.ints))] = rng.choice(_NUMBERS)
    if rng.random() < 0.3:
        attribute.name = rng.choice(("pads", "dilations", "group", "auto_pad", "none"))


def _change_tensor(rng: random.Random, graph: onnx.GraphProto) -> None:
    tensor = rng.choice(graph.initializer)
    match rng.randrange(4):
        case 0:
            tensor.dims[rng.randrange(len(tensor.dims))] = rng.choice(_NUMBERS)
        case 1:
            tensor.data_type = rng.choice((0, 2, 6, 7, 8, 9, 10, 11, 16, 99))
        case 2:
            tensor.name = rng.choice(("", "x", "m", "other"))
        case 3:
            tensor.external_data.add(key="location", value=rng.choice(("/etc/passwd", "../x.npy", "x.npy", "")))
            tensor.data_location = TensorProto.EXTERNAL


def _change_weights(rng: random.Random, graph: onnx.GraphProto) -> None:
    tensor = rng.choice(graph.initializer)
    tensor.raw_data = mutate_bytes(rng, tensor.raw_data) if rng.random() < 0.5 else _with_number(rng, tensor.raw_data)


def _with_number(rng: random.Random, data: bytes) -> bytes:
    place = 4 * rng.randrange(max(1, len(data) // 4))
    number = np.array([rng.choice((np.nan, np.inf, -np.inf, 1e38, -1e-45, 0.0, 3.0))], np.float32).tobytes()
    return (data[:place] + number + data[place + 4 :])[: len(data)]


def _change_port(rng: random.Random, graph: onnx.GraphProto) -> None:
    port = rng.choice((*graph.input, *graph.output))
    sizes = port.type.tensor_type.shape.dim
    match rng.randrange(3):
        case 0:
            if sizes:
                rng.choice(sizes).dim_value = rng.choice(_NUMBERS)
        case 1:
            port.type.tensor_type.elem_type = rng.choice((0, 1, 3, 6, 7, 9, 10, 99))
        case 2:
            port.name = rng.choice(("", "x", "y", "w"))


_CHANGES = (_change_node, _change_attribute, _change_tensor, _change_port, *[_change_weights] * 3)
