"""An ONNX network as a float network: node after node, each as its version of ONNX means it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from chipsmith.errors import BadInput, ChipsmithError, OperatorRefused
from chipsmith.frontends.forms.values import Const, GraphValue, restore_order
from chipsmith.frontends.onnx.border import enter_input, name_inputs, plan_inputs
from chipsmith.frontends.onnx.coded import CodedConst, CodedTensor
from chipsmith.frontends.onnx.definitions import expand_definition
from chipsmith.frontends.onnx.element_types import check_element_types
from chipsmith.frontends.onnx.handlers import HANDLERS, REASONS
from chipsmith.frontends.onnx.lowering import Lowering, Value, refuse
from chipsmith.frontends.onnx.model import Node, OnnxModel, parse_node
from chipsmith.frontends.onnx.qlinear import expand
from chipsmith.frontends.onnx.types import widen
from chipsmith.frontends.onnx.weights import plan_weights
from chipsmith.quantisation.network import FloatLayer, FloatNetwork, NetworkOutput
from chipsmith.quantisation.plan import QuantisationPlan
from chipsmith.tosa.graph import DType
from chipsmith.tosa.passes.cleanup import drop_dead

_QUANTISING = ("QuantizeLinear", "DequantizeLinear")
_MOVING = frozenset(
    (
        *("Concat", "DepthToSpace", "Expand", "Flatten", "Gather", "GatherElements", "GatherND", "Identity", "MaxPool"),
        *("ReduceMax", "ReduceMin", "Reshape", "Slice", "SpaceToDepth", "Split", "Squeeze", "Tile", "Transpose"),
        *("Unsqueeze", "GlobalMaxPool"),
    )
)
"""Operators that choose or move values: of a quantised tensor's integers they give the same as of its reals."""
_FIRST_ALONE = ("LayerNormalization",)
"""Operators whose function here gives their first output alone."""
_FAULTS = (KeyError, IndexError, ValueError, TypeError, ZeroDivisionError, OverflowError, AssertionError, MemoryError)
"""What an attribute or a shape that makes no sense raises in the lowering of a node."""


def lower_model(model: OnnxModel) -> tuple[FloatNetwork, QuantisationPlan]:
    """The float network of a file, and the plan of its own scales, empty where it has none.

    Raises OperatorRefused, naming the node and the reason, for what has no form here, and BadInput where a node makes
    no sense.
    """
    lower = Lowering(model)
    for port in model.inputs:
        lower.values[port.name] = enter_input(lower, port)
    walk = _NodeWalk(lower)
    for node in model.nodes:
        walk.lower_nodes(expand(node))
    return _finish(lower, walk.layers)


class _NodeWalk:
    """Lowers nodes in their order, and keeps the author's node and the layer of each tensor."""

    def __init__(self, lower: Lowering) -> None:
        self._lower = lower
        self._origins: dict[str, str] = {}
        self._layers: dict[str, FloatLayer] = {}
        self._tensors = set(lower.values)

    @property
    def layers(self) -> tuple[FloatLayer, ...]:
        """One for each of the author's operators whose result is real, in their order."""
        return tuple(self._layers.values())

    def lower_nodes(self, nodes: Sequence[Node]) -> None:
        """Lower each node, those of a branch with it."""
        for node in nodes:
            if node.kind == "If":
                self._lower_branch(node)
            elif (definition := _define(self._lower, node)) is not None:
                self.lower_nodes(definition)
            else:
                self._lower_node(node)

    def _lower_node(self, node: Node) -> None:
        origin = _find_origin(node, self._origins)
        self._lower.build.origin = self._lower.build.scope = origin
        self._origins.update(dict.fromkeys(node.outputs, origin))
        self._lower.lowered.append(node)
        for name, value in zip(node.outputs, _compute(self._lower, node), strict=False):
            self._lower.values[name] = value
            self._add_layer(node, name, value)

    def _add_layer(self, node: Node, name: str, value: Value) -> None:
        """A QuantizeLinear rounds the layer before it; what only moves values is none of its own."""
        if isinstance(value, CodedTensor) and node.kind == "QuantizeLinear":
            before = self._layers.get(node.inputs[0])
            if before is not None:
                self._layers[node.inputs[0]] = FloatLayer(
                    name=before.name,
                    operator=before.operator,
                    tensor=value.real.tensor,
                    axes=value.real.axes,
                    source=before.source,
                )
        elif isinstance(value, GraphValue) and value.tensor not in self._tensors and self._lower.holds_reals(value):
            self._layers[name] = FloatLayer(
                name=node.name, operator=node.kind, tensor=value.tensor, axes=value.axes, source=name
            )
            self._tensors.add(value.tensor)

    def _lower_branch(self, node: Node) -> None:
        """The branch that a constant condition chooses, in the place of the node."""
        condition = self._lower.value(node, 0)
        if not isinstance(condition, Const):
            raise refuse(node, "its condition is computed; export the network with fixed shapes and without branches")
        branch = node.attributes["then_branch" if condition.values.reshape(-1)[0] else "else_branch"]
        import onnx

        for constant in branch.initializer:
            self._lower.values[constant.name] = Const(values=widen(onnx.numpy_helper.to_array(constant)))
        for inner in branch.node:
            self.lower_nodes(expand(parse_node(inner, self._lower.model.file)))
        for name, port in zip(node.outputs, branch.output, strict=True):
            self._lower.values[name] = self._lower.values[port.name]
            self._origins[name] = self._origins.get(port.name, node.name)


def _define(lower: Lowering, node: Node) -> Sequence[Node] | None:
    """What ONNX says an operator that has no function here means; None for all others."""
    values = [lower.values.get(name) for name in node.inputs]
    has_function = node.kind in HANDLERS and not (node.kind in _FIRST_ALONE and any(node.outputs[1:]))
    if has_function or all(isinstance(value, Const) for value in values):
        return None
    if any(isinstance(value, CodedTensor) for value in values):
        return None
    types = [(lower.type_of(value), value.shape) if isinstance(value, GraphValue | Const) else None for value in values]
    return expand_definition(node, types, lower.opset(), lower.model.file)


def _find_origin(node: Node, origins: Mapping[str, str]) -> str:
    """The node whose result a node computes: the node before it, if there is any, of a Quantize- or DequantizeLinear.

    `origins` are those of the tensors before it.
    """
    return origins.get(node.inputs[0], node.name) if node.kind in _QUANTISING and node.inputs else node.name


def _compute(lower: Lowering, node: Node) -> Sequence[Value]:
    try:
        with np.errstate(all="ignore"):  # what is not a number is refused where it becomes an integer
            return _dispatch(lower, node)
    except ChipsmithError:
        raise
    except _FAULTS as error:
        raise BadInput(f"{node.kind} '{node.name}' makes no sense: {type(error).__name__}: {error}") from error


def _dispatch(lower: Lowering, node: Node) -> Sequence[Value]:
    constants = _fold_constants(lower, node)
    if constants is not None:
        return constants
    if node.kind not in HANDLERS:
        reason = REASONS.get(node.kind, "is not among the operators that are held; docs/front-ends.md lists them")
        raise OperatorRefused(f"{node.kind} '{node.name}': {reason}")
    check_element_types(lower, node)
    if node.kind in _MOVING:
        return _move(lower, node)
    return HANDLERS[node.kind](lower, node)


def _fold_constants(lower: Lowering, node: Node) -> Sequence[Value] | None:
    """The outputs of a node all whose inputs are constants; None where an input is computed."""
    if node.kind == "Constant":
        return [Const(values=_read_constant(node))]
    if node.kind in _QUANTISING or node.kind in REASONS:
        return None
    values = {name: lower.values.get(name) for name in node.inputs if name}
    arrays = {name: value.values for name, value in values.items() if isinstance(value, Const)}
    if len(arrays) < len(values):
        return None
    coded = [value for value in values.values() if isinstance(value, CodedConst)]
    results = lower.evaluate(node, arrays)
    if len(coded) == 1 and node.kind in _MOVING:
        return [_recode(array, coded[0]) for array in results]
    return [Const(values=array) for array in results]


def _recode(array: npt.NDArray[Any], source: CodedConst) -> CodedConst:
    return CodedConst(values=array, scale=source.scale, zero_point=source.zero_point)


def _read_constant(node: Node) -> npt.NDArray[Any]:
    for name, dtype in (("value", None), ("value_float", "float32"), ("value_floats", "float32")):
        if name in node.attributes:
            return np.asarray(node.attributes[name], dtype)
    for name in ("value_int", "value_ints"):
        if name in node.attributes:
            return np.asarray(node.attributes[name], np.int64)
    raise OperatorRefused(f"Constant '{node.name}': only tensors and numbers are held")


def _move(lower: Lowering, node: Node) -> Sequence[Value]:
    """The node of reals, or of a quantised tensor's integers, which it moves as their reals."""
    coded = {name: value for name in node.inputs if isinstance(value := lower.values.get(name), CodedTensor)}
    if not coded:
        return HANDLERS[node.kind](lower, node)
    codings = {lower.coding_of(value) for value in coded.values()}
    if len(codings) > 1 or (node.kind == "Concat" and len(coded) < len(set(node.inputs))):
        raise refuse(node, "it joins integers that have different scales; dequantise them first")
    coding = codings.pop()
    try:
        lower.values.update({name: value.real for name, value in coded.items()})
        results = HANDLERS[node.kind](lower, node)
    finally:
        lower.values.update(coded)
    return [CodedTensor(real=value, coding=coding) if isinstance(value, GraphValue) else value for value in results]


def _finish(lower: Lowering, layers: Sequence[FloatLayer]) -> tuple[FloatNetwork, QuantisationPlan]:
    model = lower.model
    outputs = [_name_output(lower, name, dtype) for name, dtype in zip(model.outputs, model.output_types, strict=True)]
    tensors = dict.fromkeys(output.tensor for output in outputs if output.tensor is not None)
    graph = drop_dead(lower.build.finish(model.name, tuple(tensors)))
    plan = {**lower.plan, **plan_weights(lower, graph)}
    plan |= plan_inputs(lower, graph, plan)
    network = FloatNetwork(
        graph=graph,
        inputs=name_inputs(lower),
        outputs=tuple(outputs),
        layers=tuple(layer for layer in layers if layer.tensor in graph.tensors),
        origins={op.name: lower.build.origins[op.name] for op in graph.operators},
    )
    return network, QuantisationPlan(tensors={name: entry for name, entry in plan.items() if name in graph.tensors})


def _name_output(lower: Lowering, name: str, dtype: np.dtype[Any] | None) -> NetworkOutput:
    value = lower.values.get(name)
    lower.build.scope = lower.build.origin = name
    if value is None:
        raise BadInput(f"output '{name}' of {lower.model.name} is computed by no node")
    if isinstance(value, Const):
        own = value.values.dtype if dtype is None else dtype
        return NetworkOutput(name=name, dtype=own, tensor=None, constant=value.values.astype(own))
    if isinstance(value, CodedTensor):
        tensor = restore_order(lower.build, value.real).tensor
        coding = lower.coding_of(value)
        own = dtype or np.dtype("uint8" if coding.offset else "int8")
        return NetworkOutput(name=name, dtype=own, tensor=tensor, encoding=coding.quantisation)
    plain = restore_order(lower.build, value)
    return NetworkOutput(name=name, dtype=dtype or _NUMPY_TYPES[lower.type_of(plain)], tensor=plain.tensor)


_NUMPY_TYPES: Mapping[DType, np.dtype[Any]] = {
    DType.FP32: np.dtype("float32"),
    DType.INT32: np.dtype("int64"),
    DType.BOOL: np.dtype("bool"),
}
