"""A QDQ network as an int8 Graph: node after node, with the layers by name and what the host does around it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from chipsmith.errors import BadInput, ChipsmithError, OperatorRefused
from chipsmith.frontends.layout import BorderLayout, PlacedOutput, strip_border_transposes
from chipsmith.frontends.onnx import (
    arithmetic,
    concat_split,
    convolution,
    matrix,
    movement,
    normalise,
    pointwise,
    pooling,
    quantisation,
    resize,
)
from chipsmith.frontends.onnx.lowering import Handler, Lowering
from chipsmith.frontends.onnx.model import Node, OnnxInput, OnnxModel
from chipsmith.frontends.onnx.quantise import quantise
from chipsmith.frontends.onnx.requantize import restore_order, to_acc32
from chipsmith.frontends.onnx.runtime import OnnxRuntimeModel
from chipsmith.frontends.onnx.values import (
    AffineInt8,
    Const,
    GraphValue,
    Integers,
    PendingInput,
    QuantisedConst,
    Value,
    dequantize_const,
)
from chipsmith.frontends.quantized_io import (
    AuthorTensor,
    ConstantOutput,
    IoBinding,
    OutputBinding,
    PassedInput,
    ScaleDivision,
    author_shape,
)
from chipsmith.frontends.quantized_network import Arithmetic, Layer, QuantizedNetwork, first_batches, follow_names
from chipsmith.tosa.graph import Array, DType
from chipsmith.tosa.names import rename_tensors
from chipsmith.tosa.passes.cleanup import drop_dead
from chipsmith.tosa.verify import verify

HANDLERS: Mapping[str, Handler] = {
    kind: handler
    for module in (
        quantisation,
        pointwise,
        arithmetic,
        concat_split,
        convolution,
        matrix,
        pooling,
        movement,
        normalise,
        resize,
    )
    for kind, handler in module.HANDLERS.items()
}
"""The function that lowers each operator of ONNX."""

_REASONS = {
    **dict.fromkeys(
        ("LSTM", "GRU", "RNN"),
        "a recurrent layer as one operator in a quantised network, or an unusual one; give the float network, or its "
        "cells unrolled over time",
    ),
    "LogSoftmax": "a logarithm of probabilities; leave it out (its largest output stays the largest), or take Softmax",
    **dict.fromkeys(("If", "Loop", "Scan"), "control flow; export the network with fixed shapes and without branches"),
    **dict.fromkeys(
        ("QLinearConv", "QLinearMatMul", "QLinearAdd", "ConvInteger", "MatMulInteger", "DynamicQuantizeLinear"),
        "another form of quantised network; export it in the QDQ format",
    ),
}
_QUANTISING = ("QuantizeLinear", "DequantizeLinear")
_KEPT_INTEGERS = ("DequantizeLinear", "Transpose")
_FAULTS = (KeyError, IndexError, ValueError, TypeError, ZeroDivisionError, OverflowError, AssertionError, MemoryError)
"""What an attribute or a shape that makes no sense raises in the lowering of a node."""


def lower_network(model: OnnxModel, source: OnnxModel | None = None) -> QuantizedNetwork:
    """The integer graph of a QDQ network, its scales kept; `source` is the float network that it was made of, if any.

    Raises OperatorRefused, naming the node and the reason, for what has no integer form here, and BadInput where a node
    makes no sense.
    """
    lower = Lowering(model)
    for port in model.inputs:
        lower.values[port.name] = _enter_input(lower, port)
    layers: list[Layer] = []
    producers: dict[str, Node] = {}
    for node in model.nodes:
        lower.build.origin = _find_origin(node, lower.origins)
        lower.origins.update(dict.fromkeys(node.outputs, lower.build.origin))
        results = _lower_node(lower, node)
        for name, value in zip(node.outputs, results, strict=False):
            lower.values[name] = value
            producers[name] = node
        named = {layer.tensor for layer in layers}
        layers += (layer for layer in _find_layers(lower, node, producers) if layer.tensor not in named)
    return _finish_network(lower, layers, source)


def _find_origin(node: Node, origins: Mapping[str, str]) -> str:
    """The node whose result a node computes: the one before it, if there is one, of a Quantize- or DequantizeLinear.

    `origins` are those of the tensors before it.
    """
    return origins.get(node.inputs[0], node.name) if node.kind in _QUANTISING and node.inputs else node.name


def _enter_input(lower: Lowering, port: OnnxInput) -> Value:
    """A float input waits for its QuantizeLinear; integers are the network's own."""
    axes = tuple(range(len(port.shape)))
    lower.build.scope = port.name
    kind = port.dtype.name
    if kind in ("float32", "float16", "float64"):
        return PendingInput(tensor=lower.build.enter(port.name, port.shape, DType.INT8), shape=port.shape, axes=axes)
    if kind in ("int8", "uint8"):
        tensor = lower.build.enter(port.name, port.shape, DType.INT8)
        return Integers(tensor=tensor, shape=port.shape, axes=axes, offset=128 if kind == "uint8" else 0)
    if kind in ("int32", "int64"):
        return Integers(tensor=lower.build.enter(port.name, port.shape, DType.INT32), shape=port.shape, axes=axes)
    raise OperatorRefused(f"input '{port.name}' is {kind}; float, int8, uint8, int32 and int64 inputs are held")


def _lower_node(lower: Lowering, node: Node) -> Sequence[Value]:
    lower.build.scope = node.name
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
        reason = _REASONS.get(node.kind, "is not among the operators that are held; docs/front-ends.md lists them")
        raise OperatorRefused(f"{node.kind} '{node.name}': {reason}")
    return HANDLERS[node.kind](lower, node)


def _fold_constants(lower: Lowering, node: Node) -> Sequence[Value] | None:
    """The outputs of a node all whose inputs are constants; None where one is computed."""
    if node.kind == "Constant":
        return [Const(values=_read_constant(node))]
    values = {name: lower.values.get(name) for name in node.inputs if name}
    known = all(isinstance(value, Const | QuantisedConst) for value in values.values())
    if not known or node.kind in (*_QUANTISING, "Shape"):
        return None
    if node.kind in _KEPT_INTEGERS and any(isinstance(value, QuantisedConst) for value in values.values()):
        return None
    arrays = {
        name: dequantize_const(value).astype(np.float32)
        if isinstance(value, QuantisedConst)
        else dequantize_const(value)
        for name, value in values.items()
        if isinstance(value, Const | QuantisedConst)
    }
    return [Const(values=array) for array in lower.evaluate(node, arrays)]


def _read_constant(node: Node) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    for name, dtype in (("value", None), ("value_float", "float32"), ("value_floats", "float32")):
        if name in node.attributes:
            return np.asarray(node.attributes[name], dtype)
    for name in ("value_int", "value_ints"):
        if name in node.attributes:
            return np.asarray(node.attributes[name], np.int64)
    raise OperatorRefused(f"Constant '{node.name}': only tensors and numbers are held")


def _find_layers(lower: Lowering, node: Node, producers: Mapping[str, Node]) -> Iterator[Layer]:
    """The layer that a QuantizeLinear of an activation ends."""
    value = lower.values.get(node.outputs[0])
    source = producers.get(node.inputs[0]) if node.inputs else None
    if node.kind != "QuantizeLinear" or not isinstance(value, Integers) or source is None:
        return
    parameters = lower.parameters(node)
    yield Layer(
        name=source.name,
        operator=source.kind,
        tensor=value.tensor,
        axes=value.axes,
        scale=parameters.scale,
        zero_point=parameters.zero_point,
        offset=parameters.offset,
        real=node.inputs[0],
        integers=node.outputs[0],
    )


def _finish_network(lower: Lowering, layers: Sequence[Layer], source: OnnxModel | None) -> QuantizedNetwork:
    model = lower.model
    read = [_bind_input(lower.values[port.name], position) for position, port in enumerate(model.inputs)]
    inputs = [binding for binding in read if binding is not None]
    outputs = [_bind_output(lower, name, position) for position, name in enumerate(model.outputs)]
    computed = [binding for binding in outputs if isinstance(binding, IoBinding)]
    graph = lower.build.finish(model.name, list(dict.fromkeys(binding.tensor for binding in computed)))
    graph = drop_dead(replace(graph, inputs=tuple(binding.tensor for binding in inputs)))
    verify(graph)
    layout = strip_border_transposes(graph)
    places = dict(zip(graph.outputs, layout.outputs, strict=True))
    names: dict[str, str] = {}
    for binding in computed:
        names.setdefault(places[binding.tensor].tensor, model.outputs[binding.position])
    renamed = rename_tensors(layout.graph, names)
    moved = [_move_output(binding, places, names) for binding in outputs]
    taken = tuple(AuthorTensor(name=port.name, dtype=port.dtype, shape=port.shape) for port in model.inputs)
    return QuantizedNetwork(
        graph=renamed,
        inputs=tuple(replace(each, axes=order) for each, order in zip(inputs, layout.input_axes, strict=True)),
        outputs=tuple(moved),
        author_inputs=taken,
        author_outputs=tuple(
            AuthorTensor(name=name, dtype=dtype, shape=author_shape(binding, renamed, taken))
            for name, dtype, binding in zip(model.outputs, model.output_types, moved, strict=True)
        ),
        layers=tuple(_follow_layers(layers, layout, names)),
        operator_names=follow_names(lower.build.origins, layout.graph, renamed),
        arithmetic=Arithmetic.FLOAT if source else Arithmetic.ROUNDED,
        source=OnnxRuntimeModel(model=source or model),
        fake_quantized=OnnxRuntimeModel(model=model),
    )


def _move_output(binding: OutputBinding, places: Mapping[str, PlacedOutput], names: Mapping[str, str]) -> OutputBinding:
    """A computed output where the layout puts it, under its author's name."""
    if not isinstance(binding, IoBinding):
        return binding
    place = places[binding.tensor]
    return replace(binding, tensor=names[place.tensor], axes=place.axes)


def _follow_layers(layers: Sequence[Layer], layout: BorderLayout, names: Mapping[str, str]) -> Iterator[Layer]:
    """The layers whose tensors are left in their layout, by the tensors' names now."""
    for layer in layers:
        tensor = layout.names.get(layer.tensor)
        if tensor is not None:
            yield replace(layer, tensor=names.get(tensor, tensor))


def _bind_input(value: Value, position: int) -> IoBinding | None:
    """An input; None for a float one that no QuantizeLinear reads: it reaches outputs as it is, or none."""
    if isinstance(value, PendingInput):
        return None
    assert isinstance(value, AffineInt8 | Integers)
    return _bind(value, position)


def _bind(value: AffineInt8 | Integers, position: int) -> IoBinding:
    """Integers of the network cross the border as they are; uint8 ones are moved by 128."""
    scale, zero_point = (value.scale, value.zero_point) if isinstance(value, AffineInt8) else (None, -value.offset)
    return IoBinding(
        tensor=value.tensor,
        position=position,
        scale=scale,
        zero_point=zero_point,
        axes=tuple(range(len(value.shape))),
        rounding=ScaleDivision.QUOTIENT,
    )


def _bind_output(lower: Lowering, name: str, position: int) -> OutputBinding:
    """An output: an input as it is, a constant, int8 with its scale, or int32 with the scale that it has."""
    value = lower.values.get(name)
    lower.build.scope, lower.build.origin = name, lower.origins.get(name, name)
    passed = _find_passed(lower, name, value)
    if passed is not None:
        return PassedInput(position=position, source=passed)
    if isinstance(value, Const | QuantisedConst):
        return ConstantOutput(position=position, values=np.asarray(dequantize_const(value)))
    if not isinstance(value, GraphValue) or isinstance(value, PendingInput):
        raise BadInput(
            f"output '{name}' of {lower.model.name} is an input with its axes moved: move them outside of it"
        )
    if isinstance(value, AffineInt8 | Integers):
        binding = _bind(restore_order(lower.build, value), position)
    else:
        wide = restore_order(lower.build, to_acc32(lower.build, value))
        axes = tuple(range(len(wide.shape)))
        binding = IoBinding(
            tensor=wide.tensor,
            position=position,
            scale=float(wide.scale[0]),
            zero_point=0,
            axes=axes,
            rounding=ScaleDivision.QUOTIENT,
        )
    return replace(binding, tensor=_copy_input(lower, binding.tensor))


def _find_passed(lower: Lowering, name: str, value: Value | None) -> int | None:
    """The position of the input that an output is as it is."""
    names = [port.name for port in lower.model.inputs]
    if name in names:
        return names.index(name)
    return names.index(value.tensor) if isinstance(value, PendingInput) and value.natural else None


def _copy_input(lower: Lowering, tensor: str) -> str:
    """A tensor that is no input of the graph."""
    known = lower.build.tensor(tensor)
    if tensor not in {port.name for port in lower.model.inputs}:
        return tensor
    return lower.build.emit("IDENTITY", (tensor,), known.shape, known.dtype)


def quantise_network(model: OnnxModel, calibration: Sequence[Array]) -> QuantizedNetwork:
    """The integer graph of a float network, quantised by its calibration; raises as quantise and lower_network do."""
    quantised, _ = quantise(model, calibration)
    network = lower_network(quantised, model)
    return replace(network, examples=first_batches(calibration, network.author_inputs))
