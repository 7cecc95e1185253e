"""What the layers of a network are in its author's source, in int8 by a witness, and on the target npu."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from chipsmith.chip import Chip
from chipsmith.errors import BadInput
from chipsmith.frontends.quantized_network import Arithmetic, InspectedModel, Layer, QuantizedNetwork, first_batches
from chipsmith.tosa.graph import Array, DType
from chipsmith.witness.diff.layer import LayerValues, graph_tensors, npu_tensors
from chipsmith.witness.named_layers import list_layers, signed_integers

EXACT_INPUTS = 2
"""Inputs over which the chip is compared with the graph's meaning: the reference interpreter takes its time."""
_LIMITS = {DType.INT8: (-128, 127), DType.INT16: (-32768, 32767)}


def read_layers(network: QuantizedNetwork, chip: Chip, inputs: Sequence[Array], *, model: str) -> list[LayerValues]:
    """The layers, in the author's order, that the source knows by name too, for the author's `inputs`.

    `model` names the network in messages. Raises BadInput where no layer is known, or the network keeps a state.
    """
    source = network.source
    if not isinstance(source, InspectedModel):
        raise BadInput(f"{model} holds no network to compare with: give the .onnx, .tflite or module that it is from")
    if network.states:
        raise BadInput(f"{model} keeps a state from one inference to the next: its layers are not compared by diff")
    layers = [layer for layer in list_layers(network) if layer.axes]
    exact = source.tensors([layer.real for layer in layers], *inputs)
    known = [layer for layer in layers if layer.real in exact]
    if not known:
        raise BadInput(f"{model} has no layer whose tensor is known by its author's name")
    rounded = _read_witness(network, known, inputs)
    tensors = [layer.tensor for layer in known]
    shown = npu_tensors(network, chip, tensors, inputs)
    meant = graph_tensors(network, tensors, first_batches(inputs, network.author_inputs, EXACT_INPUTS))
    values = (_join(network, layer, exact[layer.real], rounded.get(layer.real), shown[layer.tensor]) for layer in known)
    return [
        replace(value, exact=bool(np.array_equal(meant[layer.tensor], shown[layer.tensor][: len(meant[layer.tensor])])))
        for layer, value in zip(known, values, strict=True)
        if value is not None
    ]


def name_witness(network: QuantizedNetwork) -> str:
    """What gives the int8 values that the chip is compared with."""
    if isinstance(network.fake_quantized, InspectedModel):
        return network.fake_quantized.framework
    assert network.source is not None
    if network.arithmetic is Arithmetic.INTEGER:
        return network.source.framework
    return f"{network.source.framework}, each layer rounded for itself"


def _read_witness(network: QuantizedNetwork, layers: Sequence[Layer], inputs: Sequence[Array]) -> Mapping[str, Array]:
    model = network.fake_quantized
    return model.tensors([layer.real for layer in layers], *inputs) if isinstance(model, InspectedModel) else {}


def _join(
    network: QuantizedNetwork, layer: Layer, exact: Array, rounded: Array | None, shown: Array
) -> LayerValues | None:
    """A layer's values in the author's layout; None where the tensor of its name is another one."""
    npu = np.transpose(shown, (0, *(int(axis) + 1 for axis in np.argsort(layer.axes)))).astype(np.int64)
    if exact.shape != npu.shape:
        return None
    real = _read_reals(exact, layer)
    limits = _LIMITS.get(network.graph.tensor(layer.tensor).dtype)
    if limits is not None and network.arithmetic is Arithmetic.ROUNDED:
        real = _clip(real, layer, limits)
    given = exact if rounded is None or rounded.shape != npu.shape else rounded
    return LayerValues(
        name=layer.name,
        operator=layer.operator,
        scale=layer.scale,
        zero_point=layer.zero_point,
        real=real,
        witness=_read_integers(given, layer, limits),
        npu=npu,
        bits=8 * network.graph.tensor(layer.tensor).dtype.size_bytes,
    )


def _read_reals(values: Array, layer: Layer) -> npt.NDArray[np.float64]:
    """Values of the source: reals, or integers that stand for reals."""
    if values.dtype.kind in "iu":
        return (signed_integers(values) - layer.zero_point) * layer.scale
    return values.astype(np.float64)


def _clip(reals: npt.NDArray[np.float64], layer: Layer, limits: tuple[int, int]) -> npt.NDArray[np.float64]:
    """What integers reach: the limits of a file's own scale do the work of a Relu that its quantiser left out."""
    low, high = ((limit - layer.zero_point) * layer.scale for limit in limits)
    clipped: npt.NDArray[np.float64] = np.clip(reals, low, high)
    return clipped


def _read_integers(values: Array, layer: Layer, limits: tuple[int, int] | None) -> npt.NDArray[np.int64]:
    """The graph's integers of values of a witness: its integers, or reals to be rounded."""
    if values.dtype.kind in "iu":
        return signed_integers(values)
    steps = np.rint(values.astype(np.float64) / layer.scale) + layer.zero_point
    integers: npt.NDArray[np.int64] = (np.clip(steps, *limits) if limits else steps).astype(np.int64)
    return integers
