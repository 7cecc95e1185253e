"""Small ONNX networks, and what the float network of each computes beside onnxruntime on the file as it is."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from chipsmith.frontends.onnx.model import parse_model
from chipsmith.frontends.onnx.network import lower_model
from chipsmith.frontends.onnx.session import open_session
from chipsmith.tosa.floating.evaluate import evaluate_floats
from chipsmith.tosa.graph import DType

node = helper.make_node


def weights(name, *shape):
    values = np.random.default_rng([len(name), *shape]).normal(size=shape) * 0.3
    return numpy_helper.from_array(values.astype(np.float32), name)


def floats(name, values):
    return numpy_helper.from_array(np.array(values, np.float32), name)


def integers(name, values):
    return numpy_helper.from_array(np.array(values, np.int64), name)


def booleans(name, values):
    return numpy_helper.from_array(np.array(values, np.bool_), name)


def proto(nodes, constants=(), opset=17, outputs=("y",), **inputs):
    """A network with outputs by name; an input's shape begins with its type where it is not float32."""
    ports = [_port(name, shape) for name, shape in inputs.items()]
    results = [onnx.ValueInfoProto(name=name) for name in outputs]
    graph = helper.make_graph(nodes, "net", ports, results, list(constants))
    imports = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=imports, ir_version=8)


def single(kind, x, constants=(), opset=17, **attributes):
    """A network of a single operator: its input `x`, then the constants, None where one is left out."""
    names = [constant.name if constant is not None else "" for constant in constants]
    given = [constant for constant in constants if constant is not None]
    return proto([node(kind, ["x", *names], ["y"], **attributes)], given, opset, x=x)


def branch(kind, source, name):
    """A branch of an If: an operator of a tensor outside of it."""
    return helper.make_graph([node(kind, [source], [name])], name, [], [onnx.ValueInfoProto(name=name)])


def _port(name, shape):
    kind = np.dtype(shape[0] if shape and isinstance(shape[0], str) else "float32")
    element = helper.np_dtype_to_tensor_dtype(kind)
    return helper.make_tensor_value_info(name, element, [size for size in shape if not isinstance(size, str)])


def typed(network, element=TensorProto.FLOAT):
    """The network with the element type of its outputs, which the format asks for."""
    inferred = onnx.shape_inference.infer_shapes(network)
    for port in inferred.graph.output:
        if not port.type.tensor_type.elem_type:
            port.type.tensor_type.elem_type = element
    return inferred


def model(network, name="net", **arguments):
    return parse_model(typed(network).SerializeToString(), f"{name}.onnx", **arguments)


def random_inputs(network, count, seed=0):
    """One array (count, *shape) for each input."""
    random = np.random.default_rng(seed)
    return [_draw(random, port.dtype, (count, *port.shape)) for port in network.inputs]


def _draw(random, dtype, shape):
    if dtype.kind in "iu":
        return random.integers(0, 10, shape).astype(dtype)
    values = random.integers(0, 2, shape) if dtype.kind == "b" else random.normal(size=shape)
    return np.asarray(values).astype(dtype)


def source_outputs(network, columns):
    """By onnxruntime on the unchanged file: for each output an array with the inferences in front."""
    session, names = open_session(network.data), [port.name for port in network.inputs]
    feeds = (dict(zip(names, map(np.asarray, row), strict=True)) for row in zip(*columns, strict=True))
    rows = [session.run(list(network.outputs), feed) for feed in feeds]
    return [np.stack(column) for column in zip(*rows, strict=True)]


def float_outputs(network, columns):
    """By the float network, in the author's shapes and types."""
    lowered, _ = lower_model(network)
    graph = lowered.graph
    inputs = {
        port.name: _as_graph_has_it(column, port, graph.tensor(port.name).dtype)
        for port, column in zip(lowered.inputs, columns, strict=True)
    }
    values = evaluate_floats(graph, inputs, keep=graph.outputs)
    count = len(columns[0])
    return [
        np.stack([output.constant] * count) if output.tensor is None else values[output.tensor].astype(output.dtype)
        for output in lowered.outputs
    ]


def _as_graph_has_it(column, port, dtype):
    if port.encoding is not None:
        offset = 128 if port.dtype == np.uint8 else 0
        steps = column.astype(np.int64) - offset - port.encoding.zero_point[0]
        return (steps * port.encoding.scale[0]).astype(np.float32)
    return column.astype({DType.FP32: np.float32, DType.INT32: np.int32, DType.BOOL: np.bool_}[dtype])


def assert_same(network, columns=None, rtol=1e-5, atol=1e-5):
    """The float network's outputs are those of onnxruntime, whose scale the tolerance is relative to."""
    columns = columns or random_inputs(network, 3)
    for ours, theirs in zip(float_outputs(network, columns), source_outputs(network, columns), strict=True):
        scale = max(1.0, float(np.abs(theirs.astype(np.float64)).max(initial=0)))
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours.astype(np.float64), theirs.astype(np.float64), rtol=rtol, atol=atol * scale)
