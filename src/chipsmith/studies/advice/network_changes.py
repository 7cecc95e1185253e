"""The changes of a network that an advice tries: channels of heavy layers, to whole columns or rows of the array."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from chipsmith.chip import Chip
from chipsmith.profile.kernels import REST
from chipsmith.profile.layer_costs import LayerCost
from chipsmith.studies.advice.channel_names import ChannelNames
from chipsmith.studies.advice.record import ChannelChange
from chipsmith.tosa.passes.channels import output_channels

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


def narrower(names: ChannelNames, layers: Iterable[LayerCost], chip: Chip) -> Iterator[ChannelChange]:
    """Fewer channels for the heavy convolutions of all `layers`: the next whole number of columns, and of rows, below.

    Convolutions that are tied, as by a residual connection, change together: the heaviest of them stands for all.
    """
    for change in _convolutions(names, layers):
        channels = change.before
        places = sorted({chip.tensor.columns, chip.tensor.rows})
        targets = {(channels - 1) // place * place for place in places}
        for target in sorted(targets - {0}, reverse=True):
            yield replace(change, after=target)


def wider(names: ChannelNames, layers: Iterable[LayerCost], chip: Chip) -> Iterator[ChannelChange]:
    """More channels for the convolutions that leave columns of the array empty: as many as fill these."""
    columns = chip.tensor.columns
    for change in _convolutions(names, layers):
        if change.before % columns:
            yield replace(change, after=-(-change.before // columns) * columns)


def _convolutions(names: ChannelNames, layers: Iterable[LayerCost]) -> Iterator[ChannelChange]:
    """The heavy convolutions that lead a kernel, each with its channels as they are; of tied ones the heaviest."""
    costs = tuple(layers)
    labels = {operator: layer.label for layer in costs for operator in layer.operators}
    seen: set[str] = set()
    heavy = (operator for layer in heavy_layers(costs) for operator in layer.operators if operator in names.layers)
    for operator in heavy:
        if operator in seen:
            continue
        tied = names.tied(operator) or (operator,)
        seen.update(tied)
        channels = output_channels(names.graph, operator)
        yield ChannelChange(
            layer=operator,
            label=labels[operator],
            before=channels,
            after=channels,
            name=names.setting_name(operator),
            tied=tuple(dict.fromkeys(labels.get(each, each) for each in tied if each != operator)),
        )
