"""Small ONNX networks, and how far the integer graph is from onnxruntime on the same inputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from chipsmith.frontends.onnx.model import parse_model
from chipsmith.frontends.onnx.quantise import quantise
from chipsmith.frontends.onnx.runtime import onnx_model
from chipsmith.frontends.onnx.witness import onnx_tensors
from chipsmith.tosa.verify import operation_of, row_of

node = helper.make_node


def weights(name, *shape):
    values = np.random.default_rng([len(name), *shape]).normal(size=shape) * 0.3
    return numpy_helper.from_array(values.astype(np.float32), name)


def floats(name, values):
    return numpy_helper.from_array(np.array(values, np.float32), name)


def integers(name, values):
    return numpy_helper.from_array(np.array(values, np.int64), name)


def proto(nodes, constants=(), opset=17, **inputs):
    """A network with output `y`; an input's shape begins with "int" where it holds integers."""
    ports = [_port(name, shape) for name, shape in inputs.items()]
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "net", ports, [result], list(constants))
    network = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    return onnx.shape_inference.infer_shapes(network)


def _port(name, shape):
    kind = TensorProto.INT64 if shape[0] == "int" else TensorProto.FLOAT
    return helper.make_tensor_value_info(name, kind, [size for size in shape if size != "int"])


def model(network, name="net"):
    return parse_model(network, Path(f"{name}.onnx"))


def random_inputs(network, count, seed=0):
    """One array for each input, `count` batches along axis 0."""
    random = np.random.default_rng(seed)
    shapes = [((count * port.shape[0], *port.shape[1:]), port.dtype.kind) for port in network.inputs]
    return [
        random.normal(size=shape).astype(np.float32) if kind == "f" else random.integers(0, 10, shape)
        for shape, kind in shapes
    ]


def quantised(network, count=32):
    """The QDQ network of a float one, calibrated on normally distributed inputs, and the float one."""
    plain = model(network)
    return quantise(plain, random_inputs(plain, count))


def qdq_of(network):
    """The QDQ network that was lowered."""
    return onnx_model(network.fake_quantized)


def layer_steps(network, columns):
    """(operator, greatest difference from onnxruntime in steps) of each layer, given onnxruntime's own inputs to it."""
    arrays = network.quantize_inputs(*columns)
    values = {name: array.reshape(-1, *network.graph.tensor(name).shape) for name, array in arrays.items()}
    theirs = _by_onnxruntime(network, columns)
    return [*_steps(network.graph, values, theirs)]


def _by_onnxruntime(network, columns):
    """Each layer's operator and onnxruntime's integers, by the graph's tensor and in its layout."""
    model = qdq_of(network)
    named = {
        port.name: column.reshape(-1, *port.shape).astype(port.dtype)
        for port, column in zip(model.inputs, columns, strict=True)
    }
    tensors = onnx_tensors(model.proto, [layer.integers for layer in network.layers], named)
    return {
        layer.tensor: (layer.operator, _moved(tensors[layer.integers].astype(np.int64) - layer.offset, layer.axes))
        for layer in network.layers
    }


def _moved(array, axes):
    return np.transpose(array, (0, *(axis + 1 for axis in axes)))


def _steps(graph, values, theirs):
    """Operator after operator; where a layer ends, onnxruntime's values take the place of ours."""
    values = {**values, **{name: array[None] for name, array in graph.constants.items()}}
    for op in graph.operators:
        (name,) = op.outputs
        values[name] = row_of(op).meaning(operation_of(graph, op), [values[source] for source in op.inputs])
        if name in theirs:
            operator, wanted = theirs[name]
            wanted = wanted.reshape(-1, *graph.tensor(name).shape)
            yield operator, int(np.abs(values[name].astype(np.int64) - wanted).max())
            values[name] = wanted.astype(np.int8)
