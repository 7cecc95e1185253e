"""Dollars of a die: wafer price over good dies; package and assembly, and the masks, apart."""

from __future__ import annotations

from dataclasses import dataclass

from chipsmith.chip import Chip
from chipsmith.chip.manufacturing import dies_per_wafer, packaging, process, yield_fraction
from chipsmith.chip.sourced import Sourced, derived
from chipsmith.costs.area import AreaEstimate
from chipsmith.errors import BadInput


@dataclass(frozen=True, kw_only=True)
class CostEstimate:
    """What one chip costs in 2020 dollars at volume. Estimated, never measured. Test is left out: no source prices it.

    `die_usd` is the good die alone; `package_usd` and `assembly_usd` come on top; `mask_set_usd` is paid once a design.
    """

    die_area_mm2: float
    wafer_price_usd: Sourced
    dies_per_wafer: Sourced
    yield_fraction: Sourced
    die_usd: Sourced
    package_usd: Sourced
    assembly_usd: Sourced
    mask_set_usd: Sourced

    @property
    def packaged_usd(self) -> float:
        """The good die with its package and assembly."""
        return self.die_usd.value + self.package_usd.value + self.assembly_usd.value


def estimate_cost(chip: Chip, area: AreaEstimate) -> CostEstimate:
    """The cost of a chip of this area in its node; raises BadInput where no die fits on a wafer."""
    constants = process(chip.technology.node_nm)
    dies = dies_per_wafer(area.total_mm2)
    if dies.value < 1:
        raise BadInput(f"chip {chip.name}: a die of {area.total_mm2:.0f} mm2 does not fit on a wafer; make it smaller")
    good = yield_fraction(area_mm2=area.total_mm2, defects_per_cm2=constants.defects_per_cm2)
    return CostEstimate(
        die_area_mm2=area.total_mm2,
        wafer_price_usd=constants.wafer_price_usd,
        dies_per_wafer=dies,
        yield_fraction=good,
        die_usd=_die(constants.wafer_price_usd, dies, good, area),
        package_usd=packaging("package"),
        assembly_usd=packaging("assembly"),
        mask_set_usd=constants.mask_set_usd,
    )


def _die(wafer: Sourced, dies: Sourced, good: Sourced, area: AreaEstimate) -> Sourced:
    value = wafer.value / (dies.value * good.value)
    formula = "wafer price / (dies a wafer x yield)"
    return derived(value, "USD", formula=formula, inputs=(wafer, dies, good), at_best=area.status)
