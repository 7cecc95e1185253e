"""Nodes of constants: the small ones that compute shapes by numpy, the others by onnxruntime."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from chipsmith.errors import BadInput
from chipsmith.frontends.onnx.model import Node
from chipsmith.frontends.onnx.session import first_line, open_session
from chipsmith.frontends.onnx.types import MOST_ELEMENTS, widen

if TYPE_CHECKING:
    import onnx

    Opsets = Sequence[onnx.OperatorSetIdProto]

Arrays: TypeAlias = Mapping[str, npt.NDArray[Any]]
_GROWING = {"ConstantOfShape": 0, "Expand": 1, "Tile": 1}
"""Operators whose result can be much larger than their inputs, and the input that says how large."""
_LEAST_IR = 8


def evaluate_node(node: Node, inputs: Arrays, opsets: Opsets, ir_version: int) -> list[npt.NDArray[Any]]:
    """The outputs of a node for its inputs by name, as its version of ONNX means it.

    Raises BadInput where onnxruntime refuses, or the result would be absurdly large.
    """
    _refuse_growth(node, inputs)
    compute = _BY_NUMPY.get(node.kind)
    if compute is not None and all(name in inputs for name in node.inputs):
        result = compute(node, [inputs[name] for name in node.inputs])
        if result is not None:
            return [widen(result)]
    return [widen(array) for array in _run(node, inputs, opsets, max(ir_version, _LEAST_IR))]


def _run(node: Node, inputs: Arrays, opsets: Opsets, ir_version: int) -> list[npt.NDArray[Any]]:
    """By onnxruntime on the CPU, without optimisations."""
    import onnx

    helper = onnx.helper
    names = [name for name in node.outputs if name]
    try:
        proto = node.proto or helper.make_node(node.kind, node.inputs, node.outputs, **node.attributes)
        ports = [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
            for name, value in inputs.items()
        ]
        graph = helper.make_graph([proto], "node", ports, [onnx.ValueInfoProto(name=name) for name in names])
        model = helper.make_model(graph, opset_imports=list(opsets), ir_version=ir_version)
        session = open_session(model.SerializeToString())
        return [np.asarray(value) for value in session.run(names, dict(inputs))]
    except Exception as error:  # onnxruntime's classes have no common base of their own
        reason = first_line(error)[:200]
        raise BadInput(f"{node.kind} '{node.name}': onnxruntime cannot compute it: {reason}") from error


def _refuse_growth(node: Node, inputs: Arrays) -> None:
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


def _gather(node: Node, inputs: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    return np.asarray(np.take(inputs[0], inputs[1].astype(np.int64), axis=node.integer("axis", 0)))


def _concat(node: Node, inputs: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    return np.concatenate(inputs, axis=node.integer("axis", 1))


def _unsqueeze(node: Node, inputs: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    axes = node.integers("axes", ()) or tuple(int(axis) for axis in inputs[1].reshape(-1))
    return np.expand_dims(inputs[0], axes)


def _add(node: Node, inputs: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any] | None:
    return None if node.attributes else np.asarray(inputs[0] + inputs[1])


def _multiply(node: Node, inputs: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any] | None:
    return None if node.attributes else np.asarray(inputs[0] * inputs[1])


def _transpose(node: Node, inputs: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    return np.transpose(inputs[0], node.integers("perm", tuple(range(inputs[0].ndim))[::-1]))


def _same(node: Node, inputs: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    del node
    return inputs[0]


_BY_NUMPY: Mapping[str, Callable[[Node, Sequence[npt.NDArray[Any]]], npt.NDArray[Any] | None]] = {
    "Gather": _gather,
    "Concat": _concat,
    "Unsqueeze": _unsqueeze,
    "Add": _add,
    "Mul": _multiply,
    "Transpose": _transpose,
    "Identity": _same,
}
"""Operators of which exporters write many; the function gives None for a form of old versions."""
