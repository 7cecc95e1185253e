"""An integer network as an ONNX file for onnxruntime: quantised kernels where they fit, exact integers elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chipsmith.errors import BadInput, OperatorRefused
from chipsmith.frontends.quantized_io import AuthorTensor, ConstantOutput, IoBinding, OutputBinding, PassedInput
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.quantisation.wiring import Wiring
from chipsmith.runtimes.onnx_export.integer_tensors import IntegerTensors
from chipsmith.runtimes.onnx_export.integers import INTEGERS
from chipsmith.runtimes.onnx_export.movement import CHOICES, MOVES
from chipsmith.runtimes.onnx_export.products import PRODUCTS
from chipsmith.runtimes.onnx_export.rounded import Int8Form
from chipsmith.runtimes.onnx_export.softmax import find_softmaxes, write_softmax
from chipsmith.runtimes.onnx_export.sums import RealSums, is_signed, scale_of
from chipsmith.runtimes.onnx_export.values import Exporters, ImageLayout, Written, cast, permutation
from chipsmith.runtimes.onnx_export.writer import OnnxWriter
from chipsmith.tosa.graph import DType, Graph, Operator
from chipsmith.tosa.operators import OPERATORS
from chipsmith.tosa.operators.conversion import output_zero_point
from chipsmith.tosa.operators.row import Operation, resolve
from chipsmith.tosa.passes.canonicalize import canonicalize

_EXACT: Exporters = {**INTEGERS, **CHOICES, **MOVES, "MAX_POOL2D": PRODUCTS["MAX_POOL2D"]}
_ROUNDED_TYPES = (DType.INT8, DType.INT16)
_UNIT = np.ones(1)


def export_integers(network: QuantizedNetwork, form: Int8Form) -> bytes:
    """The ONNX file of a network's integer graph: the author's inputs in, the author's outputs out.

    int8 activations are written in `form`. Sums of products and what is rescaled are computed by quantised kernels,
    which round otherwise by a step here and there; all else is exact. Raises BadInput for a network with states,
    OperatorRefused for an operator that has no form.
    """
    if network.states:
        raise BadInput(
            f"'{network.graph.name}' keeps values from one inference to the next, and no ONNX file is written of it"
        )
    export = _IntegerExport(network.graph, form)
    export.writer.reserve([*network.input_names, *network.output_names])
    for position, port in enumerate(network.author_inputs):
        export.writer.declare_input(port.name, port.dtype, port.shape)
        for binding in network.inputs:
            if binding.position == position:
                export.enter(port, binding)
    export.write_operators()
    outputs = sorted(network.outputs, key=lambda output: output.position)
    for output, port in zip(outputs, network.author_outputs, strict=True):
        export.writer.declare_output(port.name, _write_output(export, network, output, port), port.dtype, port.shape)
    return export.writer.finish()


def _write_output(export: _IntegerExport, network: QuantizedNetwork, output: OutputBinding, port: AuthorTensor) -> str:
    match output:
        case PassedInput(source=source):
            return network.input_names[source]
        case ConstantOutput(values=values):
            return export.writer.constant(values, port.dtype)
    return export.leave(port, output)


class _IntegerExport:
    """Writes a graph: each tensor of 8 or 16 bits in order, those of 32 bits when they are read, as they are read."""

    def __init__(self, graph: Graph, form: Int8Form) -> None:
        self._graph = canonicalize(graph)
        self.writer = OnnxWriter(graph.name)
        self._producers = Wiring(graph=self._graph).producers
        self._tensors = IntegerTensors(self._graph, self.writer, form, write=self._write)
        self._sums = RealSums(self._tensors, self._producers)
        self._softmaxes = {form.output: form for form in find_softmaxes(self._graph)}
        self._replaced = {name for form in self._softmaxes.values() for name in form.operators}

    def enter(self, port: AuthorTensor, binding: IoBinding) -> None:
        """Say which tensor of the graph an input is, quantised and laid out."""
        tensor = self._graph.tensor(binding.tensor)
        if binding.scale is not None:
            name = self._tensors.quantize(port.name, tensor.dtype, binding.scale, binding.zero_point)
        else:
            name = self._shift(port.name, port.dtype, tensor.dtype, binding.zero_point)
        self._tensors.put(binding.tensor, self._lay_in(name, binding.axes))

    def _shift(self, name: str, author: np.dtype[np.generic], dtype: DType, zero_point: int) -> str:
        """The author's integers plus a zero point, as the graph's; as they are where that is the same."""
        written = self._tensors.type_of(dtype)
        if author == written and zero_point + self._offset(dtype) == 0:
            return name
        if dtype is DType.BOOL:
            return cast(self.writer, name, np.bool_)
        if dtype is DType.INT8 and author.itemsize == 1:
            return self._change_sign(name, author, -zero_point, self._tensors.form.offset)
        wide = cast(self.writer, name, np.int64)
        return self._tensors.narrow(self._add(wide, zero_point), dtype)

    def _change_sign(self, name: str, author: np.dtype[np.generic], zero_point: int, offset: int) -> str:
        """8 bits of one sign as 8 bits of the other, which runtimes do quickest by their roundings."""
        unit = self.writer.constant(1, np.float32)
        real = self.writer.add("DequantizeLinear", [name, unit, self.writer.constant(zero_point, author)])
        zero = self.writer.constant(offset, "uint8" if author == np.int8 else "int8")
        return self.writer.add("QuantizeLinear", [real, unit, zero])

    def _offset(self, dtype: DType) -> int:
        return self._tensors.form.offset if dtype is DType.INT8 else 0

    def _add(self, name: str, number: int) -> str:
        return self.writer.add("Add", [name, self.writer.constant(number, np.int64)]) if number else name

    def _lay_in(self, name: str, axes: Sequence[int]) -> Written:
        """A tensor in the author's order of axes: as it is, channels second, or transposed."""
        if list(axes) == sorted(axes):
            return Written(name=name)
        if _puts_channels_second(axes):
            return Written(name=name, layout=ImageLayout.SECOND)
        return Written(name=self.writer.add("Transpose", [name], {"perm": list(axes)}))

    def leave(self, port: AuthorTensor, binding: IoBinding) -> str:
        """The name of an output in the author's type and order of axes."""
        dtype, scale = self._graph.tensor(binding.tensor).dtype, binding.scale
        if scale is not None and dtype is DType.INT32:
            written = self._sums.form_of(binding.tensor).scaled(_UNIT * scale)
            return self._lay_out(self._real_in_order(binding.tensor, written), binding.axes)
        if _puts_channels_second(binding.axes):
            return self._convert(self._tensors.read(binding.tensor, ImageLayout.SECOND), port, binding)
        return self._lay_out(self._convert(self._tensors.read(binding.tensor), port, binding), binding.axes)

    def _real_in_order(self, tensor: str, written: Written) -> str:
        if written.layout is ImageLayout.LAST:
            return written.name
        perm = permutation(self._graph.tensor(tensor).shape, ImageLayout.LAST)
        return self.writer.add("Transpose", [written.name], {"perm": perm})

    def _lay_out(self, name: str, axes: Sequence[int]) -> str:
        back = [int(axis) for axis in np.argsort(axes)]
        return name if back == sorted(back) else self.writer.add("Transpose", [name], {"perm": back})

    def _convert(self, name: str, port: AuthorTensor, binding: IoBinding) -> str:
        dtype = self._graph.tensor(binding.tensor).dtype
        if binding.scale is not None:
            real = self._tensors.dequantize(name, dtype, binding.scale, binding.zero_point)
            return real if port.dtype == np.float32 else cast(self.writer, real, port.dtype)
        moved = -binding.zero_point - self._offset(dtype)
        if port.dtype == self._tensors.type_of(dtype) and moved == 0:
            return name
        if dtype is DType.INT8 and port.dtype.itemsize == 1:
            return self._change_sign(name, self._tensors.type_of(dtype), self._offset(dtype), -binding.zero_point)
        return cast(self.writer, self._add(cast(self.writer, name, np.int64), moved), port.dtype)

    def write_operators(self) -> None:
        """Write what gives each tensor of 8 or 16 bits; what they are computed from is written with them."""
        for operator in self._graph.operators:
            (output,) = operator.outputs
            inner = operator.name in self._replaced and output not in self._softmaxes
            if self._graph.tensor(output).dtype in _ROUNDED_TYPES and not inner:
                self._write(output)

    def _write(self, tensor: str) -> None:
        if tensor in self._softmaxes:
            self._tensors.put(tensor, write_softmax(self._tensors, self._softmaxes[tensor]))
            return
        operator = self._producers[tensor]
        operation = resolve(OPERATORS[operator.kind], operator, self._graph.tensors, self._graph.constants)
        self._tensors.put(tensor, self._write_operation(operation))

    def _write_operation(self, operation: Operation) -> Written:
        operator, dtype = operation.operator, operation.output.dtype
        if operator.kind == "RESCALE" and dtype in _ROUNDED_TYPES and self._reads_reals(operation):
            return self._round(operation)
        if operator.kind == "AVG_POOL2D":
            return self._average(operation)
        if operator.kind in PRODUCTS and operator.kind not in _EXACT:
            return self._sum(operator)
        if operator.kind not in _EXACT:
            raise OperatorRefused(f"{operator.kind} '{operator.name}': no ONNX file is written of it")
        return _EXACT[operator.kind](self._tensors, operation)

    def _reads_reals(self, operation: Operation) -> bool:
        """Whether a RESCALE reads what quantised kernels compute, or narrow integers themselves."""
        source = operation.operator.inputs[0]
        narrow = self._graph.tensor(source).dtype in _ROUNDED_TYPES
        return is_signed(operation) and (narrow or self._sums.is_computed(source))

    def _round(self, operation: Operation) -> Written:
        """A RESCALE as the rounding of reals, at their natural scale where they have one."""
        source, factor = self._sums.source_form(operation), scale_of(operation)
        if source.natural is None or factor.size > 1:
            real, scale = source.scaled(factor), 1.0
        else:
            real, scale = source.scaled(_UNIT * source.natural), source.natural / float(factor[0])
        zero_point = output_zero_point(operation)
        name = self._tensors.quantize(real.name, operation.output.dtype, scale, zero_point)
        return Written(name=name, layout=real.layout)

    def _average(self, operation: Operation) -> Written:
        source = operation.operator.inputs[0]
        image = self._sums.centred(source, operation.value("input_zp"))
        pooled = self._sums.apply(PRODUCTS["AVG_POOL2D"], operation, {source: image.scaled(_UNIT)})
        zero_point = operation.value("output_zp")
        name = self._tensors.quantize(pooled.name, operation.output.dtype, 1.0, zero_point)
        return Written(name=name, layout=pooled.layout)

    def _sum(self, operator: Operator) -> Written:
        """The sums of a product as integers again."""
        real = self._sums.form_of(operator.outputs[0]).scaled(_UNIT)
        rounded = self.writer.add("Round", [real.name])
        return Written(name=cast(self.writer, rounded, np.int32), layout=real.layout)


def _puts_channels_second(axes: Sequence[int]) -> bool:
    """Whether the author's image has its channels second where the graph's has them last."""
    return len(axes) > 3 and list(axes) == permutation(axes, ImageLayout.LAST)
