"""The layers of an ONNX network: in float, in int8 by onnxruntime, and on the target npu."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from chipsmith.chip import Chip
from chipsmith.errors import BadInput
from chipsmith.frontends.onnx.load import load_onnx, read_columns
from chipsmith.frontends.onnx.model import OnnxModel
from chipsmith.frontends.onnx.network import lower_network
from chipsmith.frontends.onnx.quantise import quantise
from chipsmith.frontends.onnx.runtime import onnx_model
from chipsmith.frontends.onnx.witness import float_name, onnx_tensors, without_rounding
from chipsmith.frontends.quantized_network import Layer, QuantizedNetwork
from chipsmith.tosa.graph import Array
from chipsmith.witness.diff.layer import LayerValues, npu_tensors

_SEED = 0


def onnx_layers(
    model: str, calibration: str | os.PathLike[str] | None, chip: Chip, *, most: int
) -> tuple[str, list[LayerValues]]:
    """The network's name and its layers, in its order, over the first inputs of `calibration`, at most `most`.

    Of a QDQ network that is given no inputs, they are random over what its int8 inputs reach, always the same.
    Raises as load_onnx does.
    """
    network, original, columns = _network(model, calibration, most)
    quantised = onnx_model(network.fake_quantized)
    layers = [layer for layer in network.layers if layer.axes]
    if not layers:
        raise BadInput(f"{model} has no layer that ends in a QuantizeLinear")
    named = _batches(quantised, columns)
    witness = onnx_tensors(quantised.proto, [layer.integers for layer in layers], named)
    reals = _reals(original or quantised, layers, named)
    tensors = npu_tensors(network, chip, [layer.tensor for layer in layers], columns)
    return network.graph.name, [
        LayerValues(
            name=layer.name,
            operator=layer.operator,
            scale=layer.scale,
            zero_point=layer.zero_point,
            real=real.astype(np.float64),
            witness=witness[layer.integers].astype(np.int64) - layer.offset,
            npu=_in_network_layout(tensors[layer.tensor], layer),
        )
        for layer, real in zip(layers, reals, strict=True)
        if real is not None
    ]


def _network(
    model: str, calibration: str | os.PathLike[str] | None, most: int
) -> tuple[QuantizedNetwork, OnnxModel | None, list[Array]]:
    """The network, the float one that was quantised, if any, and the inputs to compare over.

    A QDQ network takes the inputs from `calibration` and keeps its scales.
    """
    if calibration is None:
        network = load_onnx(model, None)
        return network, None, _random_inputs(network, most)
    plain, columns = read_columns(model, calibration)
    counts = [
        min(most, len(column) // port.shape[0]) * port.shape[0]
        for column, port in zip(columns, plain.inputs, strict=True)
    ]
    compared = [column[:count] for column, count in zip(columns, counts, strict=True)]
    if plain.quantised:
        return lower_network(plain), None, compared
    quantised, original = quantise(plain, columns)
    return lower_network(quantised, plain), original, compared


def _random_inputs(network: QuantizedNetwork, most: int) -> list[Array]:
    random = np.random.default_rng(_SEED)
    columns: list[Array] = []
    for port, binding in zip(onnx_model(network.source).inputs, network.inputs, strict=True):
        shape = (most * port.shape[0], *port.shape[1:])
        if binding.scale is None:
            raise BadInput(
                f"input '{port.name}' of {network.graph.name} takes integers: give --calibration x.npy to compare over"
            )
        steps = random.integers(-128, 128, shape) - binding.zero_point
        columns.append((steps * binding.scale).astype(port.dtype))
    return columns


def _batches(model: OnnxModel, columns: Sequence[Array]) -> dict[str, npt.NDArray[np.generic]]:
    return {
        port.name: column.reshape(-1, *port.shape).astype(port.dtype)
        for port, column in zip(model.inputs, columns, strict=True)
    }


def _reals(
    model: OnnxModel, layers: Sequence[Layer], inputs: dict[str, npt.NDArray[np.generic]]
) -> list[npt.NDArray[np.generic] | None]:
    """The layers in floating point: by the network before quantisation, or by the QDQ network without its rounding."""
    if model.quantised:
        values = onnx_tensors(without_rounding(model), [layer.integers for layer in layers], inputs)
        return [values[layer.integers] for layer in layers]
    known = [name for node in model.nodes for name in node.outputs]
    names = [float_name(layer.real, known) for layer in layers]
    values = onnx_tensors(model.proto, [name for name in dict.fromkeys(names) if name], inputs)
    return [None if name is None else values[name] for name in names]


def _in_network_layout(values: Array, layer: Layer) -> npt.NDArray[np.int64]:
    order = (0, *(int(axis) + 1 for axis in np.argsort(layer.axes)))
    return np.transpose(values, order).astype(np.int64)
