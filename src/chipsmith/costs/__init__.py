"""What a chip and an inference on it cost: joules, square millimetres, dollars."""

from chipsmith.costs.area import AreaEstimate, AreaPart, estimate_area
from chipsmith.costs.cost import CostEstimate, estimate_cost
from chipsmith.costs.energy import (
    EnergyEstimate,
    EnergyLine,
    action_energies,
    cycle_energy,
    estimate_energy,
    leakage_power,
)
from chipsmith.costs.energy_band import SPREADS, energy_band
from chipsmith.costs.feasibility import slow_memories
from chipsmith.costs.peak import Roofline, peak_tops, roofline, tops_per_watt

__all__ = [
    "SPREADS",
    "AreaEstimate",
    "AreaPart",
    "CostEstimate",
    "EnergyEstimate",
    "EnergyLine",
    "Roofline",
    "action_energies",
    "cycle_energy",
    "energy_band",
    "estimate_area",
    "estimate_cost",
    "estimate_energy",
    "leakage_power",
    "peak_tops",
    "roofline",
    "slow_memories",
    "tops_per_watt",
]
