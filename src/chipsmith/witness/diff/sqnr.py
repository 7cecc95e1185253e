"""How far each layer of an int8 network is from its float original."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.frontends.quantized_network import InspectedModel, QuantizedNetwork
from chipsmith.shown import Shown
from chipsmith.tosa.graph import Array
from chipsmith.witness.noise import sqnr_db


@dataclass(frozen=True, kw_only=True)
class QuantisationError(Shown):
    """How far a layer's int8 result is from the float one: signal to quantisation noise in dB.

    `sqnr_db` is None where there is no such ratio: nothing differs, or the layer is zero everywhere.
    `obtained` says on what data and between which two networks it was measured.
    """

    layer: str
    sqnr_db: float | None
    obtained: str


def layer_errors(network: QuantizedNetwork, *inputs: Array, obtained: str) -> tuple[QuantisationError, ...]:
    """Signal to quantisation noise of each layer over the author's `inputs`, in the order of the network.

    A layer is what is rounded to int8, by the author's name. SQNR = 10 log10(sum f^2 / sum (f - q)^2), f the source's
    result and q that of the fake quantised network. Raises BadInput where neither shows its inner tensors.
    """
    source, rounded = network.source, network.fake_quantized
    if not isinstance(source, InspectedModel) or not isinstance(rounded, InspectedModel):
        raise BadInput(f"the layers of '{network.graph.name}' cannot be seen in its source")
    names = [layer.real for layer in network.layers]
    exact, rough = (model.tensors(names, *inputs) for model in (source, rounded))
    shown = [layer for layer in network.layers if layer.real in exact and layer.real in rough]
    return tuple(
        QuantisationError(layer=layer.name, sqnr_db=_compare((exact[layer.real], rough[layer.real])), obtained=obtained)
        for layer in shown
    )


def _compare(pair: Sequence[Array]) -> float | None:
    exact, rough = (values.astype(np.float64) for values in pair)
    return sqnr_db(float((exact**2).sum()), float(((exact - rough) ** 2).sum()))
