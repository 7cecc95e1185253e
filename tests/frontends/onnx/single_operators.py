"""Networks of a single operator, whose inputs are arrays."""

from __future__ import annotations

import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx_networks import assert_same, model, node, source_outputs


def operator(kind, arrays, constants=(), *, opset=17, outputs=1, **attributes):
    """The network whose inputs have the shapes and types of `arrays`; constants follow, None for one left out."""
    names = ["" if array is None else f"i{index}" for index, array in enumerate((*arrays, *constants))]
    results = [f"y{index}" for index in range(outputs)]
    ports = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
        for name, array in zip(names, arrays, strict=False)
    ]
    given = zip(names[len(arrays) :], constants, strict=True)
    tensors = [numpy_helper.from_array(array, name) for name, array in given if name]
    shape = arrays[0].shape  # of functions, whose shapes are not inferred
    infos = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in results]
    graph = helper.make_graph([node(kind, names, results, name="node", **attributes)], "net", ports, infos, tensors)
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    network = onnx.shape_inference.infer_shapes(helper.make_model(graph, opset_imports=opsets, ir_version=8))
    for info in network.graph.output:
        if not info.type.tensor_type.HasField("shape"):
            info.CopyFrom(helper.make_tensor_value_info(info.name, TensorProto.FLOAT, shape))
    return model(network)


def columns(arrays):
    """One inference of the arrays."""
    return [array[None] for array in arrays]


def onnxruntime_computes(network, arrays):
    """Whether onnxruntime takes the network, and gives something."""
    try:
        return all(array.size for array in source_outputs(network, columns(arrays)))
    except Exception:  # of onnxruntime, whose errors have no common class
        return False


def assert_operator(kind, arrays, constants=(), **attributes):
    """The float network gives what onnxruntime gives of the same file and arrays."""
    assert_same(operator(kind, arrays, constants, **attributes), columns(arrays))
