"""A float network as an ONNX file: in float32, or with the roundings of a plan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from chipsmith.errors import OperatorRefused
from chipsmith.quantisation.network import FloatNetwork, NetworkInput, NetworkOutput
from chipsmith.quantisation.plan import QuantisationPlan
from chipsmith.runtimes.onnx_export.integers import INTEGERS
from chipsmith.runtimes.onnx_export.movement import CHOICES, MOVES, is_real, reduction
from chipsmith.runtimes.onnx_export.products import PRODUCTS
from chipsmith.runtimes.onnx_export.reals import REALS
from chipsmith.runtimes.onnx_export.rounded import Int8Form, RoundedTensors
from chipsmith.runtimes.onnx_export.values import ExportedTensors, Exporters, Written, cast
from chipsmith.runtimes.onnx_export.writer import OnnxWriter
from chipsmith.tosa.floating.rows import step_of
from chipsmith.tosa.operators.row import Operation

_OF_REALS: Exporters = {**MOVES, **CHOICES, **REALS, **PRODUCTS}
_OF_INTEGERS: Exporters = {**INTEGERS, **CHOICES, **MOVES}


def export_floats(network: FloatNetwork) -> bytes:
    """The ONNX file of a float network in float32: the author's inputs in, the author's outputs out.

    Raises OperatorRefused for an operator that has no form there.
    """
    tensors = ExportedTensors(network.graph, OnnxWriter(network.graph.name))
    return _write_network(network, tensors, partial(_export, tensors))


def export_rounded(network: FloatNetwork, plan: QuantisationPlan, form: Int8Form) -> bytes:
    """The same with the roundings of a plan: weights are int8, activations of 8 bits are in `form`."""
    tensors = RoundedTensors(network.graph, OnnxWriter(network.graph.name), plan, form)
    return _write_network(network, tensors, partial(_export_rounded, tensors))


def _write_network(
    network: FloatNetwork, tensors: ExportedTensors, export: Callable[[Operation, Exporters], None]
) -> bytes:
    tensors.writer.reserve([*(port.name for port in network.inputs), *(port.name for port in network.outputs)])
    for port in network.inputs:
        _enter(tensors, port)
    for operator in network.graph.operators:
        operation = step_of(network.graph, operator).operation
        exporters = _OF_REALS if is_real(operation) else _OF_INTEGERS
        if operator.kind not in exporters:
            raise OperatorRefused(f"{operator.kind} '{operator.name}': no ONNX file is written of it")
        export(operation, exporters)
    for output in network.outputs:
        _leave(tensors, output, network.inputs)
    return tensors.writer.finish()


def _export(tensors: ExportedTensors, operation: Operation, exporters: Exporters) -> None:
    tensors.put(operation.output.name, exporters[operation.operator.kind](tensors, operation))


def _export_rounded(tensors: RoundedTensors, operation: Operation, exporters: Exporters) -> None:
    if operation.operator.kind == "REDUCE_SUM" and is_real(operation):
        tensors.put(operation.output.name, _sum_by_mean(tensors, operation))
    elif tensors.limits_nothing(operation):
        tensors.put(operation.output.name, MOVES["IDENTITY"](tensors, operation))
    elif not tensors.move(operation, exporters):
        _export(tensors, operation, exporters)


def _sum_by_mean(tensors: ExportedTensors, operation: Operation) -> Written:
    """A sum as a mean times its count: OpenVINO 2026.4 loses zero points on their way through a ReduceSum."""
    (shape, axis), writer = (operation.shape("input"), operation.integer("axis")), tensors.writer
    mean = reduction("ReduceMean")(tensors, operation)
    return Written(name=writer.add("Mul", [mean.name, writer.constant(shape[axis], np.float32)]))


def _enter(tensors: ExportedTensors, port: NetworkInput) -> None:
    """Declare an input, and say which tensor of the graph it is."""
    writer = tensors.writer
    name = port.name
    writer.declare_input(name, np.dtype(port.dtype), port.shape)
    if port.encoding is not None:
        name = _dequantize(writer, name, port)
    elif np.dtype(port.dtype) != (own := tensors.graph.tensor(port.name).dtype.numpy):
        name = cast(writer, name, own)
    tensors.put(port.name, Written(name=name))


def _dequantize(writer: OnnxWriter, name: str, port: NetworkInput | NetworkOutput) -> str:
    return writer.add("DequantizeLinear", [name, *_name_encoding(writer, port)])


def _name_encoding(writer: OnnxWriter, port: NetworkInput | NetworkOutput) -> list[str]:
    assert port.encoding is not None
    offset = Int8Form.UNSIGNED.offset if port.dtype == np.uint8 else 0
    zero = int(port.encoding.zero_point[0]) + offset
    return [writer.constant(port.encoding.scale[0], np.float32), writer.constant(zero, port.dtype)]


def _leave(tensors: ExportedTensors, port: NetworkOutput, inputs: Sequence[NetworkInput]) -> None:
    writer = tensors.writer
    dtype = np.dtype(port.dtype)
    if port.tensor is None:
        assert port.constant is not None
        writer.declare_output(port.name, writer.constant(port.constant, dtype), dtype, port.constant.shape)
        return
    name = port.tensor if _passes(port, inputs) else _convert(tensors, port)
    writer.declare_output(port.name, name, dtype, tensors.shape(port.tensor))


def _passes(port: NetworkOutput, inputs: Sequence[NetworkInput]) -> bool:
    """Whether an output is an input as it is."""
    return any(entry.name == port.tensor and entry.dtype == port.dtype for entry in inputs)


def _convert(tensors: ExportedTensors, port: NetworkOutput) -> str:
    """A tensor of the graph in the author's type."""
    assert port.tensor is not None
    writer, name = tensors.writer, tensors.read(port.tensor)
    if port.encoding is not None:
        return writer.add("QuantizeLinear", [name, *_name_encoding(writer, port)])
    own = tensors.graph.tensor(port.tensor).dtype.numpy
    return name if own == port.dtype else cast(writer, name, port.dtype)
