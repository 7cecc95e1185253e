"""A `.tflite` network in floating point as a FloatNetwork."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.frontends.tflite.assemble import Convert, assemble
from chipsmith.frontends.tflite.border import InnerNetwork
from chipsmith.quantisation.network import FloatLayer, FloatNetwork, NetworkInput, NetworkOutput
from chipsmith.tosa.graph import DType, Graph, Tensor
from chipsmith.tosa.names import rename_tensors

_DTYPES = {"FLOAT32": DType.FP32, "INT32": DType.INT32, "BOOL": DType.BOOL}


def read_float_network(network: InnerNetwork, convert: Convert) -> FloatNetwork:
    """The network of a file whose weights are float32. Raises as `assemble` does, BadInput for other inputs."""
    inputs = _declare_inputs(network)
    assembled = assemble(network, convert)
    ports = zip(assembled.entering, inputs, strict=True)
    called = {name: tensor.name for name, tensor in ports if name is not None}
    graph = rename_tensors(assembled.graph, called)
    places = (_place_output(network, inputs, name, place) for place, name in enumerate(assembled.leaving))
    outputs = tuple(_describe_output(network, graph, place, name) for place, name in enumerate(places))
    return FloatNetwork(
        graph=replace(
            graph,
            tensors={**graph.tensors, **{tensor.name: tensor for tensor in inputs}},
            inputs=tuple(tensor.name for tensor in inputs),
        ),
        inputs=tuple(_describe_input(tensor) for tensor in inputs),
        outputs=outputs,
        layers=tuple(_list_layers(network, graph, assembled.operator_names)),
        origins=assembled.operator_names,
    )


def _declare_inputs(network: InnerNetwork) -> list[Tensor]:
    """The graph's inputs: each has the file's name, with a mark where that is taken."""
    inputs: dict[str, Tensor] = {}
    for tensor in (network.tensor(index) for index in network.graph.inputs):
        if tensor.type_name not in _DTYPES:
            raise BadInput(
                f"{network.model.file}: input '{tensor.name}' is {tensor}; float32, int32 and bool are taken"
            )
        name = tensor.name or "input"
        while name in inputs:
            name += "'"
        inputs[name] = Tensor(name=name, shape=tensor.shape, dtype=_DTYPES[tensor.type_name])
    return list(inputs.values())


def _describe_input(tensor: Tensor) -> NetworkInput:
    return NetworkInput(name=tensor.name, dtype=tensor.dtype.numpy, shape=tensor.shape)


def _place_output(network: InnerNetwork, inputs: list[Tensor], name: str | None, place: int) -> str:
    """The graph's tensor of an output, which may be an input."""
    return inputs[network.graph.inputs.index(network.leaving[place])].name if name is None else name


def _describe_output(network: InnerNetwork, graph: Graph, place: int, name: str) -> NetworkOutput:
    tensor = network.tensor(network.graph.outputs[place])
    constant = graph.constant(name)
    assert tensor.dtype is not None
    kept = name if constant is None else None
    return NetworkOutput(name=tensor.name, dtype=np.dtype(tensor.dtype), tensor=kept, constant=constant)


def _list_layers(network: InnerNetwork, graph: Graph, origins: Mapping[str, str]) -> Iterator[FloatLayer]:
    """The file's operators whose results the graph has under their names, of the last operator with each name."""
    last = {origin: name for name, origin in origins.items()}
    for operator in network.operators:
        tensor = network.tensor(operator.outputs[0])
        name = last.get(tensor.name)
        if name is not None and tensor.type_name == "FLOAT32" and graph.tensor(name).shape == tensor.shape:
            axes = tuple(range(len(tensor.shape)))
            yield FloatLayer(name=tensor.name, operator=operator.kind, tensor=name, axes=axes, source=tensor.name)
