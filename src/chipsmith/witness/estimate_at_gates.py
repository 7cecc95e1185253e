"""The energy estimated of a Program at the node, voltage and clock of standard cells, for its gates to judge."""

from __future__ import annotations

from chipsmith.chip import override_chip
from chipsmith.costs import estimate_energy
from chipsmith.costs.energy import EXTERNAL_MEMORY
from chipsmith.program.actions import count_program
from chipsmith.program.program import Program
from chipsmith.sim.cycle import simulate


def estimate_on_chip_pj(program: Program, *, node_nm: int, voltage_v: float, clock_mhz: float) -> float:
    """Picojoules of one cold inference on the Program's chip at another node, voltage and clock.

    Without the external memory, which has no gates here. Raises BadInput as estimate_energy.
    """
    fields = {"technology.node_nm": node_nm, "technology.voltage_v": voltage_v, "clock_mhz": clock_mhz}
    chip = override_chip(program.chip, {name: f"{value:g}" for name, value in fields.items()})
    estimate = estimate_energy(chip, count_program(program), cycles=simulate(program).latency_cycles)
    return estimate.total_pj - estimate.by_component().get(EXTERNAL_MEMORY, 0.0)
