"""The oracle of a search: what one inference of a network takes on a chip, by the compiler and the cycle simulator.

A score is that of the program that `chipsmith.compile` makes, field for field. What makes it cheap: what depends on the
network alone is done once, of the program only the instructions are made, each of which is timed once, and a pair that
was scored before is not compiled again.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from chipsmith.chip.description import Chip
from chipsmith.chip.sourced import Status
from chipsmith.compiler.compile import arrange_graph, prepare_graph, refuse_large_tensors
from chipsmith.compiler.emit.emit_program import emit_instructions, resident_chunks
from chipsmith.costs import estimate_area, estimate_cost, estimate_energy, estimate_timing
from chipsmith.errors import BadInput, OperatorRefused
from chipsmith.program.actions import ActionCounts, count_timed
from chipsmith.program.cycles import Occupancy, occupancy
from chipsmith.program.encoding import check_fields
from chipsmith.program.instructions import Instruction
from chipsmith.shown import Shown
from chipsmith.sim.cycle import latency_of
from chipsmith.tosa.graph import Graph

PJ_PER_J = 1e12
UM2_PER_MM2 = 1e6


class Temperature(enum.StrEnum):
    """Which inference is scored: the first one, or one that finds the resident weights on the chip."""

    COLD = "cold"
    WARM = "warm"


@dataclass(frozen=True, kw_only=True)
class PairScore(Shown):
    """What one inference of a network takes on a chip, and what the chip is: simulated cycles, the rest estimated.

    `latency_s` at the chip's own clock, which may be up to `max_clock_mhz`; `cost_usd` of one chip at
    `chipsmith.costs.DEFAULT_VOLUME`. Each status is that of the estimate's weakest source.
    """

    cycles: int
    latency_s: float
    energy_j: float
    area_mm2: float
    cost_usd: float
    max_clock_mhz: float
    energy_status: Status
    area_status: Status
    cost_status: Status
    clock_status: Status


@dataclass(frozen=True, kw_only=True)
class Misfit:
    """A network and a chip that do not go together: `reason` is the message of the compiler or of the estimate."""

    reason: str


Judgement: TypeAlias = PairScore | Misfit


class Oracle:
    """The scores of one network on chips; it keeps those of the chips that it was asked for, by their content."""

    def __init__(self, graph: Graph, *, temperature: Temperature = Temperature.COLD) -> None:
        """Prepare a network. Raises BadInput or OperatorRefused where no chip can run it."""
        self._graph = graph
        self._fused = prepare_graph(graph)
        self._warm = temperature is Temperature.WARM
        self._known: dict[str, Judgement] = {}

    def score(self, chip: Chip) -> Judgement:
        """What one inference takes on a chip, or why the chip cannot run it."""
        key = chip.sha256
        if key not in self._known:
            self._known[key] = self._judge(chip)
        return self._known[key]

    def score_both(self, chip: Chip) -> Mapping[Temperature, PairScore] | Misfit:
        """The scores of an inference at both temperatures, whichever the oracle's own is; nothing of it is kept."""
        try:
            instructions, times = self._compile(chip)
            return {
                temperature: _price(chip, *_run(chip, instructions, times, warm=temperature is Temperature.WARM))
                for temperature in Temperature
            }
        except (OperatorRefused, BadInput) as error:
            return Misfit(reason=str(error))

    def _judge(self, chip: Chip) -> Judgement:
        try:
            instructions, times = self._compile(chip)
            return _price(chip, *_run(chip, instructions, times, warm=self._warm))
        except (OperatorRefused, BadInput) as error:
            return Misfit(reason=str(error))

    def _compile(self, chip: Chip) -> tuple[Sequence[Instruction], Sequence[Occupancy]]:
        """The instructions of the program and the time of each. Raises as the compiler does."""
        refuse_large_tensors(self._graph, chip)
        arrangement = arrange_graph(self._fused, chip)
        instructions = emit_instructions(
            arrangement.schedule, resident_chunks(arrangement.schedule, arrangement.memory)
        )
        for instruction in instructions:
            check_fields(instruction)
        return instructions, [*(item.time for item in arrangement.schedule.items), occupancy(instructions[-1], chip)]


def _run(
    chip: Chip, instructions: Sequence[Instruction], times: Sequence[Occupancy], *, warm: bool
) -> tuple[int, ActionCounts]:
    """The cycles and the actions of one inference."""
    cycles = latency_of(chip, instructions, times, warm=warm)
    return cycles, count_timed(chip, instructions, times, warm=warm)


def _price(chip: Chip, cycles: int, counts: ActionCounts) -> PairScore:
    """The score of so many cycles and actions, summed as the tables of `chipsmith.profile.prices` are.

    Raises BadInput where such a chip cannot be built.
    """
    energy, area = estimate_energy(chip, counts, cycles=cycles), estimate_area(chip)
    cost, clock = estimate_cost(chip, area).chip_usd, estimate_timing(chip).max_clock_mhz
    energy_pj = math.fsum((*(line.energy_pj for line in energy.lines), energy.leakage_pj))
    return PairScore(
        cycles=cycles,
        latency_s=cycles / chip.clock_hz,
        energy_j=energy_pj / PJ_PER_J,
        area_mm2=math.fsum(part.count * (part.each_um2.value / UM2_PER_MM2) for part in area.parts),
        cost_usd=cost.value,
        max_clock_mhz=clock.value,
        energy_status=energy.status,
        area_status=area.status,
        cost_status=cost.estimate.status,
        clock_status=clock.estimate.status,
    )
