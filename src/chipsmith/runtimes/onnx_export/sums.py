"""The int32 between the int8 of a graph as reals, which runtimes have quantised kernels for.

A graph multiplies and adds in int32 and rescales the result to int8 or int16. Written as reals in their place, with the
scales of the rescales around them, these operators are what ONNX's quantised networks look like, and differ from the
graph by roundings alone. What has no such form (shifts, tables, comparisons) is computed exactly instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from chipsmith.quantisation.plan import Reals
from chipsmith.runtimes.onnx_export.integer_tensors import IntegerTensors
from chipsmith.runtimes.onnx_export.movement import MOVES, elementwise, reduction
from chipsmith.runtimes.onnx_export.products import PRODUCTS
from chipsmith.runtimes.onnx_export.values import (
    ExportedTensors,
    Exporter,
    ImageLayout,
    Weight,
    Written,
    cast,
    permutation,
)
from chipsmith.runtimes.onnx_export.writer import OnnxWriter
from chipsmith.tosa.graph import DType, Graph, Operator
from chipsmith.tosa.operators import OPERATORS
from chipsmith.tosa.operators.conversion import input_zero_point
from chipsmith.tosa.operators.row import Operation, resolve

_UNIT = np.ones(1)
_JOINS: Mapping[str, Exporter] = {
    "ADD": elementwise("Add", operands=2),
    "CONCAT": MOVES["CONCAT"],
    "MAXIMUM": elementwise("Max", operands=2),
    "MINIMUM": elementwise("Min", operands=2),
    "REDUCE_SUM": reduction("ReduceSum"),
    "REDUCE_MAX": reduction("ReduceMax"),
    "SUB": elementwise("Sub", operands=2),
    **{kind: MOVES[kind] for kind in ("IDENTITY", "RESHAPE", "REVERSE", "SLICE", "TILE", "TRANSPOSE")},
}
"""Operators that give the same of reals as of their integers, where all operands have a single scale."""


@dataclass(frozen=True, kw_only=True)
class RealForm:
    """A tensor of integers as reals.

    `write` writes them times a scale, a number or one for each channel. `natural` is the scale that costs no node of
    its own; None where none does.
    """

    write: Callable[[Reals], Written]
    natural: float | None = None
    _written: dict[bytes, Written] = field(default_factory=dict, repr=False, compare=False)

    def scaled(self, scale: Reals) -> Written:
        """The reals times a scale; the same scale is written once."""
        key = scale.tobytes()
        if key not in self._written:
            self._written[key] = self.write(scale)
        return self._written[key]


def scale_of(operation: Operation) -> Reals:
    """What a RESCALE multiplies by: a number, or one for each channel."""
    multiplier, shift = (np.array(operation.values(name), np.float64) for name in ("multiplier", "shift"))
    return np.asarray(multiplier * np.exp2(-shift))


class RealSums:
    """The real forms of the tensors of a graph."""

    def __init__(self, tensors: IntegerTensors, producers: Mapping[str, Operator]) -> None:
        self._tensors, self._producers = tensors, producers
        self._graph, self._writer = tensors.graph, tensors.writer
        self._forms: dict[str, RealForm] = {}

    def form_of(self, tensor: str) -> RealForm:
        """A tensor of the graph as reals; its zero point is its own reader's matter, and 0 here."""
        if tensor not in self._forms:
            self._forms[tensor] = self._find_form(tensor)
        return self._forms[tensor]

    def is_computed(self, tensor: str) -> bool:
        """Whether a tensor of int32 is computed as reals."""
        producer = self._producers.get(tensor)
        if producer is None or self._graph.tensor(tensor).dtype is not DType.INT32:
            return False
        operation = self._resolve(producer)
        return producer.kind in {*_JOINS, *PRODUCTS, "MUL"} or (producer.kind == "RESCALE" and is_signed(operation))

    def _find_form(self, tensor: str) -> RealForm:
        if not self.is_computed(tensor):
            return self._cast(tensor)
        operation = self._resolve(self._producers[tensor])
        match operation.operator.kind:
            case "RESCALE":
                return self._rescale(operation)
            case "MUL":
                return self._multiply(operation)
            case kind if kind in PRODUCTS:
                return self._product(operation)
        return self._join(operation)

    def _resolve(self, operator: Operator) -> Operation:
        return resolve(OPERATORS[operator.kind], operator, self._graph.tensors, self._graph.constants)

    def source_form(self, operation: Operation) -> RealForm:
        """What a RESCALE reads, less its zero point."""
        source = operation.operator.inputs[0]
        return self.centred(source, input_zero_point(operation))

    def centred(self, tensor: str, zero_point: int) -> RealForm:
        """A tensor less a zero point, which tensors of int32 do not have."""
        if self._graph.tensor(tensor).dtype is DType.INT32:
            return self.form_of(tensor)
        return RealForm(write=lambda scale: self._dequantize(tensor, scale, zero_point))

    def _dequantize(self, tensor: str, scale: Reals, zero_point: int) -> Written:
        layout = self._tensors.layout(tensor)
        code, dtype = self._tensors.read(tensor, layout), self._graph.tensor(tensor).dtype
        if scale.size == 1:
            return Written(name=self._tensors.dequantize(code, dtype, float(scale[0]), zero_point), layout=layout)
        whole = self._tensors.dequantize(code, dtype, 1.0, zero_point)
        return self._scale(tensor, Written(name=whole, layout=layout), scale)

    def _cast(self, tensor: str) -> RealForm:
        """Integers that are there."""

        def write(scale: Reals) -> Written:
            layout = self._tensors.layout(tensor)
            real = cast(self._writer, self._tensors.read(tensor, layout), np.float32)
            return self._scale(tensor, Written(name=real, layout=layout), scale)

        return RealForm(write=write, natural=1.0)

    def _scale(self, tensor: str, written: Written, scale: Reals) -> Written:
        """Reals times a scale."""
        if scale.size == 1 and scale[0] == 1:
            return written
        shape = self._graph.tensor(tensor).shape
        factors = scale.reshape(*(1,) * (len(shape) - 1), -1) if scale.size > 1 else scale.reshape(())
        if scale.size > 1 and written.layout is ImageLayout.SECOND:
            factors = factors.transpose(permutation(shape, ImageLayout.SECOND))
        name = self._writer.add("Mul", [written.name, self._writer.constant(factors, np.float32)])
        return Written(name=name, layout=written.layout)

    def _rescale(self, operation: Operation) -> RealForm:
        source, factor = self.source_form(operation), scale_of(operation)
        natural = None if source.natural is None or factor.size > 1 else source.natural / float(factor[0])
        return RealForm(write=lambda scale: source.scaled(scale * factor), natural=natural)

    def _join(self, operation: Operation) -> RealForm:
        """All operands at the scale that is natural to the first that has a scale of its own."""
        forms = {name: self.form_of(name) for name in operation.operator.inputs if self._holds_numbers(name)}
        common = next((form.natural for form in forms.values() if form.natural is not None), 1.0)

        def write(scale: Reals) -> Written:
            operands = {name: form.scaled(_UNIT * common) for name, form in forms.items()}
            joined = self.apply(_JOINS[operation.operator.kind], operation, operands)
            return self._scale(operation.output.name, joined, scale / common)

        return RealForm(write=write, natural=common)

    def apply(self, exporter: Exporter, operation: Operation, operands: Mapping[str, Written]) -> Written:
        """Write an operator of reals that are there."""
        view = ExportedTensors(self._graph, self._writer)
        for name, written in operands.items():
            view.put(name, written)
        return exporter(view, operation)

    def _holds_numbers(self, tensor: str) -> bool:
        return self._graph.tensor(tensor).dtype is not DType.SHAPE

    def _multiply(self, operation: Operation) -> RealForm:
        names = operation.operator.inputs[:2]
        forms = {name: self.centred(name, 0) for name in names}
        scales = {name: 1.0 if form.natural is None else form.natural for name, form in forms.items()}
        natural = scales[names[0]] * scales[names[1]] * 2.0 ** operation.value("shift")

        def write(scale: Reals) -> Written:
            operands = {name: form.scaled(_UNIT * scales[name]) for name, form in forms.items()}
            product = self.apply(elementwise("Mul", operands=2), operation, operands)
            return self._scale(operation.output.name, product, scale / natural)

        return RealForm(write=write, natural=natural)

    def _product(self, operation: Operation) -> RealForm:
        """The scale is that of the weights, where these are constant."""
        weighted = _has_weights(operation)

        def write(scale: Reals) -> Written:
            inner = scale if weighted else _UNIT
            view = _ProductView(self._graph, self._writer, inner)
            for name, zero_point in zip(operation.operator.inputs[:2], _zero_points(operation), strict=True):
                if name not in self._graph.constants:
                    view.put(name, self.centred(name, operation.value(zero_point)).scaled(_UNIT))
            written = PRODUCTS[operation.operator.kind](view, operation)
            return written if weighted else self._scale(operation.output.name, written, scale)

        return RealForm(write=write, natural=None if weighted else 1.0)


class _ProductView(ExportedTensors):
    """The operands of a product: activations with scale 1, weights and bias with the scale of the result."""

    def __init__(self, graph: Graph, writer: OnnxWriter, scale: Reals) -> None:
        super().__init__(graph, writer)
        self._scale = scale

    def read_weight(self, operation: Operation, weight: Weight, *, position: int = 1) -> str:
        """As ExportedTensors.read_weight."""
        zero_point = operation.value(_zero_points(operation)[position])
        return self._dequantize(weight.values, zero_point, weight.axis)

    def read_weights(self, operation: Operation, weight: Weight) -> list[str]:
        """As ExportedTensors.read_weights."""
        bias = self._spread_bias(operation, weight)
        return [self.read_weight(operation, weight), self._dequantize(bias, 0, 0)]

    def _dequantize(self, integers: npt.NDArray[Any], zero_point: int, axis: int) -> str:
        scale = self._scale.astype(np.float32)
        zero_points = np.full(scale.shape, zero_point, integers.dtype)
        return self.writer.dequantized_constant(integers, scale, zero_points, axis)


def _zero_points(operation: Operation) -> tuple[str, str]:
    """The operands of a product that hold the zero points of its factors."""
    return ("A_zp", "B_zp") if operation.operator.kind == "MATMUL" else ("input_zp", "weight_zp")


def _has_weights(operation: Operation) -> bool:
    """Whether a product's second factor is a constant whose channels are those of the result."""
    if operation.operator.kind == "MATMUL":
        return "B" in operation.constants and operation.shape("B")[0] == 1
    return True


def is_signed(operation: Operation) -> bool:
    """Whether a RESCALE reads and gives signed integers."""
    return not (operation.flag("input_unsigned") or operation.flag("output_unsigned"))
