"""What a node's lowering has at hand: the values so far, and the float graph in the making."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from chipsmith.errors import BadInput, OperatorRefused
from chipsmith.frontends.forms.elementwise import add_number, multiply_number
from chipsmith.frontends.forms.values import Const, GraphValue, natural_value
from chipsmith.frontends.onnx.coded import CodedTensor, Coding
from chipsmith.frontends.onnx.evaluate import evaluate_node
from chipsmith.frontends.onnx.model import Node, OnnxModel
from chipsmith.quantisation.plan import Quantisation
from chipsmith.tosa.builder import GraphBuilder
from chipsmith.tosa.graph import DType

Value: TypeAlias = GraphValue | Const | CodedTensor
Arrays: TypeAlias = Mapping[str, npt.NDArray[Any]]


class Lowering:
    """The state of one lowering: `values` by ONNX name, and `build`, the graph so far.

    `lowered` are the nodes that it holds, and `plan` the scales that the file itself has for its tensors.

    Real numbers are FP32 tensors of the graph, integers INT32, truth values BOOL, whatever their width in the file.
    """

    def __init__(self, model: OnnxModel) -> None:
        self.model = model
        self.build = GraphBuilder(reserved=(*model.outputs, *(port.name for port in model.inputs)))
        self.values: dict[str, Value] = {name: Const(values=data) for name, data in model.constants.items()}
        self.plan: dict[str, Quantisation] = {}
        self.lowered: list[Node] = []
        self._rounded: dict[tuple[str, Coding], str] = {}
        self._encodings: dict[str, Coding] = {}

    def has(self, node: Node, index: int) -> bool:
        """Whether a node has that input."""
        return index < len(node.inputs) and bool(node.inputs[index])

    def value(self, node: Node, index: int) -> GraphValue | Const:
        """The value of a node's input, which must be there. Raises OperatorRefused for integers of a quantised tensor.

        A constant may be one of CodedConst.
        """
        value = self.any_value(node, index)
        if isinstance(value, CodedTensor):
            raise refuse(
                node, f"it computes with '{node.inputs[index]}', integers of a QuantizeLinear; dequantise them first"
            )
        return value

    def any_value(self, node: Node, index: int) -> Value:
        """The value of a node's input, integers of a quantised tensor too."""
        if not self.has(node, index):
            raise BadInput(f"{node.kind} '{node.name}': its input {index} is missing")
        name = node.inputs[index]
        if name not in self.values:
            raise BadInput(f"{node.kind} '{node.name}': its input '{name}' is not computed before it")
        return self.values[name]

    def computed(self, node: Node, index: int) -> GraphValue:
        """A node's input as a tensor of the graph: a constant becomes such a tensor here."""
        return self.materialise(self.value(node, index))

    def read_numbers(self, node: Node, index: int) -> GraphValue:
        """A node's input as a tensor of the graph, of which integers of a quantised tensor are the numbers they are."""
        value = self.any_value(node, index)
        if not isinstance(value, CodedTensor):
            return self.materialise(value)
        coding = self.coding_of(value)
        steps = multiply_number(self.build, value.real, 1 / coding.scale)
        return add_number(self.build, steps, float(coding.zero_point + coding.offset))

    def materialise(self, value: GraphValue | Const) -> GraphValue:
        """The value as a tensor of the graph."""
        if isinstance(value, GraphValue):
            return value
        return natural_value(self.build, self.build.constant(value.values, graph_type(value.values.dtype)))

    def constant(self, node: Node, index: int) -> npt.NDArray[Any] | None:
        """The constant of a node's input, reals where it is quantised; None where there is no such input.

        Raises OperatorRefused where it is computed.
        """
        if not self.has(node, index):
            return None
        value = self.value(node, index)
        if not isinstance(value, Const):
            raise refuse(node, f"input {index}, '{node.inputs[index]}', is computed; only a constant is held")
        return value.values

    def integers(self, node: Node, index: int) -> tuple[int, ...] | None:
        """The integers of a constant input, flat; None where there is no such input."""
        values = self.constant(node, index)
        return None if values is None else tuple(int(value) for value in values.reshape(-1))

    def holds_reals(self, value: GraphValue | Const) -> bool:
        """Whether a value holds real numbers, and not integers or truth values."""
        return self.type_of(value) is DType.FP32

    def type_of(self, value: GraphValue | Const) -> DType:
        """The element type that a value has in the graph: FP32, INT32 or BOOL."""
        return self.build.dtype(value.tensor) if isinstance(value, GraphValue) else graph_type(value.values.dtype)

    def round_to(self, value: GraphValue, coding: Coding) -> GraphValue:
        """The value rounded to integers: an IDENTITY that the plan names, the same for equal codings."""
        key = (value.tensor, coding)
        if key not in self._rounded:
            name = self.build.unary("IDENTITY", value.tensor)
            self._rounded[key] = name
            self.plan[name] = coding.quantisation
        return GraphValue(tensor=self._rounded[key], shape=value.shape, axes=value.axes)

    def coding_of(self, value: CodedTensor, *, first_reading: Coding | None = None) -> Coding:
        """What a quantised tensor's integers stand for.

        Those of an input of the network stand for what their `first_reading` says, or else for themselves.
        """
        tensor = value.real.tensor
        if not any(port.name == tensor for port in self.model.inputs):
            return value.coding
        return self._encodings.setdefault(tensor, first_reading or value.coding)

    def cast_to_real(self, value: GraphValue) -> GraphValue:
        """Integers of the graph as real numbers."""
        return GraphValue(tensor=self.build.unary("CAST", value.tensor, DType.FP32), shape=value.shape, axes=value.axes)

    def evaluate(self, node: Node, inputs: Arrays) -> list[npt.NDArray[Any]]:
        """The node's outputs for constant inputs."""
        proto = self.model.proto
        return evaluate_node(node, inputs, list(proto.opset_import), proto.ir_version)

    def opset(self) -> int:
        """The version of ONNX's own operators."""
        return self.model.opset


Handler: TypeAlias = Callable[[Lowering, Node], Sequence[Value]]
"""Lowers one node: the values of its outputs, in their order; outputs that nobody reads may be left out at the end."""


def graph_type(dtype: np.dtype[Any]) -> DType:
    """The element type that the graph has for a numpy type. Raises OperatorRefused for text and complex numbers."""
    if dtype.kind == "b":
        return DType.BOOL
    if dtype.kind in "iu":
        return DType.INT32
    if dtype.kind == "f":
        return DType.FP32
    raise OperatorRefused(f"elements of type {dtype} are not held; real numbers, integers and truth values are")


def normalise_axis(axis: int, rank: int, node: Node) -> int:
    """An axis counted from the front; BadInput where there is none such."""
    if not -rank <= axis < rank:
        raise BadInput(f"{node.kind} '{node.name}': axis {axis} is outside of its input of rank {rank}")
    return axis % rank


def refuse(node: Node, reason: str) -> OperatorRefused:
    """The refusal of a node, by its name."""
    return OperatorRefused(f"{node.kind} '{node.name}': {reason}")
