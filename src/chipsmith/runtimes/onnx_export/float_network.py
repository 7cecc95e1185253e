"""A float network as an ONNX file: in float32, or with the roundings of a plan."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chipsmith.errors import OperatorRefused
from chipsmith.quantisation.network import FloatNetwork, NetworkInput, NetworkOutput
from chipsmith.quantisation.plan import QuantisationPlan
from chipsmith.runtimes.onnx_export.integers import INTEGERS
from chipsmith.runtimes.onnx_export.movement import CHOICES, MOVES, is_real
from chipsmith.runtimes.onnx_export.products import PRODUCTS
from chipsmith.runtimes.onnx_export.reals import REALS
from chipsmith.runtimes.onnx_export.rounded import Int8Form, RoundedTensors
from chipsmith.runtimes.onnx_export.values import ExportedTensors, Exporters, Written, cast
from chipsmith.runtimes.onnx_export.writer import OnnxWriter
from chipsmith.tosa.floating.rows import step_of
from chipsmith.tosa.operators.row import Operation

_UNSIGNED_OFFSET = 128
_OF_REALS: Exporters = {**MOVES, **CHOICES, **REALS, **PRODUCTS}
_NO_PLAN = QuantisationPlan(tensors={})


def export_floats(network: FloatNetwork) -> bytes:
    """The ONNX file of a float network in float32: the author's inputs in, the author's outputs out.

    Raises OperatorRefused for an operator that has no form there.
    """
    return export_rounded(network, _NO_PLAN, Int8Form.SIGNED)


def export_rounded(network: FloatNetwork, plan: QuantisationPlan, form: Int8Form) -> bytes:
    """The same with the roundings of a plan: weights are int8, activations of 8 bits are in `form`."""
    graph = network.graph
    writer = OnnxWriter(graph.name)
    writer.reserve([*(port.name for port in network.inputs), *(port.name for port in network.outputs)])
    tensors = RoundedTensors(graph, writer, plan, form)
    for port in network.inputs:
        _enter(tensors, port)
    for operator in graph.operators:
        _export(tensors, step_of(graph, operator).operation)
    for output in network.outputs:
        _leave(tensors, output, network.inputs)
    return writer.finish()


def _export(tensors: RoundedTensors, operation: Operation) -> None:
    operator = operation.operator
    exporters = _OF_REALS if is_real(operation) else {**INTEGERS, **CHOICES, **MOVES}
    if operator.kind not in exporters:
        raise OperatorRefused(f"{operator.kind} '{operator.name}': no ONNX file is written of it")
    if tensors.limits_nothing(operation):
        tensors.put(operator.outputs[0], MOVES["IDENTITY"](tensors, operation))
    elif not tensors.move(operation, exporters):
        tensors.put(operator.outputs[0], exporters[operator.kind](tensors, operation))


def _enter(tensors: RoundedTensors, port: NetworkInput) -> None:
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
    offset = _UNSIGNED_OFFSET if port.dtype == np.uint8 else 0
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
