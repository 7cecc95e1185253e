"""What one inference of a network takes on a chip, by compiling it and simulating the program to the cycle."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chipsmith.chip import Chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.estimate import estimate_energy
from chipsmith.frontends.pytorch import lower_module
from chipsmith.program.actions import count_program
from chipsmith.program.program import Program
from chipsmith.sim.cycle import simulate
from chipsmith.tosa.graph import Array, Graph

if TYPE_CHECKING:
    import torch

_CALIBRATION_ROWS = 4


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


def shape_graph(module: torch.nn.Module, example: Array, *, name: str = "network") -> Graph:
    """A graph with the shapes of `module` for one row of `example` (n, ...), and weights that mean nothing.

    Time and energy of a network depend on its shapes alone. Networks of one structure give one graph, so that all of
    them share an entry of the cache; no training is needed. Raises as lower_module does.
    """
    import torch

    rows = np.resize(example, (_CALIBRATION_ROWS, *example.shape[1:]))
    return lower_module(_with_set_weights(module), (torch.as_tensor(rows[:1]),), [rows], name=name).graph


def _with_set_weights(module: torch.nn.Module) -> torch.nn.Module:
    """A copy whose floating-point weights are drawn from a fixed seed; averages and variances become 0 and 1."""
    import torch

    copied = copy.deepcopy(module).eval()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in copied.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) / max(1, parameter[0].numel()) ** 0.5)
        for layer in copied.modules():
            if isinstance(layer, torch.nn.modules.batchnorm._NormBase):
                layer.reset_running_stats()
    return copied
