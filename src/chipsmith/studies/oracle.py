"""The oracle of a search: what a network costs on a chip, by compiling it and simulating the program to the cycle."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from chipsmith.chip import Chip
from chipsmith.chip.timing import estimate_timing
from chipsmith.compiler.compile import compile_graph
from chipsmith.errors import BadInput, OperatorRefused
from chipsmith.profile.measure import quick_profile
from chipsmith.tosa.graph import Graph


class Temperature(enum.StrEnum):
    """Whether an inference finds its weights on the chip."""

    COLD = "cold"
    WARM = "warm"


@dataclass(frozen=True, kw_only=True)
class PairScore:
    """What one inference of a network takes on a chip, and what the chip takes."""

    cycles: int
    latency_s: float
    energy_j: float
    area_mm2: float
    cost_usd: float
    max_clock_mhz: float


@dataclass(frozen=True, kw_only=True)
class Misfit:
    """Why a network does not run on a chip."""

    reason: str


class Oracle:
    """Scores chips for one network, by what the verbs compile, simulate and estimate call."""

    def __init__(self, graph: Graph, *, temperature: Temperature = Temperature.COLD) -> None:
        self._graph, self._temperature = graph, temperature

    def score(self, chip: Chip) -> PairScore | Misfit:
        """What the network takes on this chip, or why it does not run there."""
        try:
            totals = quick_profile(compile_graph(self._graph, chip))
        except (OperatorRefused, BadInput) as error:
            return Misfit(reason=str(error))
        latency = totals.latency
        cycles = latency.warm_cycles if self._temperature is Temperature.WARM else latency.cold_cycles
        return PairScore(
            cycles=cycles,
            latency_s=cycles / chip.clock_hz,
            energy_j=totals.energy.total / 1e12,
            area_mm2=totals.area.total,
            cost_usd=totals.cost.chip_usd.figure.value,
            max_clock_mhz=estimate_timing(chip).max_clock_mhz.value,
        )
