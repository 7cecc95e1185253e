"""Tensors that a plan rounds, as QuantizeLinear and DequantizeLinear say it, which runtimes compute in int8."""

from __future__ import annotations

from enum import Enum

import numpy as np

from chipsmith.quantisation.plan import INT8_WIDTH, Quantisation, QuantisationPlan
from chipsmith.quantisation.weights import channel_axis, symmetric_scales
from chipsmith.quantisation.wiring import moved_operands, moves_elements
from chipsmith.runtimes.onnx_export.movement import MOVES
from chipsmith.runtimes.onnx_export.products import maximum_pool
from chipsmith.runtimes.onnx_export.reals import clamp_limits
from chipsmith.runtimes.onnx_export.values import ExportedTensors, Exporters, ImageLayout, Weight, Written
from chipsmith.runtimes.onnx_export.writer import OnnxWriter
from chipsmith.tosa.graph import Graph, Operator
from chipsmith.tosa.operators.row import Operation

_MOVED_AS_INTEGERS: Exporters = {
    **{kind: MOVES[kind] for kind in ("IDENTITY", "RESHAPE", "REVERSE", "SLICE", "TILE", "TRANSPOSE")},
    "MAX_POOL2D": maximum_pool,
}


class Int8Form(Enum):
    """How activations of 8 bits are written. Weights are int8 in both forms."""

    SIGNED = "int8"
    UNSIGNED = "uint8"

    @property
    def offset(self) -> int:
        """What its integers are above those of a plan."""
        return 128 if self is Int8Form.UNSIGNED else 0


class RoundedTensors(ExportedTensors):
    """The tensors of a graph whose plan rounds some: integers are written, and readers see what these stand for."""

    def __init__(self, graph: Graph, writer: OnnxWriter, plan: QuantisationPlan, form: Int8Form) -> None:
        super().__init__(graph, writer)
        self._plan, self._form = plan.tensors, form
        self._codes = ExportedTensors(graph, writer)
        self._coded: dict[str, Quantisation] = {}
        self._reals: dict[tuple[str, ImageLayout], str] = {}

    def put(self, tensor: str, written: Written) -> None:
        """Say what a tensor is, as it is computed: rounded if the plan has it."""
        planned = self._plan.get(tensor)
        if planned is None:
            super().put(tensor, written)
        else:
            self.put_rounded(tensor, written, planned)

    def put_rounded(self, tensor: str, written: Written, quantisation: Quantisation) -> None:
        """Round a tensor to these integers."""
        code = self.writer.add("QuantizeLinear", [written.name, *self._name_scale(quantisation)])
        self.put_code(tensor, Written(name=code, layout=written.layout), quantisation)

    def put_code(self, tensor: str, written: Written, quantisation: Quantisation) -> None:
        """Say which integers stand for a tensor."""
        self._codes.put(tensor, written)
        self._coded[tensor] = quantisation

    def layout(self, tensor: str) -> ImageLayout:
        """As ExportedTensors.layout."""
        return self._codes.layout(tensor) if tensor in self._coded else super().layout(tensor)

    def read(self, tensor: str, layout: ImageLayout = ImageLayout.LAST) -> str:
        """As ExportedTensors.read; what is rounded is dequantised."""
        if tensor not in self._coded:
            return super().read(tensor, layout)
        key = (tensor, layout)
        if key not in self._reals:
            code = self._codes.read(tensor, layout)
            self._reals[key] = self.writer.add("DequantizeLinear", [code, *self._name_scale(self._coded[tensor])])
        return self._reals[key]

    def move(self, operation: Operation, exporters: Exporters) -> bool:
        """Write an operator if it only moves what is rounded already; say whether it is such."""
        operator = operation.operator
        (output,) = operator.outputs
        quantisation = self._moved_quantisation(operator)
        if quantisation is None or output in self._plan:
            return False
        if operator.kind in _MOVED_AS_INTEGERS:
            self.put_code(output, _MOVED_AS_INTEGERS[operator.kind](self._codes, operation), quantisation)
        else:
            self.put_rounded(output, exporters[operator.kind](self, operation), quantisation)
        return True

    def _moved_quantisation(self, operator: Operator) -> Quantisation | None:
        """The integers that all operands of a movement have; None where they differ, or it is none."""
        if not moves_elements(operator):
            return None
        known = [self._coded.get(name) for name in moved_operands(operator)]
        first = known[0]
        if first is None or first.width != INT8_WIDTH or not all(_is_same(first, other) for other in known):
            return None
        return first

    def limits_nothing(self, operation: Operation) -> bool:
        """Whether a CLAMP changes nothing that its rounded result would not saturate to."""
        planned = self._plan.get(operation.output.name)
        if operation.operator.kind != "CLAMP" or planned is None:
            return False
        low, high = clamp_limits(operation)
        scale, zero = float(planned.scale[0]), int(planned.zero_point[0])
        least, most = ((limit - zero) * scale for limit in planned.limits)
        return low <= least + scale / 2 and high >= most - scale / 2

    def read_weight(self, operation: Operation, weight: Weight, *, position: int = 1) -> str:
        """As ExportedTensors.read_weight: int8 and dequantised."""
        quantisation, axis = self._weight_quantisation(operation.operator, position), weight.axis
        scale = quantisation.scale.astype(np.float32)
        zero = quantisation.zero_point.astype(np.int8)
        shape = [-1 if index == axis and scale.size > 1 else 1 for index in range(weight.values.ndim)]
        steps = np.rint(weight.values / scale.reshape(shape)) + zero.reshape(shape)
        integers = np.clip(steps, *quantisation.limits).astype(np.int8)
        return self.writer.dequantized_constant(integers, scale, zero, axis)

    def read_weights(self, operation: Operation, weight: Weight) -> list[str]:
        """As ExportedTensors.read_weights: the bias is int32 in the scale of the products, where the image is int8."""
        image = self._coded.get(operation.operator.inputs[0])
        if image is None or image.width != INT8_WIDTH:
            return super().read_weights(operation, weight)
        scale = self._weight_quantisation(operation.operator, 1).scale * image.scale[0]
        bias = np.rint(self._spread_bias(operation, weight) / scale)
        limits = np.iinfo(np.int32)
        integers = np.clip(bias, limits.min, limits.max).astype(np.int32)
        zero = np.zeros(len(scale), np.int32)
        return [
            self.read_weight(operation, weight),
            self.writer.dequantized_constant(integers, scale.astype(np.float32), zero, 0),
        ]

    def _weight_quantisation(self, operator: Operator, position: int) -> Quantisation:
        name = operator.inputs[position]
        axis = channel_axis(self.graph, operator, position)
        return self._plan.get(name) or symmetric_scales(self.graph.constants[name], axis)

    def _name_scale(self, quantisation: Quantisation) -> list[str]:
        """Scale and zero point of an activation, the latter in the type of its integers."""
        zero = int(quantisation.zero_point[0])
        scale = self.writer.constant(quantisation.scale[0], np.float32)
        if quantisation.width != INT8_WIDTH:
            return [scale, self.writer.constant(zero, np.int16)]
        return [scale, self.writer.constant(zero + self._form.offset, self._form.value)]


def _is_same(left: Quantisation, right: Quantisation | None) -> bool:
    return (
        right is not None
        and left.width == right.width
        and np.array_equal(left.scale, right.scale)
        and np.array_equal(left.zero_point, right.zero_point)
    )
