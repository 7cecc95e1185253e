"""From a float network and its plan to a QuantizedNetwork: lowered, laid out, and bound to the author's tensors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from chipsmith.frontends.layout import Border, BorderLayout, lay_out_border
from chipsmith.frontends.quantized_io import (
    AuthorTensor,
    ConstantOutput,
    IoBinding,
    OutputBinding,
    PassedInput,
    ScaleDivision,
    author_shape,
)
from chipsmith.frontends.quantized_network import (
    Arithmetic,
    FrameworkModel,
    Layer,
    QuantizedNetwork,
    first_batches,
    follow_names,
)
from chipsmith.program.layer_names import name_results
from chipsmith.quantisation.fake_quantized import FakeQuantizedModel
from chipsmith.quantisation.lower.network import LoweredNetwork, LoweredTensor, lower_network
from chipsmith.quantisation.network import FloatLayer, FloatNetwork, NetworkInput, NetworkOutput
from chipsmith.quantisation.quantise import QuantisationResult
from chipsmith.tosa.graph import Array, Graph
from chipsmith.tosa.names import rename_tensors

_UNSIGNED_ZERO_POINTS = {"uint8": -128, "uint16": -32768}
"""Where the author's 0 lies in the graph's signed integers."""


@dataclass(frozen=True, kw_only=True)
class NetworkSource:
    """Where a network comes from: the model that runs it unchanged, what that computes in, and its calibration.

    `floats` is the network in floating point, None where it came with roundings of its own. `calibration` holds one
    array for each input, batches along axis 0; empty where there was none.
    """

    model: FrameworkModel
    arithmetic: Arithmetic
    floats: FloatNetwork | None = None
    calibration: Sequence[Array] = ()


def assemble_network(
    quantisation: QuantisationResult, *, source: NetworkSource, border: Border = Border.HOST
) -> QuantizedNetwork:
    """The integer network of a float one whose tensors are rounded as its plan says; `border` as in LoadOptions.

    Raises OperatorRefused, naming the author's operator, for what has no integer form.
    """
    network, plan = quantisation.network, quantisation.plan
    lowered = lower_network(_drop_idle_ports(network), plan)
    layout = lay_out_border(lowered.graph, border)
    names = _name_outputs(network, lowered.graph, layout)
    graph = rename_tensors(layout.graph, names)
    inputs = tuple(AuthorTensor(name=port.name, dtype=port.dtype, shape=port.shape) for port in network.inputs)
    outputs = tuple(_bind_outputs(network, lowered, layout, names))
    operator_names = follow_names(lowered.origins, layout.graph, graph)
    layers = tuple(_follow_layers(network.layers, lowered, layout, names))
    return QuantizedNetwork(
        graph=graph,
        inputs=tuple(_bind_inputs(network, lowered, layout, names)),
        outputs=outputs,
        author_inputs=inputs,
        author_outputs=tuple(
            AuthorTensor(name=port.name, dtype=port.dtype, shape=author_shape(binding, graph, inputs))
            for port, binding in zip(network.outputs, outputs, strict=True)
        ),
        layers=tuple(_name_layers(layers, network, graph, operator_names)),
        operator_names=operator_names,
        arithmetic=source.arithmetic,
        floats=source.floats,
        quantisation=_name_report(quantisation),
        examples=first_batches(source.calibration, inputs) if source.calibration else (),
        source=source.model,
        fake_quantized=FakeQuantizedModel(network=network, plan=plan),
    )


def _drop_idle_ports(network: FloatNetwork) -> FloatNetwork:
    """The network without inputs that nobody computes with, and without outputs that are inputs as they are."""
    graph = network.graph
    read = {name for operator in graph.operators for name in operator.inputs}
    outputs = tuple(name for name in graph.outputs if name not in graph.inputs)
    inputs = tuple(name for name in graph.inputs if name in read)
    return replace(network, graph=replace(graph, inputs=inputs, outputs=outputs))


def _name_outputs(network: FloatNetwork, graph: Graph, layout: BorderLayout) -> dict[str, str]:
    """New names of the laid-out graph's tensors: one that gives an output has the first such output's name."""
    places = dict(zip(graph.outputs, layout.outputs, strict=True))
    names: dict[str, str] = {}
    for port in network.outputs:
        if port.tensor in places:
            names.setdefault(places[port.tensor].tensor, port.name)
    return names | _make_room(layout.graph, names)


def _make_room(graph: Graph, names: Mapping[str, str]) -> dict[str, str]:
    """Other names for tensors that have the name of an output and are none."""
    taken = {*graph.tensors, *names.values()}
    moved: dict[str, str] = {}
    for name in names.values():
        if name in graph.tensors and name not in names:
            free = next(text for count in range(1, len(taken) + 2) if (text := name + "'" * count) not in taken)
            moved[name] = free
            taken.add(free)
    return moved


def _bind_inputs(
    network: FloatNetwork, lowered: LoweredNetwork, layout: BorderLayout, names: Mapping[str, str]
) -> Iterator[IoBinding]:
    positions = {port.name: position for position, port in enumerate(network.inputs)}
    for name, axes in zip(lowered.graph.inputs, layout.input_axes, strict=True):
        scale, zero_point = _read_scale(network.inputs[positions[name]], lowered.tensors[name])
        yield IoBinding(
            tensor=names.get(name, name),
            position=positions[name],
            scale=scale,
            zero_point=zero_point,
            axes=axes,
            rounding=ScaleDivision.QUOTIENT,
        )


def _read_scale(port: NetworkInput | NetworkOutput, lowered: LoweredTensor) -> tuple[float | None, int]:
    """Scale and zero point of a binding; the author's own integers are moved where they are unsigned."""
    if port.encoding is not None or lowered.quantisation is None:
        return None, _UNSIGNED_ZERO_POINTS.get(port.dtype.name, 0) if port.encoding is not None else 0
    return float(lowered.quantisation.scale[0]), int(lowered.quantisation.zero_point[0])


def _bind_outputs(
    network: FloatNetwork, lowered: LoweredNetwork, layout: BorderLayout, names: Mapping[str, str]
) -> Iterator[OutputBinding]:
    positions = {port.name: position for position, port in enumerate(network.inputs)}
    places = dict(zip(lowered.graph.outputs, layout.outputs, strict=True))
    for position, port in enumerate(network.outputs):
        if port.tensor is None:
            assert port.constant is not None
            yield ConstantOutput(position=position, values=port.constant)
        elif port.tensor in positions:
            yield PassedInput(position=position, source=positions[port.tensor])
        else:
            place = places[port.tensor]
            scale, zero_point = _read_scale(port, lowered.tensors[port.tensor])
            yield IoBinding(
                tensor=names[place.tensor],
                position=position,
                scale=scale,
                zero_point=zero_point,
                axes=place.axes,
                rounding=ScaleDivision.QUOTIENT,
            )


def _follow_layers(
    layers: Sequence[FloatLayer], lowered: LoweredNetwork, layout: BorderLayout, names: Mapping[str, str]
) -> Iterator[Layer]:
    """The layers whose tensors the graph holds in their layout."""
    for layer in layers:
        entry = lowered.tensors.get(layer.tensor)
        tensor = None if entry is None else layout.names.get(entry.tensor)
        if entry is None or entry.quantisation is None or tensor is None:
            continue
        yield Layer(
            name=layer.name,
            operator=layer.operator,
            tensor=names.get(tensor, tensor),
            axes=layer.axes,
            scale=float(entry.quantisation.scale[0]),
            zero_point=int(entry.quantisation.zero_point[0]),
            real=layer.source,
        )


def _name_layers(layers: Sequence[Layer], network: FloatNetwork, graph: Graph, names: Mapping[str, str]) -> list[Layer]:
    """The layers by what their tensors' layers are called, with the author's kind of that operator if it is known."""
    named = name_results(graph, names, (layer.tensor for layer in layers))
    kinds: dict[str, str] = {}
    for known in network.layers:
        kinds.setdefault(known.name, known.operator)
    renamed = []
    for layer in layers:
        name, kind = named.get(layer.tensor, (layer.name, layer.operator))
        operator = layer.operator if name == layer.name else kinds.get(name, kind.lower())
        renamed.append(replace(layer, name=name, operator=operator))
    return renamed


def _name_report(quantisation: QuantisationResult) -> QuantisationResult:
    """The result with its report's tensors by the layers that compute them, as all else names them."""
    report, network = quantisation.report, quantisation.network
    if report is None:
        return quantisation
    rounded = {each.tensor for each in report.sensitivities}
    in_order = (name for name in network.graph.tensors if name in rounded)
    named = name_results(network.graph, network.origins, in_order)
    sensitivities = tuple(
        replace(each, operator=named[each.tensor][0] if each.tensor in named else each.operator)
        for each in report.sensitivities
    )
    return replace(quantisation, report=replace(report, sensitivities=sensitivities))
