"""Where a wrong result begins: the first layer whose tensor is not its source's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from chipsmith.frontends.quantized_io import AuthorTensor
from chipsmith.frontends.quantized_network import Arithmetic, InspectedModel, Layer, QuantizedNetwork
from chipsmith.program.layer_names import shorten_layer
from chipsmith.targets.reference import ReferenceTarget
from chipsmith.tosa.graph import Array
from chipsmith.witness.named_layers import list_layers, signed_integers
from chipsmith.witness.noise import sqnr_db

_COMPARED = 2
"""Batches over which a layer is looked for: the reference interpreter takes its time."""


@dataclass(frozen=True, kw_only=True)
class LayerOff:
    """A layer whose tensor is not its source's, by the author's names.

    `sqnr_db` as of an output, `largest_step` in steps of its integers.
    """

    name: str
    operator: str
    sqnr_db: float | None
    largest_step: float

    @property
    def text(self) -> str:
        """The layer, and how far off it is."""
        ratio = "" if self.sqnr_db is None else f"{self.sqnr_db:.1f} dB, "
        return f"{self.operator} '{shorten_layer(self.name)}' ({ratio}{self.largest_step:.3g} of its steps)"


def find_first_layer_off(network: QuantizedNetwork, inputs: Sequence[Array], *, floor: float) -> LayerOff | None:
    """The first layer under `floor` dB; of a network in integers the first that differs, by more than its rounding may.

    `inputs` are the author's. None where every layer whose tensor is known is right, or none is known, or the network
    keeps a state.
    """
    layers = [layer for layer in list_layers(network) if layer.axes]
    if not layers or network.states or not isinstance(network.source, InspectedModel):
        return None
    few = [_cut(array, tensor) for array, tensor in zip(inputs, network.author_inputs, strict=True)]
    expected = network.source.tensors([layer.real for layer in layers], *few)
    known = [layer for layer in layers if layer.real in expected]
    values = _evaluate(network, known, few)
    compared = (_compare(network, layer, expected[layer.real], values[layer.tensor]) for layer in known)
    if network.arithmetic is Arithmetic.INTEGER:
        first = next((layer for layer in compared if layer is not None and layer.largest_step), None)
        return None if first is None or _rounds_so(network, first) else first
    return next((layer for layer in compared if layer is not None and _is_under(layer, floor)), None)


def _rounds_so(network: QuantizedNetwork, layer: LayerOff) -> bool:
    """Whether a layer in integers differs by what its rounding in TOSA may bring."""
    return layer.name in network.other_roundings and layer.largest_step <= 1


def _is_under(layer: LayerOff, floor: float) -> bool:
    return layer.sqnr_db is not None and layer.sqnr_db < floor


def _cut(array: Array, tensor: AuthorTensor) -> Array:
    return array[: _COMPARED * (tensor.shape[0] if tensor.shape else 1)]


def _evaluate(network: QuantizedNetwork, layers: Sequence[Layer], inputs: Sequence[Array]) -> Mapping[str, Array]:
    """The layers' tensors by the meaning of the graph, the batches along axis 0."""
    graph = replace(network.graph, outputs=tuple(dict.fromkeys(layer.tensor for layer in layers)))
    return ReferenceTarget().prepare_graph(graph).execute(network.quantize_inputs(*inputs))


def _compare(network: QuantizedNetwork, layer: Layer, expected: Array, values: Array) -> LayerOff | None:
    """How far a layer is off; None where the tensor of that name is of another shape."""
    shape = network.graph.tensor(layer.tensor).shape
    order = (0, *(int(axis) + 1 for axis in np.argsort(layer.axes)))
    rough = np.transpose(values.reshape(-1, *shape), order)
    if rough.shape != expected.shape:
        return None
    integers = expected.dtype.kind in "iu"
    exact = signed_integers(expected).astype(np.float64) if integers else expected.astype(np.float64)
    noise = exact - (rough - np.float64(layer.zero_point)) * layer.scale
    return LayerOff(
        name=layer.name,
        operator=layer.operator,
        sqnr_db=sqnr_db(float((exact**2).sum()), float((noise**2).sum())),
        largest_step=float(np.abs(noise).max(initial=0.0)) / layer.scale,
    )
