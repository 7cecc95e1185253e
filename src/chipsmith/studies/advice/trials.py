"""Pairs of a network, changed or not, and a chip, simulated: the figures that an advice is made of."""

from __future__ import annotations

from collections.abc import Sequence

from chipsmith.chip import Chip
from chipsmith.costs import DEFAULT_VOLUME, estimate_area, estimate_cost
from chipsmith.errors import BadInput, OperatorRefused
from chipsmith.studies.advice.record import ChannelChange, InferenceFigures
from chipsmith.studies.oracle import PJ_PER_J, Misfit, Oracle, Temperature
from chipsmith.tosa.graph import Graph
from chipsmith.tosa.passes.channels import set_channels

_PJ_PER_UJ = 1e6


class PairTrials:
    """The figures of one network on chips, with channels of its layers as they are or changed; counts the pairs."""

    def __init__(self, graph: Graph, *, volume: int) -> None:
        self._graph = graph
        self._volume = volume
        self._oracles: dict[tuple[str, ...], Oracle | None] = {}
        self.simulated = 0

    def figures(self, chip: Chip, channels: Sequence[ChannelChange] = ()) -> InferenceFigures | None:
        """What an inference takes; None where network and chip do not go together, or the layer cannot change."""
        oracle = self._oracle(channels)
        if oracle is None:
            return None
        self.simulated += 1
        scores = oracle.score_both(chip)
        if isinstance(scores, Misfit):
            return None
        cold, warm = scores[Temperature.COLD], scores[Temperature.WARM]
        return InferenceFigures(
            cold_cycles=cold.cycles,
            warm_cycles=warm.cycles,
            clock_mhz=chip.clock_mhz,
            cold_uj=cold.energy_j * PJ_PER_J / _PJ_PER_UJ,
            warm_uj=warm.energy_j * PJ_PER_J / _PJ_PER_UJ,
            area_mm2=cold.area_mm2,
            chip_usd=cold.cost_usd if self._volume == DEFAULT_VOLUME else self._chip_usd(chip),
            max_clock_mhz=cold.max_clock_mhz,
        )

    def _chip_usd(self, chip: Chip) -> float:
        return estimate_cost(chip, estimate_area(chip), volume=self._volume).chip_usd.value

    def _oracle(self, channels: Sequence[ChannelChange]) -> Oracle | None:
        key = tuple(change.setting for change in channels)
        if key not in self._oracles:
            self._oracles[key] = self._prepare(channels)
        return self._oracles[key]

    def _prepare(self, channels: Sequence[ChannelChange]) -> Oracle | None:
        graph = self._graph
        try:
            for change in channels:
                graph = set_channels(graph, change.layer, change.after)
            return Oracle(graph)
        except (BadInput, OperatorRefused):
            return None
