"""What one inference of a network takes on a chip, by compiling it and simulating the program to the cycle."""

from __future__ import annotations

from dataclasses import dataclass

from chipsmith.chip import Chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.costs import estimate_energy
from chipsmith.program.actions import count_program
from chipsmith.program.program import Program
from chipsmith.sim.cycle import simulate
from chipsmith.tosa.graph import Graph


@dataclass(frozen=True, kw_only=True)
class ChipCost:
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
    chip, cold = program.chip, simulate(program).latency_cycles
    return ChipCost(
        chip=chip.name,
        clock_mhz=chip.clock_mhz,
        cycles=cold,
        warm_cycles=simulate(program, warm=True).latency_cycles,
        energy_pj=estimate_energy(chip, count_program(program), cycles=cold).total_pj,
        weight_bytes=program.manifest.weight_bytes,
    )


def graph_cost(graph: Graph, chip: Chip) -> ChipCost:
    """The cost of a graph, compiled for `chip`. Raises OperatorRefused where the chip cannot hold it."""
    return program_cost(compile_graph(graph, chip))
