"""What one inference of a network takes on a chip, by compiling it and simulating the program to the cycle."""

from __future__ import annotations

from dataclasses import dataclass

from chipsmith.chip import Chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.profile.measure import quick_profile
from chipsmith.program.program import Program
from chipsmith.shown import Shown
from chipsmith.tosa.graph import Graph


@dataclass(frozen=True, kw_only=True)
class ChipCost(Shown):
    """One inference on one chip: simulated cycles (cold and warm), estimated energy of a cold one, stored weights."""

    chip: str
    clock_mhz: float
    cycles: int
    warm_cycles: int
    energy_pj: float
    weight_bytes: int

    @property
    def latency_us(self) -> float:
        """Microseconds of a cold inference."""
        return self.cycles / self.clock_mhz

    @property
    def energy_uj(self) -> float:
        """Microjoules of a cold inference."""
        return self.energy_pj / 1e6


def program_cost(program: Program) -> ChipCost:
    """The cost of a Program on its own chip."""
    totals = quick_profile(program)
    return ChipCost(
        chip=program.chip.name,
        clock_mhz=program.chip.clock_mhz,
        cycles=totals.latency.cold_cycles,
        warm_cycles=totals.latency.warm_cycles,
        energy_pj=totals.energy.total,
        weight_bytes=totals.weight_bytes,
    )


def graph_cost(graph: Graph, chip: Chip) -> ChipCost:
    """The cost of a graph, compiled for `chip`. Raises OperatorRefused where the chip cannot hold it."""
    return program_cost(compile_graph(graph, chip))
