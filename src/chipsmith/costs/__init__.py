"""What a chip and an inference on it cost: joules, square millimetres, dollars; and how fast its clock can be."""

from chipsmith.chip.timing import TimingEstimate, TimingPath, estimate_timing
from chipsmith.costs.area import AreaEstimate, AreaPart, estimate_area
from chipsmith.costs.cost import DEFAULT_VOLUME, CostEstimate, estimate_cost
from chipsmith.costs.energy import (
    EnergyEstimate,
    EnergyLine,
    action_energies,
    estimate_energy,
    leakage_power,
)
from chipsmith.costs.energy_band import SPREADS, energy_band
from chipsmith.costs.peak import Roofline, peak_tops, roofline, tops_per_watt

__all__ = [
    "DEFAULT_VOLUME",
    "SPREADS",
    "AreaEstimate",
    "AreaPart",
    "CostEstimate",
    "EnergyEstimate",
    "EnergyLine",
    "Roofline",
    "TimingEstimate",
    "TimingPath",
    "action_energies",
    "energy_band",
    "estimate_area",
    "estimate_cost",
    "estimate_energy",
    "estimate_timing",
    "leakage_power",
    "peak_tops",
    "roofline",
    "tops_per_watt",
]
