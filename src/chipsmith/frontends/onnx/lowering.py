"""What a node's lowering has at hand: the values so far, the graph in the making, and who reads a tensor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from chipsmith.errors import BadInput, OperatorRefused
from chipsmith.frontends.onnx.builder import GraphBuilder
from chipsmith.frontends.onnx.evaluate import evaluate_node
from chipsmith.frontends.onnx.model import Node, OnnxModel
from chipsmith.frontends.onnx.requantize import to_int8
from chipsmith.frontends.onnx.values import (
    Acc32,
    AffineInt8,
    Const,
    GraphValue,
    Lut,
    PendingInput,
    QuantisedConst,
    Value,
    dequantize_const,
)

_MOVING = frozenset(
    (
        *("Concat", "DepthToSpace", "Dropout", "Expand", "Flatten", "Gather", "GlobalMaxPool", "Identity", "MaxPool"),
        *(
            "ReduceMax",
            "Relu",
            "Reshape",
            "Slice",
            "SpaceToDepth",
            "Split",
            "Squeeze",
            "Transpose",
            "Unsqueeze",
            "Where",
        ),
    )
)
"""Operators that choose or move values: a QuantizeLinear behind them may as well stand before them."""


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """Scale and zero point of an int8 tensor; `offset` is 128 where ONNX has uint8, and zero_point is int8's."""

    scale: float
    zero_point: int
    offset: int


class Lowering:
    """The state of one lowering: `values` by ONNX name, and `build`, the graph so far.

    `origins` names, by ONNX name, the author's node that each tensor is the result of.
    """

    def __init__(self, model: OnnxModel) -> None:
        self.model = model
        self.build = GraphBuilder(reserved=model.outputs)
        self.values: dict[str, Value] = {name: Const(values=data) for name, data in model.constants.items()}
        self.origins: dict[str, str] = {}
        self._readers: dict[str, list[Node]] = {}
        for node in model.nodes:
            for name in node.inputs:
                self._readers.setdefault(name, []).append(node)

    def value(self, node: Node, index: int) -> Value:
        """The value of a node's input, which must be there."""
        if not self.has(node, index):
            raise BadInput(f"{node.kind} '{node.name}': its input {index} is missing")
        name = node.inputs[index]
        if name not in self.values:
            raise BadInput(f"{node.kind} '{node.name}': its input '{name}' is not computed before it")
        return self.values[name]

    def has(self, node: Node, index: int) -> bool:
        """Whether a node has that input."""
        return index < len(node.inputs) and bool(node.inputs[index])

    def constant(self, node: Node, index: int) -> npt.NDArray[Any] | None:
        """The constant at a node's input, real values where it is quantised; None where there is no such input."""
        if not self.has(node, index):
            return None
        value = self.value(node, index)
        if not isinstance(value, Const | QuantisedConst):
            raise OperatorRefused(f"{node.kind} '{node.name}': input {index} is computed; only a constant is held")
        return dequantize_const(value)

    def integers(self, node: Node, index: int) -> tuple[int, ...] | None:
        """The integers of a constant input, flat; None where there is no such input."""
        values = self.constant(node, index)
        return None if values is None else tuple(int(value) for value in values.reshape(-1))

    def read_computed(self, node: Node, index: int) -> AffineInt8 | Lut | Acc32:
        """A node's input that the graph computes."""
        value = self.settle(node, index)
        if not isinstance(value, AffineInt8 | Lut | Acc32):
            raise OperatorRefused(
                f"{node.kind} '{node.name}': input {index} is {_describe(value)}; it must be a quantised activation"
            )
        return value

    def read_affine(self, node: Node, index: int) -> AffineInt8:
        """A node's input as int8 with its scale; a QuantizeLinear behind operators that only move it counts too."""
        value = self.read_computed(node, index)
        if isinstance(value, AffineInt8):
            return value
        parameters = self.find_following(node)
        if parameters is None or node.kind not in _MOVING:
            raise OperatorRefused(
                f"{node.kind} '{node.name}' reads '{node.inputs[index]}', which no QuantizeLinear makes int8: quantise "
                "that tensor too"
            )
        tensor = to_int8(self.build, value, scale=parameters.scale, zero_point=parameters.zero_point)
        return AffineInt8(
            tensor=tensor, shape=value.shape, axes=value.axes, scale=parameters.scale, zero_point=parameters.zero_point
        )

    def settle(self, node: Node, index: int) -> Value:
        """A node's input; a float input of the network takes the parameters of the QuantizeLinear that comes first."""
        value = self.value(node, index)
        if not isinstance(value, PendingInput):
            return value
        parameters = self.find_following(node) if node.kind in _MOVING else None
        if parameters is None:
            raise OperatorRefused(
                f"{node.kind} '{node.name}' reads the input '{node.inputs[index]}' in floating point: quantise that "
                "input too (a QuantizeLinear and a DequantizeLinear behind it)"
            )
        return self.settle_input(node.inputs[index], value, parameters)

    def settle_input(self, name: str, value: PendingInput, parameters: Parameters) -> AffineInt8:
        """A float input of the network as int8; from here on its value is that."""
        settled = AffineInt8(
            tensor=value.tensor,
            shape=value.shape,
            axes=value.axes,
            scale=parameters.scale,
            zero_point=parameters.zero_point,
        )
        self.values[name] = settled
        return settled

    def find_following(self, node: Node) -> Parameters | None:
        """The parameters of the QuantizeLinear that follows a node's first output, behind moving operators at most."""
        seen = 0
        while seen <= len(self.model.nodes):
            readers = self._readers.get(node.outputs[0], [])
            quantising = [reader for reader in readers if reader.kind == "QuantizeLinear"]
            if quantising:
                return self.parameters(quantising[0])
            if len(readers) != 1 or readers[0].kind not in _MOVING:
                return None
            node, seen = readers[0], seen + 1
        return None

    def parameters(self, node: Node) -> Parameters:
        """Scale and zero point of a QuantizeLinear or DequantizeLinear of an activation.

        Raises OperatorRefused for other types than int8 and uint8, and where they differ along an axis.
        """
        scale, zero_point = self.constant(node, 1), self.constant(node, 2)
        assert scale is not None
        kind = _read_type(node, zero_point)
        if scale.size != 1 or kind not in ("int8", "uint8"):
            actual = f"{kind} with {scale.size} scales" if scale.size != 1 else kind
            raise OperatorRefused(
                f"{node.kind} '{node.name}': activations are int8 or uint8 with one scale, and here they are {actual}"
            )
        offset = 128 if kind == "uint8" else 0
        stored = 0 if zero_point is None else int(zero_point.reshape(-1)[0])
        return Parameters(
            scale=_check_positive(float(scale.reshape(-1)[0]), node), zero_point=stored - offset, offset=offset
        )

    def evaluate(self, node: Node, inputs: Mapping[str, npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
        """The node's outputs for constant inputs, by onnxruntime."""
        proto = self.model.proto
        return evaluate_node(node, inputs, list(proto.opset_import), proto.ir_version)

    def opset(self) -> int:
        """The version of ONNX's own operators."""
        return max(int(opset.version) for opset in self.model.proto.opset_import if opset.domain in ("", "ai.onnx"))


Handler: TypeAlias = Callable[[Lowering, Node], Sequence[Value]]
"""Lowers one node: the values of its outputs, in their order; outputs that nobody reads may be left out at the end."""


def normalise_axis(axis: int, rank: int, node: Node) -> int:
    """An axis counted from the front; BadInput where there is none such."""
    if not -rank <= axis < rank:
        raise BadInput(f"{node.kind} '{node.name}': axis {axis} is outside of its input of rank {rank}")
    return axis % rank


def refuse(node: Node, reason: str) -> OperatorRefused:
    """The refusal of a node, by its name."""
    return OperatorRefused(f"{node.kind} '{node.name}': {reason}")


def _describe(value: Value) -> str:
    if isinstance(value, Const | QuantisedConst):
        return "a constant"
    return "integers" if isinstance(value, GraphValue) else "something else"


def _read_type(node: Node, zero_point: npt.NDArray[Any] | None) -> str:
    if zero_point is None:
        return "uint8" if not node.integer("output_dtype", 0) else f"type {node.integer('output_dtype', 0)}"
    return str(zero_point.dtype.name)


def _check_positive(scale: float, node: Node) -> float:
    if not (np.isfinite(scale) and scale > 0):
        raise BadInput(f"{node.kind} '{node.name}': scale {scale} must be positive and finite")
    return scale
