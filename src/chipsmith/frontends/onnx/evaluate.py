"""Single nodes computed by onnxruntime: constants folded, and functions of one value tabulated as it computes them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from chipsmith.errors import BadInput
from chipsmith.frontends.onnx.model import MOST_ELEMENTS, Node

if TYPE_CHECKING:
    import onnx

    Opsets = Sequence[onnx.OperatorSetIdProto]

_GROWING = {"ConstantOfShape": 0, "Expand": 1, "Tile": 1}
"""Operators whose result can be much larger than their inputs, and the input that says how large."""


def evaluate_node(
    node: Node, inputs: Mapping[str, npt.NDArray[Any]], opsets: Opsets, ir_version: int
) -> list[npt.NDArray[Any]]:
    """The outputs of one node for its inputs by name, by onnxruntime on the CPU without optimisations.

    Raises BadInput where onnxruntime refuses, or the result would be absurdly large.
    """
    import onnx
    import onnxruntime

    _refuse_growth(node, inputs)
    helper = onnx.helper
    ports = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
        for name, value in inputs.items()
    ]
    names = [name for name in node.outputs if name]
    results = [onnx.ValueInfoProto(name=name) for name in names]
    assert node.proto is not None
    graph = helper.make_graph([node.proto], "node", ports, results)
    model = helper.make_model(graph, opset_imports=list(opsets), ir_version=ir_version)
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), quiet_options(), providers=PROVIDERS)
        return [np.asarray(value) for value in session.run(names, dict(inputs))]
    except Exception as error:  # onnxruntime's classes have no common base of its own
        reason = str(error).strip().splitlines()
        raise BadInput(f"{node.kind} '{node.name}': onnxruntime cannot compute it: {reason[0][:200]}") from error


PROVIDERS = ["CPUExecutionProvider"]


def quiet_options() -> Any:
    """Options of a session that computes literally: no optimisation, one thread, no messages but errors it raises."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    return options


def _refuse_growth(node: Node, inputs: Mapping[str, npt.NDArray[Any]]) -> None:
    values = list(inputs.values())
    size = 0.0
    if node.kind in _GROWING and len(values) > _GROWING[node.kind]:
        size = math.prod(float(extent) for extent in values[_GROWING[node.kind]].reshape(-1))
        size *= values[0].size if node.kind == "Tile" else 1
    if node.kind == "Range" and len(values) == 3:
        start, limit, step = (float(value.reshape(-1)[0]) for value in values)
        size = abs(limit - start) / max(abs(step), 1e-30)
    if size > MOST_ELEMENTS:
        raise BadInput(f"{node.kind} '{node.name}' makes a constant of {size:.3g} elements; that is absurdly large")
