"""The changes of a network that an advice tries: channels of heavy layers, to whole columns or rows of the array."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from chipsmith.chip import Chip
from chipsmith.profile.kernels import REST
from chipsmith.profile.layer_costs import LayerCost
from chipsmith.studies.advice.record import ChannelChange
from chipsmith.tosa.graph import Graph
from chipsmith.tosa.passes.channels import CHANNEL_LAYERS, output_channels

_HEAVY = 0.03
"""A layer below this share of the cold path, of the warm path and of the energy is not changed."""
_MOST_LAYERS = 6


def heavy_layers(layers: Sequence[LayerCost]) -> tuple[LayerCost, ...]:
    """The kernels with most of the time or the energy, the heaviest first."""
    totals = [
        sum(layer.cycles for layer in layers),
        sum(layer.warm_cycles for layer in layers),
        sum(layer.total_pj for layer in layers),
    ]

    def share(layer: LayerCost) -> float:
        parts = (layer.cycles, layer.warm_cycles, layer.total_pj)
        return max(part / max(whole, 1) for part, whole in zip(parts, totals, strict=True))

    heavy = (layer for layer in layers if layer.name != REST and share(layer) >= _HEAVY)
    return tuple(sorted(heavy, key=share, reverse=True))


def narrower(graph: Graph, layers: Iterable[LayerCost], chip: Chip) -> Iterator[ChannelChange]:
    """Fewer channels for the heavy convolutions of a graph: the next whole number of columns, and of rows, below."""
    for layer, operator, channels in _convolutions(graph, layers):
        places = sorted({chip.tensor.columns, chip.tensor.rows})
        targets = {(channels - 1) // place * place for place in places}
        for target in sorted(targets - {0}, reverse=True):
            yield ChannelChange(layer=operator, label=layer.label, before=channels, after=target)


def wider(graph: Graph, layers: Iterable[LayerCost], chip: Chip) -> Iterator[ChannelChange]:
    """More channels for the convolutions that leave columns of the array empty: as many as fill these."""
    columns = chip.tensor.columns
    for layer, operator, channels in _convolutions(graph, layers):
        if channels % columns:
            whole = -(-channels // columns) * columns
            yield ChannelChange(layer=operator, label=layer.label, before=channels, after=whole)


def _convolutions(graph: Graph, layers: Iterable[LayerCost]) -> Iterator[tuple[LayerCost, str, int]]:
    """The convolutions that lead a kernel: its cost, their operator's name, and their output channels."""
    kinds = {operator.name: operator.kind for operator in graph.operators}
    chosen = (
        (layer, operator) for layer in layers for operator in layer.operators if kinds.get(operator) in CHANNEL_LAYERS
    )
    for number, (layer, operator) in enumerate(chosen):
        if number >= _MOST_LAYERS:
            return
        yield layer, operator, output_channels(graph, operator)
