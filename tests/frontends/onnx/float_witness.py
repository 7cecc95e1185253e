"""Small ONNX networks as float graphs beside onnxruntime on the same bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from chipsmith.frontends.onnx.model import parse_model
from chipsmith.frontends.onnx.network import lower_model
from chipsmith.frontends.onnx.session import open_session
from chipsmith.tosa.floating.evaluate import evaluate_floats


def network(kind, arrays, constants=(), *, opset=17, outputs=1, **attributes):
    """A network of one operator: its inputs are `arrays`, then `constants`; None leaves one out."""
    given = [array for array in (*arrays, *constants)]
    names = ["" if array is None else f"i{index}" for index, array in enumerate(given)]
    results = [f"y{index}" for index in range(outputs)]
    node = helper.make_node(kind, names, results, name="node", **attributes)
    ports = [port(name, array) for name, array in zip(names, arrays, strict=False) if name]
    initializers = [
        numpy_helper.from_array(array, name)
        for name, array in zip(names[len(arrays) :], constants, strict=True)
        if array is not None
    ]
    infos = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in results]
    graph = helper.make_graph([node], "net", ports, infos, initializers)
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    model = onnx.shape_inference.infer_shapes(model)
    for info in model.graph.output:
        if not info.type.tensor_type.HasField("shape"):  # of functions, which keep the shape of their first input
            info.CopyFrom(helper.make_tensor_value_info(info.name, TensorProto.FLOAT, arrays[0].shape))
    return model.SerializeToString()


def port(name, array):
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)


def lowered(data):
    """The float network of a file's bytes."""
    return lower_model(parse_model(data, Path("net.onnx")))[0]


def computed(float_network, arrays):
    """The float graph's outputs for one inference."""
    graph = float_network.graph
    inputs = {
        port.name: array[None].astype(graph.tensor(port.name).dtype.numpy)
        for port, array in zip(float_network.inputs, arrays, strict=True)
    }
    values = evaluate_floats(graph, inputs, keep=graph.outputs)
    return [output.constant if output.tensor is None else values[output.tensor][0] for output in float_network.outputs]


def expected(data, arrays):
    """onnxruntime's outputs on the same bytes."""
    session = open_session(data)
    return session.run(None, {port.name: array for port, array in zip(session.get_inputs(), arrays, strict=True)})


def assert_same(data, arrays, tolerance=1e-5):
    """Each output has onnxruntime's shape, and its values but for float32's rounding."""
    wanted = expected(data, arrays)
    for ours, theirs in zip(computed(lowered(data), arrays), wanted, strict=True):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance * max(1.0, np.abs(theirs).max()))
